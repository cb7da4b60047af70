//! Web PubSub: sessions, numbers, permissions, events and REST.

use serde_json::{Value, json};
use topicwire_gateway::machine::webpubsub::{AccessUrl, Data, EventAnswer, RestRequest};
use topicwire_gateway::machine::{ConnId, Frame, Input, Refusal, UpgradeRequest};

use crate::harness::{Bench, Seen, close};

const RELIABLE: &str = "json.reliable.webpubsub.azure.v1";
const JSON: &str = "json.webpubsub.azure.v1";
const HOST: &str = "127.0.0.1:1";

fn path(bench: &Bench, wanted: &AccessUrl) -> String {
    bench.machine.access_url(bench.now, HOST, wanted).replace(&format!("ws://{HOST}"), "")
}

/// A connection with its greeting.
fn enter(bench: &mut Bench, wanted: &AccessUrl, subprotocol: &str) -> (ConnId, Value) {
    let path = path(bench, wanted);
    let conn = bench.open(&path, &[subprotocol]);
    let greeting = bench.json(conn);
    assert_eq!(greeting["event"], "connected");
    (conn, greeting)
}

fn client(bench: &mut Bench) -> (ConnId, Value) {
    enter(bench, &AccessUrl { user: Some("maya".into()), ..AccessUrl::default() }, RELIABLE)
}

fn again(bench: &mut Bench, greeting: &Value) -> ConnId {
    let text = |name: &str| greeting[name].as_str().expect("a text").to_owned();
    let path = format!(
        "/client/hubs/chat?access_token=expired&awps_connection_id={}&awps_reconnection_token={}",
        text("connectionId"),
        text("reconnectionToken")
    );
    bench.open(&path, &[RELIABLE])
}

fn publish(bench: &mut Bench, group: &str, n: u64) -> usize {
    let receivers = bench.machine.publish_webpubsub(bench.now, "chat", Some(group), Data::json(&json!(n)));
    bench.collect();
    receivers
}

fn numbers(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter_map(|frame| frame["sequenceId"].as_u64()).collect()
}

fn join(bench: &mut Bench, conn: ConnId, group: &str, ack: u64) -> Value {
    bench.text(conn, json!({"type":"joinGroup","group":group,"ackId":ack}));
    bench.json(conn)
}

#[test]
fn a_session_goes_on_where_it_was_and_expires() {
    let mut bench = Bench::new();
    let (conn, greeting) = client(&mut bench);
    join(&mut bench, conn, "g", 1);
    publish(&mut bench, "g", 1);
    publish(&mut bench, "g", 2);
    bench.jsons(conn);
    bench.text(conn, json!({"type":"sequenceAck","sequenceId":1}));
    bench.handle(Input::Lost { conn });
    publish(&mut bench, "g", 3);
    bench.pass(29_000);
    let next = again(&mut bench, &greeting);
    let frames = bench.jsons(next);
    assert_eq!(frames[0]["connectionId"], greeting["connectionId"]);
    assert_ne!(frames[0]["reconnectionToken"], greeting["reconnectionToken"]);
    assert_eq!(numbers(&frames), [2, 3]);
    bench.text(next, json!({"type":"joinGroup","group":"g","ackId":1}));
    assert_eq!(bench.json(next)["error"]["name"], "Duplicate", "numbers of commands are remembered");
    bench.handle(Input::Lost { conn: next });
    bench.pass(30_000);
    let late = again(&mut bench, &greeting);
    assert_eq!(bench.take(late), Some(close(1008, "the session cannot be taken up again")));
}

#[test]
fn whoever_takes_a_session_up_silences_the_connection_before() {
    let mut bench = Bench::new();
    let (conn, greeting) = client(&mut bench);
    let next = again(&mut bench, &greeting);
    assert!(matches!(bench.rest(conn).last(), Some(Seen::Drop(_))));
    bench.text(conn, json!({"type":"joinGroup","group":"g","ackId":1}));
    bench.jsons(next);
    assert_eq!(publish(&mut bench, "g", 1), 0);
}

