//! Where the events of an operation come from.

use apollo_compiler::executable::OperationType;
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::{Value, json};
use topicwire::time::UnixMillis;

use super::document::{Document, RootField};

/// A string of an event is no longer than this, whatever is asked for.
const MAX_BIG: i64 = 256 << 20;

/// Makes the events of one operation.
#[derive(Debug)]
pub(super) enum Source {
    /// A query or a mutation: one result, after a while.
    Once,
    Countdown {
        left: i64,
    },
    Ticks {
        next: i64,
        n: i64,
        label: Value,
    },
    FailingField {
        next: i64,
        n: i64,
        every: i64,
    },
    FailingStream {
        next: i64,
        after: i64,
    },
    Big {
        left: i64,
        bytes: i64,
    },
    /// Emits only what is published.
    Quiet,
}

/// What a source has next.
pub(super) enum Event {
    /// An event, whose root field has this value.
    Value(Value),
    /// An event whose root field fails.
    Failure(String),
    /// No more events.
    End,
    /// The source broke.
    Broken(String),
    /// Run the query or mutation.
    Execute,
}

/// A source, and how long to wait before each of its events; none never asks it.
pub(super) fn of(document: &Document) -> Result<(Source, Option<u64>), String> {
    if document.kind != OperationType::Subscription {
        let slow = document.fields.iter().filter(|f| f.name == "slow");
        let delay = slow.map(|field| int(field, "ms")).max().unwrap_or(0);
        return Ok((Source::Once, Some(delay.max(0).unsigned_abs())));
    }
    let Some(field) = document.fields.first() else {
        return Ok((Source::Quiet, None));
    };
    let interval = int(field, "intervalMs").max(0).unsigned_abs();
    let source = match field.name.as_str() {
        "countdown" => Source::Countdown { left: int(field, "from") },
        "ticks" => {
            let n = int(field, "n");
            let label = field.arguments.get("label");
            let source = Source::Ticks { next: 1, n, label: label.and_then(|l| l.as_str()).map_or(Value::Null, Value::from) };
            // Without end and without a pause no time would ever pass.
            let interval = if n == 0 { interval.max(1) } else { interval };
            return Ok((source, Some(interval)));
        }
        "failingField" => Source::FailingField { next: 1, n: int(field, "n"), every: int(field, "every").max(1) },
        "failingStream" => Source::FailingStream { next: 1, after: int(field, "after") },
        "failingSubscribe" => return Err("cannot subscribe".to_owned()),
        "big" => {
            let bytes = int(field, "bytes");
            if bytes > MAX_BIG {
                return Err(format!("bytes must be at most {MAX_BIG}, not {bytes}"));
            }
            Source::Big { left: int(field, "n"), bytes: bytes.max(0) }
        }
        _ => return Ok((Source::Quiet, None)),
    };
    Ok((source, Some(interval)))
}

fn int(field: &RootField, name: &str) -> i64 {
    let value = field.arguments.get(name);
    value.and_then(|value| value.as_i64()).unwrap_or(0)
}

impl Source {
    pub(super) fn next(&mut self, wall: UnixMillis) -> Event {
        match self {
            Self::Once => Event::Execute,
            Self::Quiet => Event::End,
            Self::Countdown { left } if *left < 0 => Event::End,
            Self::Countdown { left } => {
                *left -= 1;
                Event::Value(json!(*left + 1))
            }
            Self::Ticks { next, n, .. } if *n != 0 && *next > *n => Event::End,
            Self::Ticks { next, label, .. } => {
                *next += 1;
                Event::Value(json!({
                    "seq": *next - 1,
                    "atMs": wall.0.to_string(),
                    "label": label,
                }))
            }
            Self::FailingField { next, n, .. } if *next > *n => Event::End,
            Self::FailingField { next, every, .. } => {
                *next += 1;
                let value = *next - 1;
                if value % *every == 0 { Event::Failure(format!("value {value} failed")) } else { Event::Value(json!(value)) }
            }
            Self::FailingStream { next, after } if *next > *after => Event::Broken("event source broke".to_owned()),
            Self::FailingStream { next, .. } => {
                *next += 1;
                Event::Value(json!(*next - 1))
            }
            Self::Big { left, .. } if *left <= 0 => Event::End,
            Self::Big { left, bytes } => {
                *left -= 1;
                let length = usize::try_from(*bytes).unwrap_or(0);
                Event::Value(Value::String("x".repeat(length)))
            }
        }
    }
}

/// The root object of one event of a subscription.
pub(super) struct EventRoot(pub(super) Result<Value, String>);

impl ObjectValue for EventRoot {
    fn type_name(&self) -> &str {
        "Subscription"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match &self.0 {
            Ok(value) => Ok(resolved(info, value)),
            Err(message) => Err(FieldError { message: message.clone() }),
        }
    }
}

/// An object of the schema whose fields are those of a JSON object.
struct JsonObject<'v> {
    type_name: String,
    value: &'v Value,
}

impl ObjectValue for JsonObject<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let value = self.value.get(info.field_name()).unwrap_or(&Value::Null);
        Ok(resolved(info, value))
    }
}

fn resolved<'a>(info: &ResolveInfo<'_>, value: &'a Value) -> ResolvedValue<'a> {
    let type_name = info.field_definition().ty.inner_named_type();
    if value.is_object() && info.schema().get_object(type_name).is_some() {
        ResolvedValue::object(JsonObject { type_name: type_name.to_string(), value })
    } else {
        ResolvedValue::leaf(value.clone())
    }
}

/// The root objects of queries and mutations.
pub(super) struct OnceRoot(pub(super) OperationType);

impl ObjectValue for OnceRoot {
    fn type_name(&self) -> &str {
        match self.0 {
            OperationType::Mutation => "Mutation",
            _ => "Query",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let text = |name: &str| {
            let value = info.arguments().get(name).and_then(|v| v.as_str());
            value.unwrap_or_default().to_owned()
        };
        match info.field_name() {
            "hello" => Ok(ResolvedValue::leaf(format!("hello {}", text("name")))),
            "slow" => {
                let ms = info.arguments().get("ms").and_then(|v| v.as_i64());
                Ok(ResolvedValue::leaf(format!("slept {}", ms.unwrap_or(0))))
            }
            "fail" => Err(FieldError { message: "query field failed".to_owned() }),
            "echo" => Ok(ResolvedValue::leaf(text("text"))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}
