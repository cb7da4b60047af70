//! `channel.tips` and `channel.tips.moderation`.

use serde::Serialize;

use crate::view::object::Object;
use crate::view::{Decimal, Personal};

/// A tip.
///
/// One tip may arrive on `channel.tips`, several times on `channel.tips.moderation`, and again as an activity: see
/// [`TipOnce`](super::TipOnce).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tip {
    /// The tip's id, the same through its whole life.
    pub id: Option<String>,
    /// The channel's id.
    pub channel: Option<String>,
    /// The payment provider.
    pub provider: Option<String>,
    /// Moderation: `pending`, `allowed`, `rejected`.
    pub approved: Option<String>,
    /// The moderator who decided.
    pub approved_by: Option<String>,
    /// The state of the payment; `success` is the only one that is published.
    pub status: Option<String>,
    /// The provider's id of the payment.
    pub transaction_id: Option<String>,
    /// When it was made, ISO 8601.
    pub created_at: Option<String>,
    /// When it last changed, ISO 8601.
    pub updated_at: Option<String>,
    /// How much.
    pub amount: Decimal,
    /// In what currency, three letters.
    pub currency: Option<String>,
    /// What the donor wrote; may be empty.
    pub message: Option<String>,
    /// How it was paid.
    pub payment_method: Option<String>,
    /// Who gave it.
    pub user: Donor,
}

/// Who gave a tip. All but the name is personal data, and prints as `***`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Donor {
    /// The name the donor chose to show.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<Personal>,
    /// The country.
    pub geo: Option<Personal>,
    /// The donor's own channel.
    pub channel: Option<Personal>,
}

impl Tip {
    pub(super) fn read(data: &Object<'_>) -> Option<Self> {
        let donation = data.object("donation")?;
        Some(Self {
            id: data.id("_id"),
            channel: data.id("channel"),
            provider: data.text("provider"),
            approved: data.text("approved"),
            approved_by: data.text("approvedBy"),
            status: data.text("status"),
            transaction_id: data.id("transactionId"),
            created_at: data.text("createdAt"),
            updated_at: data.text("updatedAt"),
            amount: donation.decimal("amount")?,
            currency: donation.text("currency"),
            message: donation.text("message"),
            payment_method: donation.text("paymentMethod"),
            user: donation.object("user").map_or_else(Donor::default, |user| Donor {
                name: user.text("username"),
                email: user.personal("email"),
                geo: user.personal("geo"),
                channel: user.personal("channel"),
            }),
        })
    }

    /// Whether the tip was paid and allowed: what an alert should show.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.approved.as_deref() == Some("allowed") && self.status.as_deref() == Some("success")
    }
}
