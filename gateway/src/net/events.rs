//! Web PubSub's event handlers outside of the machine: a Rust function, or a server that speaks CloudEvents over HTTP.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::actor::Actor;
use crate::machine::webpubsub::{Data, DataKind, EventAnswer, EventCall};

/// A handler may answer this much, and take this long.
const MAX_ANSWER: usize = 16 << 20;
const DEADLINE: Duration = Duration::from_secs(30);

/// The name under which we ask to be let in.
const ORIGIN: &str = "127.0.0.1";

type Function = Arc<dyn Fn(&EventCall) -> EventAnswer + Send + Sync>;

/// The function that answers events, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Handler(Arc<Mutex<Option<Function>>>);

impl Handler {
    pub(crate) fn set(&self, function: impl Fn(&EventCall) -> EventAnswer + Send + Sync + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(function));
    }

    fn get(&self) -> Option<Function> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers events in the order in which they come, until the gateway ends.
pub(super) async fn serve(actor: Actor, mut events: mpsc::UnboundedReceiver<EventCall>, handler: Handler) {
    let mut allowed = BTreeSet::new();
    while let Some(event) = events.recv().await {
        let answer = match handler.get() {
            Some(function) => function(&event),
            None => match actor.call(|machine, _| machine.options().webpubsub.upstream.clone()).await {
                Ok(Some(address)) => match tokio::time::timeout(DEADLINE, over_http(&address, &event, &mut allowed)).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(why)) => EventAnswer::Failed { status: 500, why },
                    Err(_) => EventAnswer::Failed { status: 500, why: "the event handler did not answer in time".to_owned() },
                },
                _ => EventAnswer::Failed { status: 500, why: "there is no event handler".to_owned() },
            },
        };
        if actor.call(move |machine, now| machine.answer_event(now, event.call, answer)).await.is_err() {
            return;
        }
    }
}

async fn over_http(address: &str, event: &EventCall, allowed: &mut BTreeSet<String>) -> Result<EventAnswer, String> {
    let uri: Uri = address.parse().map_err(|_| "the option `upstream` is not an address".to_owned())?;
    if !allowed.contains(address) {
        // Whoever does not know of us must not get our requests.
        let asked = Request::builder().method(Method::OPTIONS).header("webhook-request-origin", ORIGIN);
        let answer = exchange(&uri, asked, Bytes::new()).await?;
        let welcome = answer.headers().get("webhook-allowed-origin").and_then(|value| value.to_str().ok());
        if !welcome.is_some_and(|origins| origins.split(',').any(|origin| matches!(origin.trim(), "*" | ORIGIN))) {
            return Err("the event handler does not allow us (`WebHook-Allowed-Origin`)".to_owned());
        }
        allowed.insert(address.to_owned());
    }
    let mut request = Request::builder()
        .method(Method::POST)
        .header(header::CONTENT_TYPE, event.data.kind.content_type())
        .header("webhook-request-origin", ORIGIN)
        .header("ce-specversion", "1.0")
        .header("ce-type", &event.kind)
        .header("ce-source", format!("/hubs/{}/client/{}", event.hub, event.connection))
        .header("ce-id", event.call.to_string())
        .header("ce-time", time())
        .header("ce-hub", &event.hub)
        .header("ce-connectionid", &event.connection)
        .header("ce-eventname", &event.event)
        .header("ce-signature", &event.signature);
    let optional = [("ce-userid", &event.user), ("ce-subprotocol", &event.subprotocol), ("ce-connectionstate", &event.state)];
    for (name, value) in optional {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    let answer = exchange(&uri, request, event.data.bytes.clone()).await?;
    let (head, body) = answer.into_parts();
    if !head.status.is_success() {
        return Ok(EventAnswer::Failed {
            status: head.status.as_u16(),
            why: format!("the event handler answered {}", head.status.as_u16()),
        });
    }
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kind = DataKind::of_content_type(&text("content-type").unwrap_or_default());
    let data = (!body.is_empty()).then_some(Data { kind, bytes: body });
    Ok(EventAnswer::Done { data, state: text("ce-connectionstate") })
}

/// CloudEvents wants a time; handlers that we know of do not look at it.
fn time() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |passed| passed.as_secs());
    rfc3339(seconds)
}

/// Seconds since 1970 as RFC 3339 has them (the civil calendar of H. Hinnant's `civil_from_days`).
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

async fn exchange(uri: &Uri, request: hyper::http::request::Builder, body: Bytes) -> Result<hyper::Response<Bytes>, String> {
    let host = uri.host().ok_or("the option `upstream` names no host")?;
    let port = uri.port_u16().unwrap_or(80);
    let unreachable = |_| "the event handler could not be reached".to_owned();
    let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
    let broken = |_| "the connection to the event handler broke".to_owned();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let driving = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = request.uri(path).header(header::HOST, format!("{host}:{port}")).body(Full::new(body));
    let request = request.map_err(|_| "a name that cannot stand in a header".to_owned())?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|_| "the event handler's answer is too large".to_owned())?;
    driving.abort();
    Ok(hyper::Response::from_parts(head, body.to_bytes()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_written_as_cloud_events_has_them() {
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(super::rfc3339(1_793_491_261), "2026-11-01T00:01:01Z");
    }
}
