//! What a seed stands for: the options of both sides, the network, the user and what may go wrong.

use std::time::Duration;

use topicwire::Secret;
use topicwire::options::{AstroOptions, Credential, GraphQlOptions, Options, Protocol, Sockets};
use topicwire_gateway::machine::astro::options::{BadResume, Handover, KeyOrder, OnExpiry, ResumeSet};
use topicwire_gateway::machine::{Options as GatewayOptions, graphql::options::GraphQlOptions as GatewayGraphQl};

use crate::dice::Dice;

/// Which dialect is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Topics of rooms, with resumption.
    Astro,
    /// Operations, without.
    GraphQl,
}

/// Something that may go wrong in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The gateway's end breaks; a prefix of what is under way arrives.
    Cut,
    /// Nothing arrives any more in either direction, and nobody is told.
    HalfOpen,
    /// The client's frames count as written and never arrive.
    ResetAfterFlush,
    /// The network is slow for a while.
    Spike,
    /// Attempts to connect fail below HTTP.
    Refuse,
    /// Attempts to connect are not answered.
    Hang,
    /// Attempts to connect are answered with 502 or 429.
    Status,
    /// The gateway closes with a code.
    Close,
    /// A planned handover with a token that works.
    Handover,
    /// Two of them in a row.
    HandoverTwice,
    /// A planned handover without a usable token.
    BadToken,
    /// The node drains: everybody must go, and nobody may come for a while.
    Draining,
    /// Responses are late.
    Late,
    /// Responses come in another order.
    Reorder,
    /// Responses never come.
    Lost,
    /// Responses come without their nonce.
    Nameless,
    /// Responses come after the first message.
    AfterMessage,
    /// Commands are answered with an error that passes.
    Passing,
    /// Commands are refused.
    Refused,
    /// Commands are throttled.
    Throttled,
    /// The credential expires.
    Expiry,
    /// Messages lack their id, time or room.
    Omitted,
    /// Messages come twice on one link.
    Doubled,
    /// Frames that nobody understands.
    Garbage,
    /// Inits are not acknowledged, or late, or followed by a close.
    Ack,
    /// Operations fail.
    FailedOperation,
    /// Frames that do not belong there.
    Stray,
}

const NETWORK: [Trouble; 8] = [
    Trouble::Cut,
    Trouble::HalfOpen,
    Trouble::ResetAfterFlush,
    Trouble::Spike,
    Trouble::Refuse,
    Trouble::Hang,
    Trouble::Status,
    Trouble::Close,
];

const ASTRO: [Trouble; 16] = [
    Trouble::Handover,
    Trouble::Handover,
    Trouble::HandoverTwice,
    Trouble::BadToken,
    Trouble::Draining,
    Trouble::Late,
    Trouble::Reorder,
    Trouble::Lost,
    Trouble::Nameless,
    Trouble::AfterMessage,
    Trouble::Passing,
    Trouble::Refused,
    Trouble::Throttled,
    Trouble::Expiry,
    Trouble::Omitted,
    Trouble::Doubled,
];

const GRAPHQL: [Trouble; 3] = [Trouble::Ack, Trouble::FailedOperation, Trouble::Stray];

/// How a provider behaves while there is trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// It answers after a while.
    Good,
    /// It fails, hangs or answers too late now and then.
    Moody,
}

