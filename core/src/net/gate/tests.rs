//! The gate in front of the codec, over a pipe.

use std::future::poll_fn;

use futures_util::StreamExt as _;
use proptest::prelude::*;
use tokio::io::{AsyncWriteExt as _, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::*;

const LIMIT: usize = 100_000;

/// A gate over a pipe, with the codec behind it.
#[derive(Debug)]
struct Piped {
    gate: Gate,
    pipe: DuplexStream,
}

impl AsyncRead for Piped {
    fn poll_read(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piped = &mut *self;
        piped.gate.poll_granted(&mut piped.pipe, cx, into)
    }
}

impl tokio::io::AsyncWrite for Piped {
    fn poll_write(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        std::pin::Pin::new(&mut self.pipe).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

struct Reader {
    socket: WebSocketStream<Piped>,
    /// How many messages came without the codec.
    whole: usize,
}

impl Reader {
    async fn new(early: &'static [u8], pipe: DuplexStream) -> Self {
        let mut gate = Gate::open();
        gate.shut(&Bytes::from_static(early), LIMIT);
        let config = WebSocketConfig::default().read_buffer_size(1 << 10).max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
        Self { socket: WebSocketStream::from_raw_socket(Piped { gate, pipe }, Role::Client, Some(config)).await, whole: 0 }
    }

    /// As a link does it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        loop {
            let Piped { gate, pipe } = self.socket.get_mut();
            match ready!(gate.poll_next(pipe, cx, true)) {
                Next::Whole(frame) => {
                    self.whole += 1;
                    return Poll::Ready(Some(Ok(match frame {
                        Frame::Text(text) => Message::Text(text.try_into().expect("the gate has looked at it")),
                        Frame::Binary(bytes) => Message::Binary(bytes),
                        other => panic!("the gate gives data frames only, not {other:?}"),
                    })));
                }
                Next::Codec => match self.socket.poll_next_unpin(cx) {
                    Poll::Pending if self.socket.get_ref().gate.is_shut() => {}
                    other => return other,
                },
                Next::Dry => panic!("it was asked to read"),
            }
        }
    }

    async fn all(&mut self) -> Vec<Result<Message, Error>> {
        let mut all = Vec::new();
        while let Some(message) = poll_fn(|cx| self.poll(cx)).await {
            all.push(message);
        }
        all
    }
}

/// What is read of these bytes when they come in pieces of this size.
async fn read(bytes: Vec<u8>, piece: usize) -> (Vec<Result<Message, Error>>, usize) {
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let mut reader = Reader::new(b"", near).await;
    let write = async {
        for piece in bytes.chunks(piece) {
            far.write_all(piece).await.expect("the pipe is wide");
            tokio::task::yield_now().await;
        }
        far.shutdown().await.expect("open");
        // Kept, since pings are answered.
        far
    };
    let (all, _far) = tokio::join!(reader.all(), write);
    (all, reader.whole)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(len as u8),
        len @ 126..65536 => frame.extend([&[126], &(len as u16).to_be_bytes()[..]].concat()),
        len => frame.extend([&[127], &(len as u64).to_be_bytes()[..]].concat()),
    }
    frame.extend(payload);
    frame
}

fn text(one: &str) -> Message {
    Message::text(one)
}

#[tokio::test]
async fn data_frames_go_past_the_codec_and_all_others_through_it_in_order() {
    let bytes = [
        frame(0x81, b"one"),
        frame(0x89, b"ping"),
        frame(0x82, &[7; 70_000]),
        frame(0x01, b"two "),
        frame(0x8a, b"pong"),
        frame(0x80, b"halves"),
        frame(0x81, b""),
        frame(0x88, &1000_u16.to_be_bytes()),
    ]
    .concat();
    for piece in [1, 2, 7, 1000, 100_000] {
        let (all, whole) = read(bytes.clone(), piece).await;
        let got: Vec<Message> = all.into_iter().map(|message| message.expect("no error")).filter(|message| !message.is_close()).collect();
        let wanted = [
            text("one"),
            Message::Ping("ping".into()),
            Message::binary(vec![7; 70_000]),
            Message::Pong("pong".into()),
            text("two halves"),
            text(""),
        ];
        assert!(got == wanted, "in pieces of {piece}");
        assert_eq!(whole, 3);
    }
}

