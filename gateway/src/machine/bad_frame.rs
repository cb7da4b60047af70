//! The bytes of frames that RFC 6455 forbids, as a server would send them.

use super::fault::BadFrame;

pub(crate) fn bytes(kind: BadFrame) -> Vec<u8> {
    match kind {
        BadFrame::ReservedOpcode => frame(0x83, b"three"),
        BadFrame::ReservedBits => frame(0xc1, b"rsv1"),
        // Mask key 0, so that the payload reads as it is.
        BadFrame::Masked => [&[0x81, 0x84, 0, 0, 0, 0][..], b"mask"].concat(),
        BadFrame::BadUtf8 => frame(0x81, &[0xc3, 0x28]),
        BadFrame::LoneContinuation => frame(0x80, b"of nothing"),
        BadFrame::FragmentedPing => [frame(0x09, b"a"), frame(0x80, b"b")].concat(),
        BadFrame::LongPing => [&[0x89, 126, 0, 126][..], &[b'p'; 126]].concat(),
        BadFrame::BadCloseCode => frame(0x88, &1005_u16.to_be_bytes()),
        BadFrame::ShortClose => frame(0x88, &[3]),
        BadFrame::PaddedLength => [&[0x81, 127][..], &5_u64.to_be_bytes(), b"hello"].concat(),
        BadFrame::Truncated => [&[0x81, 100][..], b"trunc"].concat(),
    }
}

fn frame(first: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).unwrap_or(125).min(125);
    let mut out = vec![first, length];
    out.extend_from_slice(&body[..usize::from(length)]);
    out
}