/// A seed, spelled out.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Which dialect.
    pub(crate) side: Side,
    /// What may go wrong.
    pub(crate) troubles: Vec<Trouble>,
    /// How long it may go wrong.
    pub(crate) chaos: Duration,
    /// The time between troubles, in milliseconds.
    pub(crate) trouble_every: (u64, u64),
    /// The time a frame takes, in milliseconds.
    pub(crate) latency: (u64, u64),
    /// How much that varies from frame to frame, in milliseconds.
    pub(crate) jitter: u64,
    /// How long after leaving a frame counts as written, in milliseconds.
    pub(crate) flush: (u64, u64),
    /// The time between publications, in milliseconds.
    pub(crate) publish_every: (u64, u64),
    /// The time between acts of the user, in milliseconds.
    pub(crate) act_every: (u64, u64),
    /// How many subscriptions the user starts with.
    pub(crate) begin_with: u64,
    /// The main lane's consumer: how long it takes to come after it was woken, in milliseconds.
    pub(crate) consumer: (u64, u64),
    /// Out of a hundred times, how often it takes much longer.
    pub(crate) stalls: u64,
    /// The main lane holds back the socket.
    pub(crate) blocks: bool,
    /// How credentials are provided.
    pub(crate) provider: Provider,
    /// Every connection is cut when the trouble ends, since something may have been refused for good.
    pub(crate) cut_at_end: bool,
    /// The gateway throttles whoever is faster than its rate.
    pub(crate) strict: bool,
    /// The client's options.
    pub(crate) options: Options,
    /// The gateway's options.
    pub(crate) gateway: GatewayOptions,
    /// How many topics and rooms there are to choose from.
    pub(crate) channels: u64,
    /// The user calls some rooms by another name.
    pub(crate) aliases: bool,
}

impl Plan {
    /// What a seed stands for.
    #[must_use]
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let side = if dice.percent(65) { Side::Astro } else { Side::GraphQl };
        let mut troubles = Vec::new();
        for _ in 0..dice.between(0, 3) {
            troubles.extend(dice.pick(&NETWORK).copied());
        }
        let own: &[Trouble] = if side == Side::Astro { &ASTRO } else { &GRAPHQL };
        for _ in 0..dice.between(0, if side == Side::Astro { 4 } else { 2 }) {
            troubles.extend(dice.pick(own).copied());
        }
        if dice.percent(10) {
            troubles.push(Trouble::Garbage);
        }
        // An answer without a name, out of its place, is taken for another's: nothing on the wire tells them apart.
        let displaced = [Trouble::Late, Trouble::Reorder, Trouble::AfterMessage, Trouble::Lost, Trouble::Spike];
        if troubles.iter().any(|trouble| displaced.contains(trouble)) {
            troubles.retain(|trouble| *trouble != Trouble::Nameless);
        }
        let strict = side == Side::Astro && dice.percent(50);
        let refuses = troubles.iter().any(|trouble| matches!(trouble, Trouble::Refused | Trouble::Expiry));
        let static_token = dice.percent(40) && !troubles.contains(&Trouble::Expiry);
        let token = if static_token { Credential::Static(Secret::new("token-0")) } else { Credential::Provider };
        let (options, gateway) = match side {
            Side::Astro => astro(dice, token, strict),
            Side::GraphQl => graphql(dice, token),
        };
        let severing = [Trouble::Cut, Trouble::HalfOpen, Trouble::ResetAfterFlush, Trouble::Spike];
        let severed = troubles.iter().any(|trouble| severing.contains(trouble));
        let latency = *dice.pick(&[(0, 0), (1, 5), (10, 60), (20, 200)]).unwrap_or(&(1, 5));
        let plan = Self {
            side,
            chaos: dice.ms(10_000, 90_000),
            trouble_every: *dice.pick(&[(20, 500), (300, 3_000), (2_000, 15_000)]).unwrap_or(&(300, 3_000)),
            latency,
            // A strict gateway sees what the network makes of a client's pacing; the margin is 10 ms.
            jitter: if strict { dice.between(0, 4) } else { dice.between(0, 30) },
            flush: *dice.pick(&[(0, 0), (0, 5), (0, 300), (100, 2_000)]).unwrap_or(&(0, 0)),
            publish_every: *dice.pick(&[(50, 400), (100, 1_000), (1, 60)]).unwrap_or(&(50, 400)),
            act_every: *dice.pick(&[(100, 2_000), (500, 6_000), (5_000, 30_000)]).unwrap_or(&(500, 6_000)),
            begin_with: *dice.pick(&[1, 3, 8, 30]).unwrap_or(&3),
            consumer: *dice.pick(&[(0, 0), (0, 20), (10, 500)]).unwrap_or(&(0, 0)),
            stalls: *dice.pick(&[0, 0, 5, 30]).unwrap_or(&0),
            blocks: dice.percent(25),
            provider: if dice.percent(50) { Provider::Good } else { Provider::Moody },
            cut_at_end: refuses || dice.percent(30),
            strict,
            options,
            gateway,
            channels: dice.between(2, 12),
            aliases: dice.percent(25),
            troubles,
        };
        plan.fair(severed)
    }

    /// A gateway that goes on by the old connection until it hears our goodbye cannot know that the connection is dead or the goodbye late,
    /// and nobody else can know that it does not.
    fn fair(mut self, severed: bool) -> Self {
        if self.gateway.astro.handover == Handover::Old && (severed || self.cut_at_end) {
            self.gateway.astro.handover = Handover::Move;
        }
        self
    }
}