#[test]
fn a_session_ends_with_a_goodbye_a_breach_and_an_overflow() {
    for end in 0..4 {
        let mut bench = Bench::with(&json!({"webpubsub": {"queue_messages": 3}}));
        let (conn, greeting) = client(&mut bench);
        join(&mut bench, conn, "g", 1);
        match end {
            0 => bench.handle(Input::Close { conn, code: Some(1000), reason: String::new() }),
            1 => bench.handle(Input::Close { conn, code: None, reason: String::new() }),
            2 => {
                bench.raw_text(conn, "no JSON");
                assert!(matches!(bench.take(conn), Some(Seen::Close(Some(1007), _))));
                bench.handle(Input::Lost { conn });
            }
            _ => {
                for n in 0..4 {
                    publish(&mut bench, "g", n);
                }
                assert!(matches!(bench.rest(conn).last(), Some(Seen::Close(Some(1008), _))));
                bench.handle(Input::Lost { conn });
            }
        }
        let late = again(&mut bench, &greeting);
        assert!(matches!(bench.take(late), Some(Seen::Close(Some(1008), _))), "{end}");
    }
}

#[test]
fn only_good_tokens_open_the_door() {
    let mut bench = Bench::new();
    let good = path(&bench, &AccessUrl::default());
    let refused = |bench: &mut Bench, path: &str| {
        let conn = bench.upgrade(UpgradeRequest::new(path, &[RELIABLE]));
        match bench.take(conn) {
            Some(Seen::Refuse(Refusal::Status { status, .. })) => status,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&mut bench, "/client/hubs/chat"), 401);
    assert_eq!(refused(&mut bench, &format!("{good}x")), 401);
    assert_eq!(refused(&mut bench, "/client/?access_token=x"), 400);
    assert_eq!(refused(&mut bench, &format!("{good}&webpubsub_mode=sendToGroup")), 400);
    bench.pass(3_606_000);
    assert_eq!(refused(&mut bench, &good), 401, "it has expired");
    let mut open = Bench::with(&json!({"webpubsub": {"allow_anonymous": true}}));
    let conn = open.open("/client/?hub=chat", &[JSON]);
    assert_eq!(open.json(conn)["userId"], Value::Null);
}

#[test]
fn permissions_are_looked_at_and_a_refused_number_may_be_used_again() {
    let mut bench = Bench::new();
    let (conn, greeting) =
        enter(&mut bench, &AccessUrl { roles: vec!["webpubsub.joinLeaveGroups.a.*".into()], ..AccessUrl::default() }, JSON);
    assert_eq!(join(&mut bench, conn, "a.b", 1)["success"], true);
    assert_eq!(join(&mut bench, conn, "b", 2)["error"]["name"], "Forbidden");
    bench.text(conn, json!({"type":"sendToGroup","group":"a.b","data":1,"ackId":2}));
    assert_eq!(bench.json(conn)["error"]["name"], "Forbidden");
    let id = greeting["connectionId"].as_str().expect("an id");
    let path = format!("/api/hubs/chat/permissions/sendToGroup/connections/{id}");
    assert_eq!(rest(&mut bench, "PUT", &path, "targetName=a.b", "").0, 200);
    bench.text(conn, json!({"type":"sendToGroup","group":"a.b","data":1,"ackId":2}));
    let frames = bench.jsons(conn);
    assert_eq!((&frames[0]["type"], &frames[1]["success"]), (&json!("message"), &json!(true)), "one's own message comes before the ack");
}

