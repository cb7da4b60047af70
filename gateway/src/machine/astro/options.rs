//! What can be set on the Astro side.

use serde::{Deserialize, Serialize};

/// Which generation of the gateway to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Profile {
    /// As the vendor's pages of 2026 describe it.
    #[default]
    #[serde(rename = "2026")]
    Current,
    /// As the older page does: no `welcome`, no `reconnect`, `channel.follow`, wrapped session resets
    /// with underscore keys.
    #[serde(rename = "legacy")]
    Legacy,
}

/// What a subscribe without a room means; the published pages contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingRoom {
    /// The channel of the token.
    #[default]
    TokenChannel,
    /// The global room, whose name is the empty string.
    Global,
}

/// What happens on the two connections of a planned handover once the new one has its `welcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handover {
    /// Delivery moves to the new connection at once.
    #[default]
    Move,
    /// Both deliver until the old one is gone: every message comes twice.
    Both,
    /// The old one goes on alone until it is gone.
    Old,
    /// The old one stops delivering as soon as it was told to reconnect: what is published in between is lost.
    Lose,
}

/// Which subscriptions a resume token restores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResumeSet {
    /// Those that the old connection has when the token is used, or had when it was lost.
    #[default]
    Live,
    /// Those that it had when the token was sent.
    Snapshot,
}

/// How a bad resume token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadResume {
    /// The upgrade succeeds, then close 1008, without a `welcome`.
    #[default]
    BeforeWelcome,
    /// The upgrade succeeds, `welcome`, then close 1008.
    AfterWelcome,
    /// HTTP 403.
    Http,
}

/// What happens to live subscriptions whose token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// They go on.
    #[default]
    Keep,
    /// They fall silent.
    Drop,
    /// Their connection is closed with 1008.
    Close,
}

/// The order of the fields of a message frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrder {
    /// `id`, `ts`, `type`, `topic`, `room`, `data`.
    #[default]
    RoutingFirst,
    /// `data` before all others.
    DataFirst,
}

/// How the Astro side behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AstroOptions {
    /// Which generation to play.
    pub profile: Profile,
    /// Period of RFC 6455 PINGs in milliseconds; 0 sends none.
    pub ping_ms: u64,
    /// Cut a connection that sent no PONG for this long, in milliseconds; 0 never does.
    pub pong_timeout_ms: u64,
    /// Send `welcome`. The `legacy` profile never does.
    pub welcome: bool,
    /// How long after the upgrade, in milliseconds.
    pub welcome_delay_ms: u64,
    /// Commands that may come in a burst.
    pub rate_burst: u32,
    /// One more command is allowed every so many milliseconds.
    pub rate_refill_ms: u64,
    /// Refuse every command that comes sooner than `rate_refill_ms` after the one before it.
    pub strict_spacing: bool,
    /// What a subscribe without a room means.
    pub missing_room: MissingRoom,
    /// The channel of a token that is in no table and names none itself.
    pub default_channel: String,
    /// Echo a nonce that is not a string as text; otherwise leave it out.
    pub nonce_as_text: bool,
    /// Answer an unsubscribe of what is not subscribed with `err_bad_request`.
    pub unsubscribe_missing_fails: bool,
    /// Topics that are known beside the published ones.
    pub extra_topics: Vec<String>,
    /// Take every topic for a known one.
    pub any_topic: bool,
    /// Subscriptions per connection; none is no limit.
    pub subscription_limit: Option<usize>,
    /// Connections; over it HTTP 429 with `Retry-After: 2`. None is no limit.
    pub connection_limit: Option<usize>,
    /// Refuse upgrades with 502, as a draining node does.
    pub draining: bool,
    /// Life of a resume token in milliseconds.
    pub resume_ms: u64,
    /// Which subscriptions a resume token restores.
    pub resume_set: ResumeSet,
    /// How a bad resume token is refused.
    pub bad_resume: BadResume,
    /// Who delivers during a handover.
    pub handover: Handover,
    /// How long the old connection of a handover stays, in milliseconds.
    pub grace_ms: u64,
    /// What happens to live subscriptions whose token expires.
    pub on_expiry: OnExpiry,
    /// The order of fields in messages.
    pub key_order: KeyOrder,
}

impl Default for AstroOptions {
    fn default() -> Self {
        Self {
            profile: Profile::Current,
            ping_ms: 30_000,
            pong_timeout_ms: 70_000,
            welcome: true,
            welcome_delay_ms: 0,
            rate_burst: 100,
            rate_refill_ms: 100,
            strict_spacing: false,
            missing_room: MissingRoom::TokenChannel,
            default_channel: "64f0a1b2c3d4e5f607182930".to_owned(),
            nonce_as_text: true,
            unsubscribe_missing_fails: false,
            extra_topics: Vec::new(),
            any_topic: false,
            subscription_limit: None,
            connection_limit: None,
            draining: false,
            resume_ms: 60_000,
            resume_set: ResumeSet::Live,
            bad_resume: BadResume::BeforeWelcome,
            handover: Handover::Move,
            grace_ms: 10_000,
            on_expiry: OnExpiry::Keep,
            key_order: KeyOrder::RoutingFirst,
        }
    }
}
