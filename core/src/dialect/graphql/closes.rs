//! What the end of a connection means.
//!
//! Services stretch the codes: the same 4429 is a protocol error for one and a rate limit for another. So the sets are configurable in
//! both directions, and nothing is retried without a wait. Where the reference client gives up since a code is not meant for what
//! happened (1008, 1011), we come back: a program that listens for days loses more by ending than by another attempt.

use std::time::Duration;

use crate::dialect::{Verdict, lost, retry_after};
use crate::error::{Code, Error};
use crate::options::{DEFAULT_CREDENTIAL, GraphQlOptions};
use crate::session::io::{DialFailure, DialPhase, LinkEnd};
use crate::time::Now;

/// Too many connections, or too slow a reader: coming back soon would repeat it.
const LONG: Duration = Duration::from_secs(15);

/// What a close means for the connection.
pub(super) fn ended(options: &GraphQlOptions, end: &LinkEnd) -> Verdict {
    let code = end.code();
    let error = lost(end);
    if options.retry_closes.contains(&code) {
        return Verdict::Retry(error);
    }
    if options.fatal_closes.contains(&code) {
        return Verdict::Fatal(error.retryable(false));
    }
    match code {
        4401 | 4403 => refresh(unauthorized(error)),
        4400 | 4406 | 4409 => Verdict::Fatal(error.retryable(false)),
        // What we sent was malformed, of a wrong kind or too large, or we cannot agree on how to talk: it would be the same again.
        1002 | 1003 | 1007 | 1009 | 1010 => Verdict::Fatal(error.retryable(false)),
        4429 => {
            let message = "the server has too many connections of ours, or too many attempts";
            long(Error { code: Code::RateLimited, message: message.into(), ..error })
        }
        1013 => long(error),
        _ => Verdict::Retry(error),
    }
}

/// The server refused the session with a `connection_error`, which is legacy's 4403.
pub(super) fn refused(options: &GraphQlOptions, error: Error) -> Verdict {
    if options.retry_closes.contains(&4403) { Verdict::Retry(error.retryable(true)) } else { refresh(unauthorized(error)) }
}

/// What a failed attempt means.
pub(super) fn failed(options: &GraphQlOptions, now: Now, failure: &DialFailure) -> Verdict {
    if failure.phase == DialPhase::Protocol {
        if options.assume_legacy {
            let error = Error::new(Code::HandshakeFailed, "the server named no subprotocol; it is taken for a legacy one");
            return Verdict::RetryAfter { wait: Duration::ZERO, keep_resume: false, error };
        }
        let text =
            format!("no subprotocol could be agreed on ({}); set `protocol` to what the server speaks, or `assume_legacy`", failure.error);
        return Verdict::Fatal(Error::new(Code::HandshakeFailed, text));
    }
    let Some(answer) = &failure.http else {
        return Verdict::Retry(Error::new(
            Code::ConnectionFailed,
            format!("could not connect ({}): {}", failure.phase.as_str(), failure.error),
        ));
    };
    let error = Error::new(Code::HandshakeFailed, "the server refused the upgrade to WebSocket")
        .from_gateway(Some(answer.status.to_string()), None::<String>);
    match answer.status {
        401 | 403 => refresh(Error { code: Code::Unauthorized, ..error }),
        // Some servers say so to a token that they do not know, or that has run out. Without another token it is final.
        400 | 404 | 426 => refresh(error),
        405 | 410 => Verdict::Fatal(error),
        429 => long_after(Error { code: Code::RateLimited, ..error }.retryable(true), retry_after(now, answer).unwrap_or(LONG)),
        _ => long_after(error.retryable(true), retry_after(now, answer).unwrap_or_default()),
    }
}

fn unauthorized(error: Error) -> Error {
    Error { code: Code::Unauthorized, message: "the server refused the session".into(), ..error }.retryable(false)
}

fn refresh(error: Error) -> Verdict {
    Verdict::Refresh { credential: DEFAULT_CREDENTIAL.to_owned(), error }
}

fn long(error: Error) -> Verdict {
    long_after(error, LONG)
}

fn long_after(error: Error, wait: Duration) -> Verdict {
    Verdict::RetryAfter { wait, keep_resume: false, error }
}
