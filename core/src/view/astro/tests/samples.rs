//! A sample of every topic.

use super::super::AstroEvent;
use super::{assert_view, view};

#[test]
fn every_documented_topic_has_a_view() {
    let samples = [
        (
            "channel.activities",
            r#"{"_id":"a1","activityId":"a1","type":"subscriber","provider":"twitch","channel":"c","createdAt":"2026-01-02T03:04:05.006Z","sessionEventsCount":3,
                "data":{"username":"elk","displayName":"Elk","providerId":77,"amount":7,"tier":"1000","streak":2,"gifted":true,"sender":"owl","message":"hi"}}"#,
            "activity",
            r#"{"type":"subscriber","id":"a1","provider":"twitch","created_at":"2026-01-02T03:04:05.006Z","session_events_count":3,"amount":"7","tier":"1000","streak":2,
                "gifted":true,"sender":"owl","message":"hi","user":{"name":"elk","display_name":"Elk","provider_id":"77","avatar":null},"currency":null}"#,
        ),
        (
            "channel.activities",
            r#"{"activityId":"a2","type":"merch","isMock":false,"data":{"username":"elk","amount":"20.00","items":[{"name":"mug","quantity":2,"price":"10.00"},4]}}"#,
            "activity",
            r#"{"id":"a2","is_mock":false,"amount":"20.00","items":[{"name":"mug","quantity":2,"price":"10.00"}]}"#,
        ),
        (
            "channel.activities",
            r#"{"type":"invented tomorrow","data":null}"#,
            "activity",
            r#"{"type":"invented tomorrow","user":{"name":null},"amount":null,"details":null}"#,
        ),
        (
            "channel.tips",
            r#"{"_id":"t1","approved":"allowed","status":"success","provider":"paypal","transactionId":"T-9",
                "donation":{"amount":0.1,"currency":"EUR","message":"","paymentMethod":"card","user":{"username":"fox","email":"fox@example.org","geo":null}}}"#,
            "tip",
            r#"{"id":"t1","amount":"0.1","currency":"EUR","message":"","transaction_id":"T-9","user":{"name":"fox","email":"fox@example.org","geo":null}}"#,
        ),
        (
            "channel.tips.moderation",
            r#"{"_id":"t1","approved":"rejected","approvedBy":"mod","status":"success","donation":{"amount":"1e2"}}"#,
            "tip_moderation",
            r#"{"approved":"rejected","approved_by":"mod","amount":"100"}"#,
        ),
        (
            "channel.session.update",
            r#"{"key":"follower-latest","name":"follower-latest","provider":"twitch","channel":"c","data":{"name":"elk","activityId":"a9"}}"#,
            "session_update",
            r#"{"key":"follower-latest","original_key":"follower-latest","activity_id":"a9","value":{"name":"elk"}}"#,
        ),
        (
            "channel.session.reset",
            r#"{"tip-session":{"amount":0}}"#,
            "session_reset",
            r#"{"session":{"tip-session":{"amount":0}},"original_keys":{}}"#,
        ),
        ("channel.stream.status", r#"{"isLive":true}"#, "stream_status", r#"{"is_live":true}"#),
        (
            "channel.chat.message",
            r#"{"broadcaster_user_id":"1","chatter_user_id":"2","chatter_user_login":"elk","chatter_user_name":"Elk","message_id":"m","message":{"text":"hi"},"color":"x"}"#,
            "chat_message",
            r#"{"platform":"twitch","id":"m","author":{"id":"2","login":"elk","name":"Elk"},"text":"hi","original":{"color":"x"}}"#,
        ),
        (
            "channel.chat.message",
            r#"{"kind":"youtube#liveChatMessage","id":"m","authorDetails":{"channelId":"UC","displayName":"Elk"},"snippet":{"displayMessage":"hi"}}"#,
            "chat_message",
            r#"{"platform":"youtube","id":"m","author":{"id":"UC","login":null,"name":"Elk"},"text":"hi"}"#,
        ),
        (
            "channel.chat.message",
            r#"{"broadcaster":{},"sender":{"user_id":2,"username":"elk"},"message_id":"m","content":"hi [emote:1:wave]"}"#,
            "chat_message",
            r#"{"platform":"kick","author":{"id":"2","login":"elk","name":"elk"},"text":"hi [emote:1:wave]"}"#,
        ),
        (
            "channel.chat.message",
            r#"{"channel_id":"1","data":{"sender_id":2,"username":"elk","display_name":"Elk","text":"hi"}}"#,
            "chat_message",
            r#"{"platform":"trovo","author":{"id":"2","login":"elk","name":"Elk"},"text":"hi"}"#,
        ),
        (
            "channel.contests",
            r#"{"event":"update","payload":{"optionId":"o","amount":250,"userId":"u"}}"#,
            "contest",
            r#"{"event":"update","option_id":"o","amount":"250","user_id":"u","winner_id":null}"#,
        ),
        ("channel.contests", r#"{"event":"winner","payload":{"winnerId":"o"}}"#, "contest", r#"{"event":"winner","winner_id":"o"}"#),
        (
            "channel.giveaways",
            r#"{"channelId":"c","giveawayId":"g","event":"enter","state":"running",
                "data":{"totalUsers":3,"totalTickets":9,"entry":{"providerId":"twitch:1","username":"elk","subscriber":true,"tickets":5,"new":true}}}"#,
            "giveaway",
            r#"{"event":"enter","state":"running","giveaway_id":"g","total_users":3,"total_tickets":9,
                "entry":{"provider_id":"twitch:1","username":"elk","subscriber":true,"tickets":5,"new":true},"winner":null}"#,
        ),
        ("channel.giveaway", r#"{"action":"start","data":null}"#, "giveaway", r#"{"event":"start","entry":null}"#),
        (
            "channel.songrequest",
            r#"{"event":"queue.add","payload":{"queue":"pending","position":1,"song":{"_id":"s","videoId":"v","title":"T","duration":201.5,"user":{"username":"elk"}}}}"#,
            "song_request",
            r#"{"event":"queue.add","queue":"pending","position":"1","song":{"id":"s","video_id":"v","title":"T","duration":"201.5","username":"elk"}}"#,
        ),
        (
            "channel.songrequest",
            r#"{"event":"song.next","payload":{"nextSong":{"title":"N"}}}"#,
            "song_request",
            r#"{"song":{"title":"N"}}"#,
        ),
        ("channel.songrequest", r#"{"event":"pause"}"#, "song_request", r#"{"event":"pause","song":null,"payload":null}"#),
        ("channel.overlay.action", r#"{"action":"skip"}"#, "overlay_action", r#"{"action":"skip"}"#),
        (
            "channel.overlay.broadcast",
            r#"{"target":"global","event":"lamp","data":{"on":true}}"#,
            "overlay_broadcast",
            r#"{"target":"global","event":"lamp","data":{"on":true}}"#,
        ),
        (
            "channel.overlay.update",
            r#"{"_id":"o","name":"Main","type":"widgets","widgets":[{},{}],"settings":{"width":1920}}"#,
            "overlay_update",
            r#"{"id":"o","name":"Main","overlay_type":"widgets","widgets":2,"overlay":{"settings":{"width":1920}}}"#,
        ),
        (
            "channel.kvstore.update",
            r#"{"key":"alerts.paused","value":false}"#,
            "key_value_update",
            r#"{"key":"alerts.paused","value":false}"#,
        ),
        ("channel.chatbot.status", r#"{"mod":true}"#, "chatbot_status", r#"{"mod":true,"banned":null}"#),
        ("channel.chatbot.counters", r#"{"counter":"falls","value":18}"#, "chatbot_counter", r#"{"counter":"falls","value":18}"#),
        (
            "channel.chatbot.modules.pyramid",
            r#"{"msg_id":"m","user_id":"u","user_name":"elk","word":"La","width":3}"#,
            "pyramid",
            r#"{"message_id":"m","user_name":"elk","word":"La","width":3}"#,
        ),
        (
            "channel.chatbot.modules.emotecombo",
            r#"{"msg_id":"m","user_id":"u","user_name":"elk","emote":"wave","count":12}"#,
            "emote_combo",
            r#"{"user_id":"u","emote":"wave","count":12}"#,
        ),
        (
            "channel.chatbot.audiencequeue",
            r#"{"event":"audience-queue:created","payload":{"title":"Play","isSuspended":false,"audienceMemberGroups":["vip","follower"],"maxQueueSize":0}}"#,
            "audience_queue",
            r#"{"event":"created","queue":{"title":"Play","is_suspended":false,"groups":["vip","follower"],"max_size":0},"member":null}"#,
        ),
        (
            "channel.chatbot.audiencequeue",
            r#"{"event":"audience-queue:member-selected","payload":{"id":"u","username":"elk","displayName":"Elk","watchTime":90,"audienceGroups":["vip"],"position":1}}"#,
            "audience_queue",
            r#"{"event":"member-selected","queue":null,"member":{"id":"u","username":"elk","watch_time":90,"groups":["vip"],"position":1}}"#,
        ),
        (
            "channel.chatbot.audiencequeue",
            r#"{"event":"audience-queue:deleted","payload":null}"#,
            "audience_queue",
            r#"{"event":"deleted","payload":null}"#,
        ),
    ];
    for (topic, data, kind, wanted) in samples {
        assert_view(topic, data, kind, wanted);
    }
}

#[test]
fn topics_and_payloads_without_a_view_stay_raw() {
    for (topic, data) in [
        ("channel.announcements", r#"{"type":"follow"}"#),
        ("channel.chatbot.timeout", r#"{"minutes":1}"#),
        ("astro", r#"{"message":"notice"}"#),
        ("", "{}"),
        ("channel.activities", r#"{"data":{}}"#),
        ("channel.activities", r#"{"type":7}"#),
        ("channel.activities", r#""follow""#),
        ("channel.activities", "null"),
        ("channel.activities", r#"{"type":"follow",}"#),
        ("channel.tips", r#"{"_id":"t"}"#),
        ("channel.tips", r#"{"_id":"t","donation":{"amount":"a lot"}}"#),
        ("channel.stream.status", r#"{"isLive":"yes"}"#),
        ("channel.chat.message", r#"{"platform":"smoke signals"}"#),
        ("channel.chat.message", r#"{"broadcaster_user_id":"1","message":{}}"#),
        ("channel.chatbot.status", r#"{"other":true}"#),
        ("channel.session.update", r#"{"data":{}}"#),
        ("channel.session.reset", "[]"),
    ] {
        assert_eq!(view(topic, data), None, "{topic} {data}");
        let frame = format!("{{\"data\":{data}}}");
        assert_eq!(AstroEvent::read(topic, frame.as_bytes()), AstroEvent::Unknown);
    }
}

#[test]
fn fields_of_the_wrong_type_are_left_out_and_the_rest_is_kept() {
    assert_view(
        "channel.activities",
        r#"{"type":"tip","provider":5,"flagged":"no","sessionEventsCount":1.5,"data":{"username":["x"],"amount":{},"currency":null,"message":"m","items":{}}}"#,
        "activity",
        r#"{"type":"tip","provider":null,"flagged":null,"session_events_count":null,"amount":null,"currency":null,"message":"m","items":[]}"#,
    );
}

#[test]
fn amounts_keep_every_digit() {
    for (written, kept) in [
        ("0.1", "0.1"),
        ("12.50", "12.50"),
        ("90071992547409931.01", "90071992547409931.01"),
        ("\"5.00\"", "5.00"),
        ("\" 7 \"", "7"),
        ("1.5e3", "1500"),
        ("-0", "0"),
    ] {
        let data = format!(r#"{{"type":"tip","data":{{"amount":{written}}}}}"#);
        assert_view("channel.activities", &data, "activity", &format!(r#"{{"amount":"{kept}"}}"#));
    }
}

#[test]
fn the_topic_comes_first_and_is_escaped() {
    let json = view("channel.stream.status", r#"{"isLive":false}"#).expect("a view");
    assert_eq!(json, r#"{"topic":"channel.stream.status","kind":"stream_status","is_live":false}"#);
}

#[test]
fn details_keep_what_has_no_name_yet() {
    let data = r#"{"type":"cheer","data":{"amount":100, "novel":1.10}}"#;
    let frame = format!("{{\"data\":{data}}}");
    let AstroEvent::Activity(activity) = AstroEvent::read("channel.activities", frame.as_bytes()) else { panic!("an activity") };
    assert_eq!(activity.details.as_ref().map(|details| details.get()), Some(r#"{"amount":100, "novel":1.10}"#));
}
