//! The simulation itself: a seed replays exactly, faults do strike, and every invariant can fail.

use topicwire_simulation::{Coverage, Deed, Sabotage, run, run_spoiled};

/// More than any sabotage needs until it strikes.
const SEEDS: u64 = 40;

#[test]
fn a_seed_replays_exactly() {
    for seed in [1, 7, 44] {
        let (first, second) = (run(seed, true), run(seed, true));
        assert!(first.trace.len() > 50, "seed {seed} does something");
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.coverage, second.coverage, "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(run(1, true).trace, run(2, true).trace);
}

#[test]
fn everything_that_should_happen_happens_and_no_promise_is_broken() {
    let mut coverage = Coverage::default();
    let mut missing = Vec::new();
    for seed in 1..=400 {
        let outcome = run(seed, false);
        assert_eq!(outcome.broken, None, "seed {seed}");
        coverage.merge(&outcome.coverage);
        missing = coverage.missing();
        if missing.is_empty() {
            break;
        }
    }
    assert_eq!(missing, [] as [Deed; 0]);
}

/// Plays seeds with somebody who breaks a promise until that is noticed, by the invariant that forbids it.
fn notices(sabotage: Sabotage) {
    let mut others = Vec::new();
    for seed in 1..=SEEDS {
        match run_spoiled(seed, sabotage).broken {
            Some(broken) if broken.contains(sabotage.is_noticed_as()) => return,
            Some(broken) => others.push(broken),
            None => {}
        }
    }
    panic!("{sabotage:?} was not noticed as {:?} in {SEEDS} seeds, but as {others:#?}", sabotage.is_noticed_as());
}

macro_rules! each_is_noticed {
    ($($test:ident: $sabotage:ident,)*) => {
        $(#[test]
        fn $test() {
            notices(Sabotage::$sabotage);
        })*

        #[test]
        fn every_sabotage_has_its_test() {
            assert_eq!([$(Sabotage::$sabotage),*], Sabotage::ALL);
        }
    };
}

each_is_noticed! {
    lost_messages_are_noticed: LoseMessages,
    lost_probes_are_noticed: LoseProbes,
    doubled_messages_are_noticed: DoubleMessage,
    messages_out_of_order_are_noticed: SwapMessages,
    messages_of_another_channel_are_noticed: WrongChannel,
    invented_messages_are_noticed: Invent,
    messages_after_the_end_are_noticed: DeafToUnsubscribe,
    a_subscription_that_lives_after_its_end_is_noticed: LateLive,
    subscriptions_that_never_live_are_noticed: NeverLive,
    untold_gaps_are_noticed: SwallowGaps,
    backward_gaps_are_noticed: BackwardGap,
    gaps_of_nobody_are_noticed: StrangeGap,
    lost_replies_are_noticed: SwallowReply,
    doubled_replies_are_noticed: DoubleReply,
    replies_that_nobody_asked_for_are_noticed: UnaskedReply,
    repeated_sequence_numbers_are_noticed: RepeatSeq,
    a_missing_end_is_noticed: HideClosed,
    events_after_the_end_are_noticed: SpeakAfterClosed,
    an_early_end_is_noticed: CloseEarly,
    subscriptions_that_are_left_at_the_gateway_are_noticed: SwallowUnsubscribes,
    commands_without_pacing_are_noticed: Unpaced,
    repeated_tickets_are_noticed: RepeatTicket,
    frames_for_links_that_are_gone_are_noticed: WriteToGone,
    timers_that_stay_due_are_noticed: DeafToTime,
    timer_storms_are_noticed: TimerStorm,
    machines_without_rest_are_noticed: Restless,
    lanes_that_lose_messages_are_noticed: LaneLoses,
    lanes_that_double_messages_are_noticed: LaneDoubles,
    lanes_out_of_order_are_noticed: LaneSwaps,
    lanes_that_lose_replies_are_noticed: LaneLosesReply,
    lanes_that_never_end_are_noticed: LaneNeverEnds,
}