#[tokio::test]
async fn what_breaks_the_protocol_is_an_error_wherever_it_comes() {
    let masked = [vec![0x81, 0x81, 1, 2, 3, 4], b"a".to_vec()].concat();
    let broken = [
        frame(0x81, b"\xff\xfe"),
        frame(0xc1, b"compressed"),
        frame(0x83, b"reserved"),
        frame(0x80, b"continues nothing"),
        [frame(0x01, b"begun"), frame(0x81, b"and not ended")].concat(),
        frame(0x82, &vec![0; LIMIT + 1]),
        frame(0x89, &[0; 126]),
        masked,
        frame(0x81, b"cut off")[..5].to_vec(),
        vec![0x81],
        Vec::new(),
    ];
    for bytes in broken {
        for piece in [1_usize, 5, 200_000] {
            let bytes = [frame(0x81, b"good"), bytes.clone()].concat();
            let (all, _) = read(bytes.clone(), piece.max(bytes.len() / 1000)).await;
            assert!(
                matches!(all.as_slice(), [Ok(first), Err(_)] if *first == text("good")),
                "{:?}: {all:?}",
                &bytes[..20.min(bytes.len())]
            );
        }
    }
}

#[tokio::test]
async fn bytes_that_came_with_the_upgrade_are_read_first() {
    let (near, mut far) = tokio::io::duplex(1 << 10);
    let mut reader = Reader::new(b"\x81\x03one\x81", near).await;
    far.write_all(b"\x03two").await.expect("written");
    far.shutdown().await.expect("open");
    let all = reader.all().await;
    assert!(matches!(all.as_slice(), [Ok(one), Ok(two), Err(_)] if *one == text("one") && *two == text("two")), "{all:?}");
}

#[tokio::test]
async fn a_stream_that_has_run_dry_holds_no_buffer() {
    for size in [10, SMALL - 4, SMALL + 100, LARGE + SMALL] {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut reader = Reader::new(b"", near).await;
        far.write_all(&frame(0x82, &vec![1; size])).await.expect("written");
        assert!(matches!(poll_fn(|cx| Poll::Ready(reader.poll(cx))).await, Poll::Ready(Some(Ok(_)))));
        assert!(poll_fn(|cx| Poll::Ready(reader.poll(cx))).await.is_pending());
        assert_eq!(reader.socket.get_ref().gate.buffer.capacity(), 0, "after {size} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Frames of all kinds and sizes, cut anywhere, are read as the codec alone would read them.
    #[test]
    fn frames_cut_anywhere_are_what_the_codec_alone_reads(
        frames in prop::collection::vec((prop::sample::select(vec![0x81_u8, 0x82, 0x01, 0x80, 0x00, 0x89, 0x8a]), 0..20_000_usize), 1..12),
        piece in 1..30_000_usize,
    ) {
        let mut open = false;
        let mut bytes = Vec::new();
        for (first, size) in frames {
            // Fragments in an order that is allowed.
            let first = match (first, open) {
                (0x80 | 0x00, false) => 0x81,
                (0x81 | 0x82 | 0x01, true) => 0x00,
                (first, _) => first,
            };
            open = match first { 0x01 => true, 0x80 => false, _ => open };
            bytes.extend(frame(first, &vec![b'x'; if first & 8 == 0 { size } else { size % 126 }]));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (gated, _) = read(bytes.clone(), piece).await;
            let (near, mut far) = tokio::io::duplex(1 << 20);
            far.write_all(&bytes).await.expect("the pipe is wide");
            far.shutdown().await.expect("open");
            let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
            let codec: Vec<_> = WebSocketStream::from_raw_socket(near, Role::Client, Some(config)).await.collect().await;
            let same = gated.len() == codec.len() && gated.iter().zip(&codec).all(|both| match both {
                (Ok(one), Ok(other)) => one == other,
                (one, other) => one.is_err() == other.is_err(),
            });
            assert!(same, "{} and {}", gated.len(), codec.len());
        });
    }
}
