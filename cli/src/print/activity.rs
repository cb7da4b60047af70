//! Astro activities as sentences.

use topicwire::view::Decimal;
use topicwire::view::astro::Activity;

use super::text::{money, plain};

/// The sentence for an activity.
pub(super) fn describe(activity: &Activity) -> String {
    let mut sentence = sentence(activity);
    if let Some(message) = activity.message.as_deref().filter(|message| !message.is_empty()) {
        sentence = format!("{sentence}: “{}”", plain(message));
    }
    match activity.provider.as_deref() {
        Some(provider) if !provider.is_empty() => format!("{sentence} ({})", plain(provider)),
        _ => sentence,
    }
}

fn sentence(activity: &Activity) -> String {
    let user = &activity.user;
    let name = user.display_name.as_deref().filter(|name| !name.is_empty()).or(user.name.as_deref());
    let name = plain(name.unwrap_or("somebody"));
    let giver = plain(activity.sender.as_deref().unwrap_or("somebody"));
    let amount = activity.amount.as_ref().map_or("?", Decimal::as_str);
    let sum = activity.amount.as_ref().map_or_else(|| "?".to_owned(), |amount| money(amount, activity.currency.as_deref()));
    let gifted = activity.gifted == Some(true);
    match activity.activity_type.as_str() {
        "follow" | "follower" => format!("follow: {name} follows"),
        "tip" => format!("tip: {name} tipped {sum}"),
        "superchat" => format!("super chat: {name} paid {sum}"),
        "charityCampaignDonation" => format!("charity: {name} donated {sum}"),
        "cheer" | "cheerPurchase" => format!("cheer: {name} cheered {amount} bits"),
        "subscriber" if gifted => format!("subscriber: {giver} gave {name} a subscription{}", tier(activity)),
        "subscriber" => format!("subscriber: {name} subscribed{}{}", months(activity), tier(activity)),
        "sponsor" if gifted => format!("member: {giver} gave {name} a membership"),
        "sponsor" => format!("member: {name} is a member{}", months(activity)),
        "communityGiftPurchase" => {
            let giver = activity.sender.as_deref().map_or(name, plain);
            format!("gifts: {giver} gave the community {amount} subscriptions{}", tier(activity))
        }
        "raid" => format!("raid: {name} raids with {amount} viewers"),
        "host" => format!("host: {name} hosts with {amount} viewers"),
        "redemption" | "channelPointsRedemption" => format!("redemption: {name} redeemed points: {amount}"),
        "merch" | "purchase" => {
            let items: Vec<_> = activity.items.iter().filter_map(|item| item.name.as_deref()).map(plain).collect();
            let what = if items.is_empty() { "something".to_owned() } else { items.join(", ") };
            format!("{}: {name} bought {what} for {sum}", activity.activity_type)
        }
        other if activity.amount.is_some() => format!("{}: {name}, {sum}", plain(other)),
        other => format!("{}: {name}", plain(other)),
    }
}

fn months(activity: &Activity) -> String {
    match activity.amount.as_ref().map(Decimal::as_str) {
        None | Some("0") => String::new(),
        Some("1") => " (first month)".to_owned(),
        Some(many) => format!(" ({many} months)"),
    }
}

fn tier(activity: &Activity) -> String {
    match activity.tier.as_deref() {
        None | Some("") => String::new(),
        Some("prime") => ", prime".to_owned(),
        Some(tier) => format!(", tier {}", plain(tier.strip_suffix("000").unwrap_or(tier))),
    }
}
