//! `channel.contests` and `channel.giveaways`.

use serde::Serialize;

use crate::view::object::Object;
use crate::view::{Decimal, Json};

/// A contest changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Contest {
    /// What happened: `update` (a bet), `state`, `winner`.
    pub event: String,
    /// With `update`: the option that was bet on.
    pub option_id: Option<String>,
    /// With `update`: how many points.
    pub amount: Option<Decimal>,
    /// With `update`: who bet.
    pub user_id: Option<String>,
    /// With `state`: `created`, `running`, `closed`, `completed`, `refunded`.
    pub state: Option<String>,
    /// With `state`, when it starts: the contest's id.
    pub contest_id: Option<String>,
    /// With `winner`: the winning option.
    pub winner_id: Option<String>,
    /// All that the gateway says, as it wrote it.
    pub payload: Option<Json>,
}

/// A giveaway changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Giveaway {
    /// What happened: `start`, `enter`, `close`, `complete`, `winner`, `refund`, `refund-entry`. (Once called `action`.)
    pub event: String,
    /// `created`, `running`, `closed`, `refunded`, `completed`.
    pub state: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// The giveaway's id.
    pub giveaway_id: Option<String>,
    /// How many people have entered.
    pub total_users: Option<i64>,
    /// How many tickets there are.
    pub total_tickets: Option<i64>,
    /// Who entered, or got the tickets' price back.
    pub entry: Option<Entrant>,
    /// Who won.
    pub winner: Option<Entrant>,
}

/// Somebody who takes part in a giveaway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Entrant {
    /// The platform and the id there, such as `twitch:400500600`.
    pub provider_id: Option<String>,
    /// The name.
    pub username: Option<String>,
    /// The URL of a picture.
    pub avatar: Option<String>,
    /// Whether a subscriber.
    pub subscriber: Option<bool>,
    /// How many tickets.
    pub tickets: Option<i64>,
    /// With `enter`: whether this is the first entry.
    pub new: Option<bool>,
}

impl Contest {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let payload = data.object("payload");
        let of = payload.as_ref();
        Some(Self {
            event: data.text("event")?,
            option_id: of.and_then(|payload| payload.id("optionId")),
            amount: of.and_then(|payload| payload.decimal("amount")),
            user_id: of.and_then(|payload| payload.id("userId")),
            state: of.and_then(|payload| payload.text("state")),
            contest_id: of.and_then(|payload| payload.id("contestId")),
            winner_id: of.and_then(|payload| payload.id("winnerId")),
            payload: data.some("payload"),
        })
    }
}

impl Giveaway {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let inner = data.object("data");
        let of = inner.as_ref();
        let entrant = |key| of.and_then(|inner| inner.object(key)).as_ref().map(Entrant::read);
        Some(Self {
            event: data.text("event").or_else(|| data.text("action"))?,
            state: data.text("state"),
            channel: data.id("channelId"),
            giveaway_id: data.id("giveawayId"),
            total_users: of.and_then(|inner| inner.whole("totalUsers")),
            total_tickets: of.and_then(|inner| inner.whole("totalTickets")),
            entry: entrant("entry"),
            winner: entrant("winner"),
        })
    }
}

impl Entrant {
    fn read(entrant: &Object<'_>) -> Self {
        Self {
            provider_id: entrant.id("providerId"),
            username: entrant.text("username"),
            avatar: entrant.text("avatar"),
            subscriber: entrant.boolean("subscriber"),
            tickets: entrant.whole("tickets"),
            new: entrant.boolean("new"),
        }
    }
}