fn astro(dice: &mut Dice, token: Credential, strict: bool) -> (Options, GatewayOptions) {
    let mut gateway = GatewayOptions { transcript_limit: 0, ..GatewayOptions::default() };
    let side = &mut gateway.astro;
    side.strict_spacing = strict;
    side.any_topic = true;
    side.resume_set = if dice.percent(50) { ResumeSet::Live } else { ResumeSet::Snapshot };
    side.handover = *dice.pick(&[Handover::Move, Handover::Both, Handover::Old]).unwrap_or(&Handover::Move);
    side.bad_resume = *dice.pick(&[BadResume::BeforeWelcome, BadResume::AfterWelcome, BadResume::Http]).unwrap_or(&BadResume::Http);
    side.on_expiry = if dice.percent(50) { OnExpiry::Keep } else { OnExpiry::Close };
    side.key_order = if dice.percent(50) { KeyOrder::RoutingFirst } else { KeyOrder::DataFirst };
    side.welcome_delay_ms = *dice.pick(&[0, 0, 50, 3_000]).unwrap_or(&0);
    side.grace_ms = *dice.pick(&[100, 2_000, 10_000]).unwrap_or(&10_000);
    side.unsubscribe_missing_fails = dice.percent(30);
    side.resume_ms = *dice.pick(&[60_000, 60_000, 500]).unwrap_or(&60_000);
    let burst = if strict { 1 } else { *dice.pick(&[1, 1, 50]).unwrap_or(&1) };
    let mut options = AstroOptions {
        url: Secret::new("ws://astro.test/"),
        token,
        api_url: String::new(),
        command_burst: burst,
        verify_resume: dice.percent(15),
        ..AstroOptions::default()
    };
    options.response_timeout = *dice.pick(&[Duration::from_secs(10), Duration::from_secs(3)]).unwrap_or(&options.response_timeout);
    options.ping_interval = if dice.percent(30) { Some(Duration::from_secs(20)) } else { None };
    (Options::Astro(options), gateway)
}

fn graphql(dice: &mut Dice, token: Credential) -> (Options, GatewayOptions) {
    let bitquery = dice.percent(50);
    let mut gateway = GatewayOptions { transcript_limit: 0, ..GatewayOptions::default() };
    gateway.graphql = GatewayGraphQl { bitquery, ka_ms: 2_000, pong_ms: 2_000, ..GatewayGraphQl::default() };
    gateway.graphql.ack_delay_ms = *dice.pick(&[0, 0, 40, 2_000]).unwrap_or(&0);
    let options = GraphQlOptions {
        url: Secret::new("ws://graphql.test/graphql"),
        token,
        protocol: *dice.pick(&[Protocol::Auto, Protocol::Modern, Protocol::Legacy]).unwrap_or(&Protocol::Auto),
        sockets: if dice.percent(50) { Sockets::Shared } else { Sockets::PerOperation },
        lazy: dice.percent(60),
        linger: if dice.percent(50) { Some(Duration::from_secs(3)) } else { None },
        idle_timeout: Some(Duration::from_secs(10)),
        ping_interval: if dice.percent(40) { Some(Duration::from_secs(4)) } else { None },
        ..GraphQlOptions::default()
    };
    (Options::GraphQl(options), gateway)
}
