//! Tips, and each of them once.

use super::super::{AstroEvent, TipOnce, TipVerdict};

fn tip(topic: &str, id: &str, approved: &str, status: &str) -> AstroEvent {
    let frame = format!(r#"{{"data":{{"_id":"{id}","approved":"{approved}","status":"{status}","donation":{{"amount":5}}}}}}"#);
    AstroEvent::read(topic, frame.as_bytes())
}

fn activity(data: &str) -> AstroEvent {
    AstroEvent::read("channel.activities", format!("{{\"data\":{data}}}").as_bytes())
}

#[test]
fn a_tip_passes_once_whichever_topics_it_comes_by() {
    let mut once = TipOnce::default();
    assert_eq!(once.judge(&tip("channel.tips.moderation", "1", "pending", "success")), TipVerdict::NotFinal);
    assert_eq!(once.judge(&tip("channel.tips.moderation", "1", "allowed", "success")), TipVerdict::First);
    assert_eq!(once.judge(&tip("channel.tips", "1", "allowed", "success")), TipVerdict::Repeated);
    assert_eq!(once.judge(&activity(r#"{"_id":"a","type":"tip","data":{"tipId":"1","amount":5}}"#)), TipVerdict::Repeated);
    assert_eq!(once.judge(&activity(r#"{"_id":"b","type":"tip","data":{"tipId":"2","amount":5}}"#)), TipVerdict::First);
    assert_eq!(once.judge(&tip("channel.tips", "2", "allowed", "success")), TipVerdict::Repeated);
}

#[test]
fn tips_that_are_unpaid_or_rejected_never_pass() {
    let mut once = TipOnce::default();
    for (approved, status) in [("rejected", "success"), ("pending", "success"), ("allowed", "failed"), ("", "")] {
        assert_eq!(once.judge(&tip("channel.tips", "1", approved, status)), TipVerdict::NotFinal);
    }
    assert_eq!(once.judge(&tip("channel.tips", "1", "allowed", "success")), TipVerdict::First, "nothing was remembered before");
}

#[test]
fn tips_without_a_tip_id_are_known_by_their_activity() {
    let mut once = TipOnce::default();
    let anonymous = activity(r#"{"_id":"a","type":"tip","data":{"amount":5}}"#);
    assert_eq!([once.judge(&anonymous), once.judge(&anonymous)], [TipVerdict::First, TipVerdict::Repeated]);
    assert_eq!(once.judge(&activity(r#"{"_id":"a","type":"cheer"}"#)), TipVerdict::NotATip);
    assert_eq!(once.judge(&AstroEvent::Unknown), TipVerdict::NotATip);
    let nameless = activity(r#"{"type":"tip"}"#);
    assert_eq!([once.judge(&nameless), once.judge(&nameless)], [TipVerdict::First, TipVerdict::First]);
}

#[test]
fn only_the_last_tips_are_remembered() {
    let mut once = TipOnce::with_capacity(2);
    let judge = |once: &mut TipOnce, id: &str| once.judge(&tip("channel.tips", id, "allowed", "success"));
    for id in ["1", "2", "3"] {
        assert_eq!(judge(&mut once, id), TipVerdict::First);
    }
    assert_eq!(judge(&mut once, "3"), TipVerdict::Repeated);
    assert_eq!(judge(&mut once, "2"), TipVerdict::Repeated);
    assert_eq!(judge(&mut once, "1"), TipVerdict::First, "forgotten");
}

#[test]
fn a_donors_personal_data_is_given_but_not_printed() {
    let frame =
        br#"{"data":{"_id":"1","donation":{"amount":5,"user":{"username":"fox","email":"fox@example.org","geo":"ZZ","channel":"c77"}}}}"#;
    let event = AstroEvent::read("channel.tips", frame);
    let printed = format!("{event:?}");
    for hidden in ["fox@example.org", "ZZ", "c77"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
    let AstroEvent::Tip(tip) = event else { panic!("a tip") };
    assert_eq!(tip.user.email.as_ref().map(|email| email.expose()), Some("fox@example.org"));
    assert!(!tip.is_final());
}

#[test]
fn passed_through_json_is_not_printed() {
    let event = activity(r#"{"type":"tip","data":{"email":"fox@example.org"}}"#);
    assert!(!format!("{event:?}").contains("example.org"));
}
