//! Commands that the service acknowledges.
//!
//! Each has one number for as long as the session lives, in however many attempts: the service does what it has done under a number not again,
//! and says `Duplicate`. (The official clients take a new number for each attempt, and so publish twice when an acknowledgement is lost.)

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::wire::{Beside, Content, Refusal, Request};
use super::{WebPubSub, names};
use crate::command::{Command, DataType};
use crate::dialect::{Answer, Class, Dispatch};
use crate::error::{Code, Error};
use crate::event::FaultKind;
use crate::id::{KeyId, LinkId, RequestId};
use crate::session::Context;

/// What a number was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    Join(KeyId),
    Leave(KeyId),
    Request(RequestId),
}

/// The numbers of a session.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    last: u64,
    given: BTreeMap<Operation, (u64, u32)>,
    owners: BTreeMap<u64, Operation>,
}

impl Numbers {
    /// The number of an operation, the same for every attempt; and which attempt this is, from 1 on.
    fn take(&mut self, operation: Operation) -> (u64, u32) {
        let (number, tries) = self.given.entry(operation).or_insert_with(|| {
            self.last += 1;
            self.owners.insert(self.last, operation);
            (self.last, 0)
        });
        *tries += 1;
        (*number, *tries)
    }

    fn forget(&mut self, operation: Operation) {
        if let Some((number, _)) = self.given.remove(&operation) {
            self.owners.remove(&number);
        }
    }

    /// Another session knows none of these numbers. They go on rising, so that a late answer is not taken for another's.
    pub(super) fn begin(&mut self) {
        self.given.clear();
        self.owners.clear();
    }
}

/// The name under which the ledger keeps a number: names sort as the numbers do.
fn key(number: u64) -> String {
    format!("{number:016}")
}

/// The same for an invocation.
fn invocation_key(invocation: u64) -> String {
    format!("i{invocation:016}")
}

/// What is sent along with a command: beside it, or in it.
pub(super) fn content(kind: DataType, inside: Option<&Value>, beside: &Bytes) -> Result<Content, Error> {
    let bytes = match (kind, inside) {
        (_, None) => beside.clone(),
        (_, Some(_)) if !beside.is_empty() => return Err(Error::option("data", "nothing, since the payload travels beside the command")),
        (DataType::Json, Some(value)) => value.to_string().into(),
        (DataType::Text, Some(Value::String(text))) => text.clone().into(),
        (DataType::Text, Some(_)) => return Err(Error::option("data", "a string, since `data_type` is `text`")),
        (DataType::Binary | DataType::Protobuf, Some(value)) => {
            use base64::Engine as _;
            let bytes = value.as_str().and_then(|text| base64::prelude::BASE64_STANDARD.decode(text).ok());
            bytes.ok_or_else(|| Error::option("data", "base64 in a string, since `data_type` is bytes"))?.into()
        }
    };
    Ok(Content { kind, bytes })
}

impl WebPubSub {
    /// Joins or leaves a group.
    pub(super) fn change(&mut self, cx: &mut Context<'_>, link: LinkId, operation: Operation, group: &str) -> Dispatch {
        let (number, _) = self.numbers.take(operation);
        let ack_id = Some(number);
        let request = match operation {
            Operation::Join(_) => Request::JoinGroup { group, ack_id },
            Operation::Leave(_) | Operation::Request(_) => Request::LeaveGroup { group, ack_id },
        };
        let class = if matches!(operation, Operation::Request(_)) { Class::SameId } else { Class::Idempotent };
        match self.say(cx, link, &request) {
            Ok(()) => Dispatch::Sent { answer: key(number), class },
            Err(error) => Dispatch::Refused(error),
        }
    }

    /// Carries a command out.
    pub(super) fn carry_out(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        request: RequestId,
        command: &Command,
        payload: &Bytes,
    ) -> Result<Dispatch, Error> {
        match command {
            Command::LeaveGroup(target) => Ok(self.change(cx, link, Operation::Request(request), &target.group)),
            Command::SendToGroup(message) => {
                names::group(&message.group)?;
                names::metadata(&message.metadata)?;
                names::ttl(message.ttl_seconds)?;
                let content = content(message.data_type, message.data.as_ref(), payload)?;
                let beside = Beside { metadata: Some(&message.metadata), ttl_seconds: message.ttl_seconds };
                self.numbered(cx, link, request, message.fire_and_forget, |ack_id| Request::SendToGroup {
                    group: &message.group,
                    content: &content,
                    beside,
                    no_echo: message.no_echo,
                    ack_id,
                })
            }
            Command::SendEvent(event) => {
                names::event(&event.event)?;
                names::metadata(&event.metadata)?;
                let content = content(event.data_type, event.data.as_ref(), payload)?;
                let beside = Beside { metadata: Some(&event.metadata), ..Beside::default() };
                self.numbered(cx, link, request, event.fire_and_forget, |ack_id| Request::Event {
                    event: &event.event,
                    content: &content,
                    beside,
                    ack_id,
                })
            }
            Command::Invoke(invocation) => {
                names::event(&invocation.event)?;
                let content = content(invocation.data_type, invocation.data.as_ref(), payload)?;
                self.last_invocation += 1;
                let id = self.last_invocation;
                let invocation_id = &id.to_string();
                self.say(cx, link, &Request::Invoke { invocation_id, event: &invocation.event, content: &content })?;
                Ok(Dispatch::Sent { answer: invocation_key(id), class: Class::Once })
            }
            Command::SetGroupState { group, state } => {
                names::group(group)?;
                self.numbered(cx, link, request, false, |ack_id| Request::SetGroupState { group, state: state.as_ref(), ack_id })
            }
            Command::SubscribeGroupState(target) => {
                names::group(&target.group)?;
                self.numbered(cx, link, request, false, |ack_id| Request::SubscribeGroupState { group: &target.group, ack_id })
            }
            Command::UnsubscribeGroupState(target) => {
                names::group(&target.group)?;
                self.numbered(cx, link, request, false, |ack_id| Request::UnsubscribeGroupState { group: &target.group, ack_id })
            }
            Command::StartStream(start) => self.start_stream(cx, link, request, start),
            Command::StreamData(fragment) => self.stream_data(cx, link, request, fragment, payload),
            Command::EndStream(end) => self.end_stream(cx, link, request, end),
            _ => Err(Error::new(Code::Unsupported, "Web PubSub has groups, events and streams; it has no such command")),
        }
    }

