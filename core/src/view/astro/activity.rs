//! `channel.activities`.

use serde::Serialize;

use crate::view::object::Object;
use crate::view::{Decimal, Json};

/// Something a viewer did: a follow, a tip, a subscription, a raid.
///
/// A gift bomb arrives as one `communityGiftPurchase` *and* one `subscriber` for each receiver, in either order; whoever counts both
/// counts twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Activity {
    /// What kind of activity, in the gateway's words: `follow`, `tip`, `subscriber`, `cheer`, `raid`, … New ones appear without notice.
    #[serde(rename = "type")]
    pub activity_type: String,
    /// The activity's id.
    pub id: Option<String>,
    /// Where it happened: `twitch`, `youtube`, `kick`, … An open set.
    pub provider: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// When it happened, ISO 8601.
    pub created_at: Option<String>,
    /// When it was last changed, ISO 8601.
    pub updated_at: Option<String>,
    /// How many events the session had.
    pub session_events_count: Option<i64>,
    /// Whether it was flagged by moderation.
    pub flagged: Option<bool>,
    /// Whether it is a replay or a test.
    pub is_mock: Option<bool>,
    /// What groups activities that belong together.
    pub group: Option<String>,
    /// Who did it; for a gifted subscription, who received it.
    pub user: ActivityUser,
    /// How much: money for a tip or superchat, months for a subscription, bits for a cheer, viewers for a raid, points for a redemption.
    pub amount: Option<Decimal>,
    /// The currency of an amount of money, three letters.
    pub currency: Option<String>,
    /// What the viewer wrote.
    pub message: Option<String>,
    /// The id of the tip, the same as in `channel.tips`.
    pub tip_id: Option<String>,
    /// The tier of a subscription: `1000`, `2000`, `3000`, `prime`.
    pub tier: Option<String>,
    /// Months in a row of a subscription.
    pub streak: Option<i64>,
    /// Whether a subscription was a gift.
    pub gifted: Option<bool>,
    /// Who gave the gift.
    pub sender: Option<String>,
    /// What was bought.
    pub items: Vec<Item>,
    /// What was redeemed, as the gateway wrote it.
    pub redemption: Option<Json>,
    /// All that the gateway says of this kind of activity, as it wrote it.
    pub details: Option<Json>,
}

/// The viewer of an activity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ActivityUser {
    /// The login name.
    pub name: Option<String>,
    /// The name as it is shown.
    pub display_name: Option<String>,
    /// The id on the platform.
    pub provider_id: Option<String>,
    /// The URL of a picture.
    pub avatar: Option<String>,
}

/// One thing that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// Its name.
    pub name: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// The price of one.
    pub price: Option<Decimal>,
}

impl Activity {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let details = data.object("data");
        let of = details.as_ref();
        Some(Self {
            activity_type: data.text("type")?,
            id: data.id("_id").or_else(|| data.id("activityId")),
            provider: data.text("provider"),
            channel: data.id("channel"),
            created_at: data.text("createdAt"),
            updated_at: data.text("updatedAt"),
            session_events_count: data.whole("sessionEventsCount"),
            flagged: data.boolean("flagged"),
            is_mock: data.boolean("isMock"),
            group: data.id("activityGroup"),
            user: of.map_or_else(ActivityUser::default, |details| ActivityUser {
                name: details.text("username"),
                display_name: details.text("displayName"),
                provider_id: details.id("providerId"),
                avatar: details.text("avatar"),
            }),
            amount: of.and_then(|details| details.decimal("amount")),
            currency: of.and_then(|details| details.text("currency")),
            message: of.and_then(|details| details.text("message")),
            tip_id: of.and_then(|details| details.id("tipId")),
            tier: of.and_then(|details| details.id("tier")),
            streak: of.and_then(|details| details.whole("streak")),
            gifted: of.and_then(|details| details.boolean("gifted")),
            sender: of.and_then(|details| details.text("sender")),
            items: of.map(|details| details.objects("items")).unwrap_or_default().iter().map(Item::read).collect(),
            redemption: of.and_then(|details| details.some("redemption")),
            details: data.some("data"),
        })
    }
}

impl Item {
    fn read(item: &Object<'_>) -> Self {
        Self { name: item.text("name"), quantity: item.whole("quantity"), price: item.decimal("price") }
    }
}
