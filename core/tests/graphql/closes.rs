//! What the end of a connection, or of an attempt, means.

use crate::server::*;

#[test]
fn close_codes_are_judged_as_the_policy_says() {
    let fate = |code: u16, tweak: fn(&mut GraphQlOptions)| {
        let mut options = options();
        tweak(&mut options);
        let mut bench = bench(options);
        start(&mut bench, Q);
        let (link, _) = up(&mut bench, MODERN);
        bench.closed(link, code, "");
        bench.session.state().as_str().to_owned()
    };
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4408, 4429, 4500, 4205] {
        assert_eq!(fate(code, |_| {}), "backoff", "{code}");
    }
    for code in [4400, 4401, 4403, 4406, 4409, 1002] {
        assert_eq!(fate(code, |_| {}), "closed", "{code}");
    }
    assert_eq!(fate(4400, |options| options.retry_closes = [4400].into()), "backoff");
    assert_eq!(fate(1001, |options| options.fatal_closes = [1001].into()), "closed");
}

/// When the next dial comes, in milliseconds; `None` if it does not within ten minutes.
fn wait(bench: &mut Bench) -> Option<u64> {
    (0..6_000).find_map(|tenths| {
        if bench.dials() > 0 {
            return Some(tenths * 100);
        }
        bench.pass_ms(100);
        None
    })
}

#[test]
fn nothing_is_retried_without_a_wait_and_some_wait_long() {
    for (code, ms) in [(1000, 1_000), (1001, 1_000), (1005, 1_000), (4408, 1_000), (4500, 1_000), (4429, 15_000), (1013, 15_000)] {
        let (mut bench, link, _) = running(MODERN);
        bench.closed(link, code, "");
        assert_eq!(wait(&mut bench), Some(ms), "{code}");
    }
}

#[test]
fn a_server_that_closes_after_each_ack_is_not_hammered() {
    let (mut bench, mut link, _) = running(MODERN);
    for ms in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        bench.closed(link, 1000, "");
        assert_eq!(wait(&mut bench), Some(ms));
        link = up(&mut bench, MODERN).0;
    }
    // Once it has lived for some seconds, waits start anew.
    bench.pass_ms(5_000);
    bench.closed(link, 1000, "");
    assert_eq!(wait(&mut bench), Some(1_000));
}

#[test]
fn being_cut_off_for_reading_slowly_is_told_as_such() {
    let (mut bench, link, _) = running(LEGACY);
    bench.closed(link, 1013, "client is not consuming messages fast enough");
    let faults = bench.events_of(|kind| match kind {
        EventKind::Fault(fault) => Some((fault.kind.as_str(), fault.error.gateway_text.clone().unwrap_or_default())),
        _ => None,
    });
    assert_eq!(faults[0], ("slow_consumer", "client is not consuming messages fast enough".to_owned()));
}

#[test]
fn a_message_over_the_limit_names_the_option() {
    let (mut bench, link, _) = running(MODERN);
    bench.input(Input::Closed { link, end: LinkEnd { too_large: true, ..LinkEnd::default() } });
    let faults = bench.events_of(|kind| match kind {
        EventKind::Fault(fault) => Some((fault.error.code, fault.error.message.clone())),
        _ => None,
    });
    assert_eq!(faults[0].0, Code::TooLarge);
    assert!(faults[0].1.contains("connection.max_message"));
}

#[test]
fn what_the_handshake_answers_is_judged_as_the_policy_says() {
    let fate = |status: u16, headers: &[(&'static str, &str)]| {
        let mut bench = bench(options());
        start(&mut bench, Q);
        let (link, _) = bench.dialed();
        bench.refuse(link, status, headers);
        wait(&mut bench)
    };
    for status in [400, 401, 403, 404, 405, 410, 426] {
        assert_eq!(fate(status, &[]), None, "{status} is final");
    }
    for status in [402, 408, 425, 500, 502, 503] {
        assert_eq!(fate(status, &[]), Some(1_000), "{status}");
    }
    assert_eq!(fate(429, &[]), Some(15_000));
    assert_eq!(fate(429, &[("retry-after", "40")]), Some(40_000));
    assert_eq!(fate(503, &[("retry-after", "7")]), Some(7_000));
    assert_eq!(fate(503, &[("retry-after", "soon")]), Some(1_000));
}

#[test]
fn what_could_not_connect_is_tried_again() {
    let mut bench = bench(options());
    start(&mut bench, Q);
    let (link, _) = bench.dialed();
    bench.fail(link);
    assert_eq!(wait(&mut bench), Some(1_000));
}

#[test]
fn who_names_no_subprotocol_is_asked_without_one_if_legacy_is_assumed() {
    use topicwire::session::io::{DialFailure, DialPhase};
    let refuse = |bench: &mut Bench, link| {
        let failure = DialFailure { phase: DialPhase::Protocol, http: None, error: "no subprotocol".to_owned() };
        bench.input(Input::Failed { link, failure });
    };
    let mut lenient = bench(GraphQlOptions { assume_legacy: true, ..options() });
    start(&mut lenient, Q);
    let (link, dial) = lenient.dialed();
    assert_eq!(dial.protocols.len(), 2);
    refuse(&mut lenient, link);
    assert!(wait(&mut lenient).is_some());
    let (link, dial) = lenient.dialed();
    assert!(dial.protocols.is_empty());
    lenient.open(link);
    ack(&mut lenient, link);
    assert_eq!(lenient.sent(link)[1]["type"], "start");

    let mut strict = bench(options());
    start(&mut strict, Q);
    let (link, _) = strict.dialed();
    refuse(&mut strict, link);
    assert_eq!(closed_because(&mut strict), Some(Code::HandshakeFailed));
}