    fn numbered<'r>(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        request: RequestId,
        forget: bool,
        make: impl FnOnce(Option<u64>) -> Request<'r>,
    ) -> Result<Dispatch, Error> {
        if forget {
            self.say(cx, link, &make(None))?;
            cx.answer_when_written(link, request);
            return Ok(Dispatch::Done);
        }
        let operation = Operation::Request(request);
        let (number, tries) = self.numbers.take(operation);
        if tries > self.options.retries.saturating_add(1) {
            self.numbers.forget(operation);
            let text = format!("the service did not acknowledge the command in {} attempts: it may have been carried out", tries - 1);
            return Err(Error::new(Code::OutcomeUnknown, text));
        }
        self.say(cx, link, &make(Some(number))).inspect_err(|_| self.numbers.forget(operation))?;
        let class = if self.options.resend_unknown { Class::Idempotent } else { Class::SameId };
        Ok(Dispatch::Sent { answer: key(number), class })
    }

    /// The service acknowledged something, or refused it.
    pub(super) fn acked(&mut self, cx: &mut Context<'_>, link: LinkId, number: u64, success: bool, refusal: Option<Refusal>) {
        let Some(operation) = self.numbers.owners.get(&number).copied() else {
            // Of a command that was taken back, or of an earlier attempt that was answered meanwhile.
            return;
        };
        let refusal = refusal.unwrap_or_default();
        let duplicate = !success && refusal.name == "Duplicate";
        if success || duplicate {
            self.numbers.forget(operation);
            let result = format!(r#"{{"ack_id":{number},"duplicate":{duplicate}}}"#);
            cx.answer(link, &key(number), Answer::Done { result: Some(result.into()), canonical: None });
            return;
        }
        let tries = self.numbers.given.get(&operation).map_or(0, |(_, tries)| *tries);
        let error = refused(&refusal);
        if !error.retryable || tries > self.options.retries {
            self.numbers.forget(operation);
            cx.answer(link, &key(number), Answer::Failed(error));
        } else if let Operation::Request(request) = operation {
            if cx.put_off(link, &key(number)) {
                cx.fault(FaultKind::Gateway, error);
                let wait = self.wait_before(cx, tries);
                cx.timer(request.0, Some(cx.now().after(wait)));
            }
        } else {
            cx.answer(link, &key(number), Answer::Retry(error));
        }
    }

    /// The wait before another attempt: about a second, doubling, spread so that a thousand clients do not come back at once.
    fn wait_before(&self, cx: &mut Context<'_>, tries: u32) -> Duration {
        let initial = self.options.reconnect.initial;
        let full = (initial * 2_u32.saturating_pow(tries.saturating_sub(1).min(16))).min(self.options.reconnect.max);
        let nonce = cx.nonce();
        let dice = nonce.get(..8).and_then(|text| u32::from_str_radix(text, 16).ok()).unwrap_or_default();
        full / 2 + (full / 2).mul_f64(f64::from(dice) / f64::from(u32::MAX))
    }

    /// An invocation was answered.
    pub(super) fn invoked(
        &mut self,
        cx: &mut Context<'_>,
        link: LinkId,
        id: &str,
        success: Option<bool>,
        result: Option<Bytes>,
        refusal: Option<Refusal>,
    ) {
        let Ok(invocation) = id.parse() else { return };
        let answer = match success {
            Some(true) => Answer::Done { result, canonical: None },
            Some(false) => Answer::Failed(refused(&refusal.unwrap_or_default()).retryable(false)),
            None => {
                // As the official client does with an answer that is none.
                let _ = self.say(cx, link, &Request::CancelInvocation { invocation_id: id });
                Answer::Failed(Error::new(Code::ProtocolError, "the service answered an invocation without saying whether it succeeded"))
            }
        };
        cx.answer(link, &invocation_key(invocation), answer);
    }

    /// A command was taken back.
    pub(super) fn taken_back(&mut self, cx: &mut Context<'_>, link: LinkId, answer: &str) {
        if let Some(invocation) = answer.strip_prefix('i').and_then(|text| text.parse::<u64>().ok()) {
            let _ = self.say(cx, link, &Request::CancelInvocation { invocation_id: &invocation.to_string() });
        } else if let Some(operation) = answer.parse().ok().and_then(|number: u64| self.numbers.owners.get(&number).copied()) {
            self.numbers.forget(operation);
        }
    }
}

/// What the service calls a refusal, as ours.
pub(super) fn refused(refusal: &Refusal) -> Error {
    // Others may come to be; they are tried again, since nothing says that it is useless.
    let (code, retryable) = match refusal.name.as_str() {
        "Forbidden" | "BadRequest" | "NotFound" | "InvocationFailed" => (Code::Refused, false),
        "Timeout" => (Code::Timeout, true),
        _ => (Code::GatewayError, true),
    };
    Error::new(code, "the service refused the command")
        .from_gateway(Some(refusal.name.clone()), Some(refusal.message.clone()))
        .retryable(retryable)
}