/// A request of the application's server, signed as it should be.
fn rest(bench: &mut Bench, method: &str, path: &str, query: &str, body: &'static str) -> (u16, Option<String>) {
    use hmac::{KeyInit as _, Mac as _};
    let key = &bench.machine.options().webpubsub.access_key.0;
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, bytes);
    let claims = json!({"aud": format!("http://{HOST}{path}"), "exp": bench.now.wall.0 / 1000 + 60});
    let signed = format!("{}.{}", base64(br#"{"alg":"HS256"}"#), base64(claims.to_string().as_bytes()));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("any key");
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", base64(&mac.finalize().into_bytes()));
    let request = RestRequest {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        host: HOST.into(),
        authorization: Some(format!("Bearer {token}")),
        content_type: "text/plain".into(),
        body: body.into(),
    };
    let answer = bench.machine.rest(bench.now, &request);
    bench.collect();
    (answer.status, answer.body)
}

#[test]
fn an_applications_server_sends_sends_away_and_moves_clients() {
    let mut bench = Bench::new();
    let (conn, greeting) = client(&mut bench);
    let id = greeting["connectionId"].as_str().expect("an id").to_owned();
    assert_eq!(rest(&mut bench, "POST", "/api/hubs/chat/users/maya/:send", "", "hi").0, 202);
    assert_eq!(bench.json(conn), json!({"type":"message","from":"server","dataType":"text","data":"hi","sequenceId":1}));
    assert_eq!(rest(&mut bench, "PUT", "/api/hubs/chat/users/maya/groups/g", "", "").0, 200);
    assert_eq!(rest(&mut bench, "POST", "/api/hubs/chat/groups/g/:send", &format!("excluded={id}"), "x").0, 202);
    assert_eq!(rest(&mut bench, "POST", "/api/hubs/chat/groups/g/:send", "", "y").0, 202);
    assert_eq!(bench.json(conn)["data"], "y");
    assert_eq!(rest(&mut bench, "HEAD", "/api/hubs/chat/users/nobody", "", "").0, 404);
    let unsigned = RestRequest { method: "POST".into(), path: "/api/hubs/chat/:send".into(), host: HOST.into(), ..RestRequest::default() };
    assert_eq!(bench.machine.rest(bench.now, &unsigned).status, 401);
    let (status, body) = rest(&mut bench, "POST", "/api/hubs/chat/:generateToken", "userId=kim&role=webpubsub.sendToGroup", "");
    assert_eq!(status, 200);
    let token: Value = serde_json::from_str(&body.expect("a body")).expect("JSON");
    let path = format!("/client/hubs/chat?access_token={}", token["token"].as_str().expect("a token"));
    let other = bench.open(&path, &[JSON]);
    assert_eq!(bench.json(other)["userId"], "kim");
    assert_eq!(rest(&mut bench, "DELETE", &format!("/api/hubs/chat/connections/{id}"), "reason=enough", "").0, 204);
    assert_eq!(bench.json(conn), json!({"type":"system","event":"disconnected","message":"enough"}));
    assert_eq!(bench.take(conn), Some(close(1000, "enough")));
    let late = again(&mut bench, &greeting);
    assert!(matches!(bench.take(late), Some(Seen::Close(Some(1008), _))));
}

#[test]
fn a_group_hears_every_type_in_every_format() {
    let mut bench = Bench::new();
    let (json, _) = client(&mut bench);
    join(&mut bench, json, "g", 1);
    let in_group = AccessUrl { groups: vec!["g".into()], ..AccessUrl::default() };
    let path = path(&bench, &in_group);
    let protobuf = bench.open(&path, &["protobuf.webpubsub.azure.v1"]);
    let simple = bench.open(&path, &[]);
    bench.rest(protobuf);
    bench.text(json, json!({"type":"sendToGroup","group":"g","dataType":"binary","data":"AQI=","noEcho":true}));
    assert_eq!(bench.take(simple), Some(Seen::Other(Frame::Binary(vec![1, 2].into()))));
    assert_eq!(
        bench.take(protobuf),
        Some(Seen::Other(Frame::Binary(b"\x12\x10\x0a\x05group\x12\x01g\x1a\x04\x12\x02\x01\x02".to_vec().into())))
    );
    bench.text(json, json!({"type":"sendToGroup","group":"g","data":{"n":1.50},"noEcho":true}));
    assert_eq!(bench.take(simple), Some(Seen::Json(json!({"n":1.5}))));
    let Some(Seen::Other(Frame::Binary(frame))) = bench.take(protobuf) else { panic!("a protobuf frame") };
    assert!(frame.ends_with(b"\x1a\x0b\x22\x09{\"n\":1.5}"), "as `json_data`");
    assert!(bench.jsons(json).is_empty(), "no echo was wanted");
}

#[test]
fn handlers_outside_decide_about_clients_and_events() {
    let mut bench = Bench::with(&json!({"webpubsub": {"default_handler": "external", "connect_event": true, "lifecycle_events": true}}));
    let path = path(&bench, &AccessUrl::default());
    let conn = bench.upgrade(UpgradeRequest::new(&path, &[JSON]));
    assert_eq!(bench.take(conn), None, "the handler has not answered");
    let call = bench.machine.poll_event().expect("`connect`");
    assert_eq!(call.kind, "azure.webpubsub.sys.connect");
    assert!(call.signature.starts_with("sha256="));
    let welcome = Data::json(&json!({"userId": "from-the-handler", "groups": ["g"], "roles": []}));
    bench.machine.answer_event(bench.now, call.call, EventAnswer::with(welcome));
    bench.collect();
    assert!(matches!(bench.take(conn), Some(Seen::Accept(_))));
    assert_eq!(bench.json(conn)["userId"], "from-the-handler");
    assert_eq!(publish(&mut bench, "g", 1), 1);
    assert_eq!(bench.machine.poll_event().expect("`connected`").event, "connected");
    bench.jsons(conn);
    bench.text(conn, json!({"type":"event","event":"checkout","data":1,"ackId":7}));
    let call = bench.machine.poll_event().expect("an event");
    assert_eq!((call.kind.as_str(), call.user.as_deref()), ("azure.webpubsub.user.checkout", Some("from-the-handler")));
    bench.machine.answer_event(bench.now, call.call, EventAnswer::Failed { status: 500, why: "no".into() });
    bench.collect();
    assert_eq!(bench.json(conn)["error"]["name"], "InternalServerError");
    let refused = bench.upgrade(UpgradeRequest::new(&path, &[JSON]));
    let call = bench.machine.poll_event().expect("`connect`");
    bench.machine.answer_event(bench.now, call.call, EventAnswer::Failed { status: 403, why: "no".into() });
    bench.collect();
    assert!(matches!(bench.take(refused), Some(Seen::Refuse(Refusal::Status { status: 403, .. }))));
}

#[test]
fn faults_break_what_they_say() {
    let mut bench = Bench::new();
    let (conn, _) = client(&mut bench);
    join(&mut bench, conn, "g", 1);
    bench.fault(json!({"fault": "duplicate_numbers"}));
    publish(&mut bench, "g", 1);
    bench.fault(json!({"fault": "skip_numbers"}));
    publish(&mut bench, "g", 2);
    assert_eq!(numbers(&bench.jsons(conn)), [1, 1, 3]);
    bench.fault(json!({"fault": "drop_acks"}));
    bench.text(conn, json!({"type":"leaveGroup","group":"g","ackId":2}));
    assert_eq!(bench.take(conn), None);
    assert_eq!(publish(&mut bench, "g", 3), 0, "it was carried out");
    bench.fault(json!({"fault": "fail_commands", "name": "Timeout"}));
    assert_eq!(join(&mut bench, conn, "g", 3)["error"]["name"], "Timeout");
    bench.fault(json!({"fault": "cut_before_ack"}));
    bench.text(conn, json!({"type":"joinGroup","group":"g","ackId":4}));
    assert!(matches!(bench.take(conn), Some(Seen::Drop(_))));
}

#[test]
fn streams_are_numbered_and_end_when_nothing_comes() {
    let mut bench = Bench::new();
    let (conn, _) = client(&mut bench);
    join(&mut bench, conn, "g", 1);
    bench.text(conn, json!({"type":"sendToGroup","group":"g","stream":{"streamId":"s","idleTimeoutMs":1000}}));
    assert_eq!(bench.json(conn), json!({"type":"streamAck","streamId":"s","expectedSequenceId":1}));
    let piece = |number: u64| json!({"type":"streamData","streamId":"s","streamSequenceId":number,"dataType":"text","data":"x"});
    bench.text(conn, piece(1));
    let heard = bench.json(conn);
    assert_eq!((&heard["stream"], &heard["sequenceId"]), (&json!({"streamId":"s","streamSequenceId":1}), &json!(1)));
    assert_eq!(bench.json(conn)["expectedSequenceId"], 2);
    bench.text(conn, piece(4));
    assert_eq!(bench.json(conn)["name"], "InvalidSequenceId");
    bench.pass(1_000);
    assert_eq!(bench.json(conn)["stream"]["error"]["name"], "IdleTimeout");
    assert_eq!(bench.json(conn)["error"]["name"], "IdleTimeout");
    bench.text(conn, piece(2));
    assert_eq!(bench.json(conn)["error"]["name"], "StreamNotFound");
}
