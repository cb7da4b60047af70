//! Where the credential goes, and what happens when it is refused or runs out.

use std::time::Duration;

use crate::server::*;

#[test]
fn a_refused_credential_is_refreshed_once() {
    let mut bench = bench(GraphQlOptions {
        token: Credential::Provider,
        auth: Auth::Query,
        auth_name: "token".into(),
        auth_prefix: String::new(),
        ..options()
    });
    start(&mut bench, Q);
    for round in 0..2 {
        let needs = bench.events_of(|kind| match kind {
            EventKind::Need(need) => Some(need.request),
            _ => None,
        });
        assert_eq!(needs.len(), 1, "round {round}");
        bench.session.answer_need(bench.now, needs[0], Ok((format!("t{round}").into(), None)));
        bench.collect();
        let (link, dial) = bench.dialed();
        assert!(dial.url.expose().ends_with(&format!("?token=t{round}")));
        bench.refuse(link, 401, &[]);
    }
    assert_eq!(bench.session.state().as_str(), "closed");
    let causes = bench.events_of(|kind| match kind {
        EventKind::Closed(closed) => closed.cause.as_ref().map(|cause| cause.code),
        _ => None,
    });
    assert_eq!(causes, [Code::Unauthorized]);
}

fn with(auth: Auth) -> GraphQlOptions {
    GraphQlOptions { token: Credential::Static("s3cret+/".into()), auth, auth_name: "token".into(), ..options() }
}

#[test]
fn a_credential_goes_to_one_of_four_places() {
    for auth in [Auth::Query, Auth::Header, Auth::Payload, Auth::Extensions] {
        let mut bench = bench(with(auth));
        start(&mut bench, Q);
        let (link, dial) = bench.dialed();
        let query = dial.url.expose().ends_with("/graphql?token=s3cret%2B%2F");
        let header = dial.headers.iter().any(|(name, value)| name == "token" && value.expose() == "Bearer s3cret+/");
        bench.open_with(link, MODERN);
        let init = bench.sent(link).remove(0);
        let payload = init["payload"]["token"] == "Bearer s3cret+/";
        ack(&mut bench, link);
        let extensions = bench.sent(link)[0]["payload"]["extensions"]["token"] == "Bearer s3cret+/";
        let places = [query, header, payload, extensions];
        assert_eq!(places.iter().filter(|there| **there).count(), 1);
        assert!(
            places[[Auth::Query, Auth::Header, Auth::Payload, Auth::Extensions].iter().position(|one| *one == auth).expect("one of them")]
        );
    }
}

#[test]
fn no_credential_is_ever_printed() {
    let mut bench = bench(with(Auth::Query));
    start(&mut bench, Q);
    let printed = format!("{:?}", bench.outputs);
    let (link, _) = bench.dialed();
    bench.refuse(link, 401, &[]);
    let printed = format!("{printed}{:?}{:?}", bench.outputs, bench.events);
    assert!(printed.contains("HandshakeFailed") || printed.contains("Unauthorized"));
    assert!(!printed.contains("s3cret"));
}

#[test]
fn a_provider_is_asked_for_each_connection() {
    let mut bench = bench(GraphQlOptions { token: Credential::Provider, ..options() });
    start(&mut bench, Q);
    for token in ["one", "two"] {
        assert_eq!(bench.dials(), 0);
        let need = needs(&mut bench).remove(0);
        provide(&mut bench, need, token);
        let (link, init) = open(&mut bench, MODERN);
        assert_eq!(init["payload"]["Authorization"], format!("Bearer {token}"));
        ack(&mut bench, link);
        bench.pass_ms(6_000);
        bench.cut(link);
        bench.pass_ms(1_000);
    }
}

#[test]
fn a_credential_that_runs_out_while_dialing_is_asked_for_again_before_the_init() {
    let mut bench = bench(GraphQlOptions { token: Credential::Provider, ..options() });
    start(&mut bench, Q);
    let need = needs(&mut bench).remove(0);
    bench.session.answer_need(bench.now, need, Ok(("old".into(), Some(Duration::from_secs(1)))));
    bench.collect();
    let (link, _) = bench.dialed();
    bench.pass_ms(2_000);
    bench.open_with(link, LEGACY);
    assert!(bench.sent(link).is_empty());
    ack(&mut bench, link);
    assert!(bench.sent(link).is_empty(), "an ack of nothing");
    let need = needs(&mut bench).remove(0);
    provide(&mut bench, need, "new");
    assert_eq!(bench.sent(link), [json!({"type": "connection_init", "payload": {"Authorization": "Bearer new"}})]);
    ack(&mut bench, link);
    assert_eq!(bench.sent(link).len(), 1);
}

#[test]
fn a_session_that_is_refused_after_its_ack_is_no_tight_loop() {
    for code in [4401, 4403] {
        let mut bench = bench(GraphQlOptions { token: Credential::Provider, ..options() });
        start(&mut bench, Q);
        for _ in 0..2 {
            let need = needs(&mut bench).remove(0);
            provide(&mut bench, need, "t");
            let (link, _) = up(&mut bench, MODERN);
            bench.closed(link, code, "Forbidden");
        }
        assert_eq!(closed_because(&mut bench), Some(Code::Unauthorized));
        assert!(needs(&mut bench).is_empty());
    }
}

#[test]
fn a_token_that_worked_for_a_while_may_be_refreshed_again_and_again() {
    let mut bench = bench(GraphQlOptions { token: Credential::Provider, ..options() });
    start(&mut bench, Q);
    for _ in 0..3 {
        let need = needs(&mut bench).remove(0);
        provide(&mut bench, need, "t");
        let (link, _) = up(&mut bench, MODERN);
        bench.pass_ms(5_000);
        bench.closed(link, 4403, "token expired");
    }
    assert_ne!(bench.session.state().as_str(), "closed");
}

#[test]
fn each_operation_waits_for_the_credential_in_its_extensions() {
    let mut bench = bench(GraphQlOptions { token: Credential::Provider, auth: Auth::Extensions, ..options() });
    start(&mut bench, Q);
    let request = execute(&mut bench, "{ hello }");
    let (link, sent) = up(&mut bench, MODERN);
    assert!(sent.is_empty());
    let need = needs(&mut bench);
    assert_eq!(need.len(), 1, "one question for both");
    provide(&mut bench, need[0], "t");
    let sent = bench.sent(link);
    assert_eq!(sent.len(), 2);
    for frame in &sent {
        assert_eq!(frame["payload"]["extensions"], json!({"Authorization": "Bearer t"}));
    }
    assert!(bench.reply(request).is_none());
}
