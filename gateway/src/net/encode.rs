//! Frames as a server writes them: RFC 6455 section 5.2, never masked.
//!
//! The gateway writes its own, since a library refuses to write most of what a fault asks for.

use bytes::Bytes;

use crate::machine::Frame;

/// Payloads from this size on are not copied together with others.
const LARGE: usize = 16 * 1024;

/// Puts a frame behind what is in `out`, in pieces to be written one after the other.
pub(super) fn frame(frame: Frame, out: &mut Vec<Bytes>, small: &mut Vec<u8>) {
    match frame {
        Frame::Text(body) => one(0x81, body, out, small),
        Frame::Binary(body) => one(0x82, body, out, small),
        Frame::Ping(body) => one(0x89, body, out, small),
        Frame::Pong(body) => one(0x8a, body, out, small),
        Frame::Raw(body) => piece(body, out, small),
        Frame::Fragments { text, parts } => {
            let last = parts.len().saturating_sub(1);
            for (at, body) in parts.into_iter().enumerate() {
                let opcode = match (at, text) {
                    (0, true) => 0x01,
                    (0, false) => 0x02,
                    _ => 0x00,
                };
                let fin = if at == last { 0x80 } else { 0 };
                one(fin | opcode, body, out, small);
                if at == 0 && last > 0 {
                    // Control frames may stand between fragments, and a reader has to bear it.
                    one(0x89, Bytes::from_static(b"between"), out, small);
                }
            }
        }
    }
}

/// A close frame; without a code its body is empty.
pub(super) fn close(code: Option<u16>, reason: &str, out: &mut Vec<Bytes>, small: &mut Vec<u8>) {
    let body = match code {
        Some(code) => [&code.to_be_bytes()[..], reason.as_bytes()].concat(),
        None => Vec::new(),
    };
    one(0x88, Bytes::from(body), out, small);
}

fn one(first: u8, body: Bytes, out: &mut Vec<Bytes>, small: &mut Vec<u8>) {
    small.push(first);
    match body.len() {
        length @ 0..=125 => small.push(length as u8),
        length @ 126..=0xffff => {
            small.push(126);
            small.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            small.push(127);
            small.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    piece(body, out, small);
}

fn piece(body: Bytes, out: &mut Vec<Bytes>, small: &mut Vec<u8>) {
    if body.len() < LARGE {
        small.extend_from_slice(&body);
    } else {
        flush(out, small);
        out.push(body);
    }
}

/// Ends the run of small frames.
pub(super) fn flush(out: &mut Vec<Bytes>, small: &mut Vec<u8>) {
    if !small.is_empty() {
        out.push(Bytes::from(std::mem::take(small)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(given: Frame) -> Vec<u8> {
        let (mut out, mut small) = (Vec::new(), Vec::new());
        frame(given, &mut out, &mut small);
        flush(&mut out, &mut small);
        out.concat()
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        for (length, header) in [
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xff, 0xff]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let written = bytes(Frame::Binary(vec![7; length].into()));
            assert_eq!(written[..header.len()], header);
            assert_eq!(written.len(), header.len() + length);
        }
    }

    #[test]
    fn fragments_end_with_fin_and_have_a_ping_between_them() {
        let parts = vec![Bytes::from_static(b"a"), Bytes::from_static(b"b")];
        let written = bytes(Frame::Fragments { text: true, parts });
        assert_eq!(written[..3], [0x01, 1, b'a']);
        assert_eq!(written[3], 0x89);
        assert_eq!(written[written.len() - 3..], [0x80, 1, b'b']);
    }

    #[test]
    fn a_single_fragment_is_a_whole_message() {
        let parts = vec![Bytes::from_static(b"a")];
        assert_eq!(bytes(Frame::Fragments { text: true, parts }), [0x81, 1, b'a']);
    }
}
