//! What the end of a connection means.
//!
//! Services stretch the codes: the same 4429 is a protocol error for one and a rate limit for another. So the sets are configurable in
//! both directions, and nothing is retried without a wait.

use std::time::Duration;

use crate::dialect::{Verdict, lost};
use crate::error::{Code, Error};
use crate::options::{DEFAULT_CREDENTIAL, GraphQlOptions};
use crate::session::io::{DialFailure, DialPhase, LinkEnd};

/// Too many connections, or too slow a reader: coming back soon would repeat it.
const LONG: Duration = Duration::from_secs(15);

/// What a close means for the connection.
pub(super) fn ended(options: &GraphQlOptions, end: &LinkEnd, refused: Option<Error>) -> Verdict {
    let code = end.code();
    let error = lost(end);
    if options.retry_closes.contains(&code) {
        return Verdict::Retry(error);
    }
    if options.fatal_closes.contains(&code) {
        return Verdict::Fatal(error.retryable(false));
    }
    if let Some(refused) = refused {
        return refresh(refused);
    }
    match code {
        4401 | 4403 => {
            refresh(Error { code: Code::Unauthorized, message: "the server refused the session".into(), ..error }.retryable(false))
        }
        4400 | 4406 | 4409 => Verdict::Fatal(error.retryable(false)),
        // What we sent was malformed, of a wrong kind or too large: it would be again.
        1002 | 1003 | 1007 | 1009 | 1010 => Verdict::Fatal(error.retryable(false)),
        4429 | 1013 => Verdict::RetryAfter { wait: LONG, keep_resume: false, error },
        _ => Verdict::Retry(error),
    }
}

/// What a failed attempt means.
pub(super) fn failed(options: &GraphQlOptions, failure: &DialFailure) -> Verdict {
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
        400 | 404 | 405 | 410 | 426 => Verdict::Fatal(error),
        429 => Verdict::RetryAfter { wait: LONG, keep_resume: false, error: error.retryable(true) },
        _ => Verdict::Retry(error.retryable(true)),
    }
}

fn refresh(error: Error) -> Verdict {
    Verdict::Refresh { credential: DEFAULT_CREDENTIAL.to_owned(), error }
}
