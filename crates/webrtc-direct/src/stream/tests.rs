//! Two streams with a wire between them that loses nothing.

use std::pin::pin;

use futures::task::noop_waker;
use futures::{AsyncReadExt as _, AsyncWriteExt as _, FutureExt as _};
use proptest::prelude::*;

use super::*;
use crate::frame::{Flag, Frame, MAX_FRAME};

/// The ends' side of two connected streams.
pub(crate) struct Wire {
    sides: [Side; 2],
    /// Frames handed over by each side.
    pub(crate) carried: [Vec<Bytes>; 2],
}

struct Side {
    channel: Channel,
    ready: Arc<Ready>,
    peer: Arc<Peer>,
}

fn side(limits: Limits, first: bool, announced: Option<u64>) -> (Stream, Side) {
    let (peer, ready) = (Peer::new(&limits), Arc::new(Ready::default()));
    if let Some(window) = announced {
        peer.announce(window).expect("a window");
    }
    let make = if first { super::first } else { new };
    let (stream, channel) = make(limits, Arc::clone(&peer), Arc::clone(&ready), 7);
    (stream, Side { channel, ready, peer })
}

impl Wire {
    /// Of the handshake's channel.
    pub(crate) fn first() -> (Stream, Stream, Self) {
        Self::with(Limits::default(), true, false)
    }

    fn new(limits: Limits, windows: bool) -> (Stream, Stream, Self) {
        Self::with(limits, false, windows)
    }

    fn with(limits: Limits, first: bool, windows: bool) -> (Stream, Stream, Self) {
        let announced = windows.then_some(limits.window);
        let (a, left) = side(limits, first, announced);
        let (b, right) = side(limits, first, announced);
        let wire = Self {
            sides: [left, right],
            carried: [Vec::new(), Vec::new()],
        };
        (a, b, wire)
    }

    pub(crate) fn announced(&self) -> bool {
        self.sides.iter().all(|side| side.peer.window().is_some())
    }

    /// Carries all that there is to carry. Whether there was anything.
    fn carry(&mut self) -> bool {
        let mut any = false;
        for from in 0..2 {
            while let Some(key) = self.sides[from].ready.pop() {
                assert_eq!(key, 7);
                self.sides[from].channel.attend();
                while let Some(frame) = self.sides[from].channel.next_frame() {
                    any = true;
                    assert!(frame.len() <= MAX_FRAME);
                    self.carried[from].push(frame.clone());
                    let _ = self.sides[1 - from].channel.push(frame);
                }
            }
        }
        any
    }

    /// Runs two programs to their ends.
    pub(crate) fn run<A, B>(&mut self, a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
        let mut a = pin!(a.fuse());
        let mut b = pin!(b.fuse());
        let (mut left, mut right) = (None, None);
        let waker = noop_waker();
        let mut cx = Context::from_waker(&waker);
        let mut idle = 0;
        while idle < 4 {
            if left.is_none()
                && let Poll::Ready(done) = a.as_mut().poll(&mut cx)
            {
                left = Some(done);
            }
            if right.is_none()
                && let Poll::Ready(done) = b.as_mut().poll(&mut cx)
            {
                right = Some(done);
            }
            if left.is_some() && right.is_some() {
                self.carry();
                break;
            }
            if self.carry() {
                idle = 0;
            } else {
                idle += 1;
            }
        }
        (
            left.expect("the first program ends"),
            right.expect("the second program ends"),
        )
    }

    fn flags(&self, from: usize) -> Vec<Flag> {
        self.frames(from)
            .into_iter()
            .filter_map(|frame| frame.flag)
            .collect()
    }

    fn frames(&self, from: usize) -> Vec<Frame> {
        self.carried[from]
            .iter()
            .map(|frame| {
                crate::frame::Decoder::default()
                    .next(&mut frame.clone())
                    .expect("a frame")
                    .expect("a whole one")
            })
            .collect()
    }
}

fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 31 % 251) as u8).collect()
}

async fn read_all(mut stream: Stream) -> io::Result<(Stream, Vec<u8>)> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await?;
    Ok((stream, all))
}

#[test]
fn much_is_carried_without_flush_or_chunks() {
    for windows in [false, true] {
        let (mut a, b, mut wire) = Wire::new(Limits::default(), windows);
        let sent = bytes(3_000_000);
        let (a, b) = wire.run(
            async {
                a.write_all(&sent).await?;
                a.close().await?;
                io::Result::Ok(a)
            },
            read_all(b),
        );
        let (_a, (_b, received)) = (a.expect("sent"), b.expect("received"));
        assert_eq!(received, sent);
        assert_eq!(wire.flags(0), [Flag::Fin]);
        // Without a window there is nothing by which the peer could be known to understand an acknowledgement.
        assert_eq!(wire.flags(1), if windows { vec![Flag::FinAck] } else { vec![] });
    }
}

#[test]
fn small_writes_are_gathered() {
    // Frames are as long as the peer can read.
    for (windows, longest) in [(false, 8 * 1024), (true, MAX_FRAME)] {
        let (mut a, _b, mut wire) = Wire::new(Limits::default(), windows);
        for _ in 0..5000 {
            a.write_all(b"0123456789")
                .now_or_never()
                .expect("room")
                .expect("written");
        }
        wire.carry();
        assert_eq!(wire.carried[0].len(), 50_000usize.div_ceil(longest));
        assert_eq!(wire.carried[0][0].len(), longest);
    }
}

#[test]
fn a_writer_waits_for_the_channel() {
    let limits = Limits {
        max_unsent: 1000,
        ..Limits::default()
    };
    let (mut a, _b, mut wire) = Wire::new(limits, false);
    let sent = bytes(1500);
    assert_eq!(
        a.write(&sent).now_or_never().expect("room").expect("written"),
        1000
    );
    assert!(a.write(&sent[1000..]).now_or_never().is_none());
    assert!(a.flush().now_or_never().is_none());
    wire.carry();
    assert!(a.flush().now_or_never().is_some());
    assert!(a.write(&sent[1000..]).now_or_never().is_some());
}

#[test]
fn a_half_is_closed_and_the_other_goes_on() {
    for windows in [false, true] {
        let (mut a, mut b, mut wire) = Wire::new(Limits::default(), windows);
        let (a, b) = wire.run(
            async {
                a.write_all(b"question").await?;
                a.close().await?;
                let mut answer = Vec::new();
                a.read_to_end(&mut answer).await?;
                assert_eq!(answer, b"answer");
                io::Result::Ok(a)
            },
            async {
                let mut question = Vec::new();
                b.read_to_end(&mut question).await?;
                assert_eq!(question, b"question");
                b.write_all(b"answer").await?;
                b.close().await?;
                io::Result::Ok(b)
            },
        );
        let (a, _b) = (a.expect("asked"), b.expect("answered"));
        // Whether or not the program still holds the stream, both halves are over.
        drop(a);
        wire.carry();
        assert_eq!(wire.flags(0), [Flag::Fin, Flag::FinAck]);
        let mut answered = wire.flags(1);
        if windows {
            answered.sort_by_key(|flag| *flag != Flag::FinAck);
            assert_eq!(answered, [Flag::FinAck, Flag::Fin]);
        } else {
            assert_eq!(
                answered,
                [Flag::Fin, Flag::FinAck],
                "the end before its acknowledgement"
            );
        }
        for side in &wire.sides {
            assert_eq!(side.channel.progress(), Progress::Done);
        }
    }
}

#[test]
fn a_missing_acknowledgement_can_be_given_up() {
    let (mut a, b, mut wire) = Wire::new(Limits::default(), false);
    assert!(a.close().now_or_never().is_none());
    wire.carry();
    assert!(a.close().now_or_never().is_some());
    drop(a);
    // The peer holds its stream open and sends no acknowledgement.
    while wire.sides[0].channel.next_frame().is_some() {}
    assert_eq!(wire.sides[0].channel.progress(), Progress::AwaitsAck);
    wire.sides[0].channel.give_up_waiting();
    assert_eq!(wire.sides[0].channel.progress(), Progress::Done);
    drop(b);
}

#[test]
fn a_dropped_stream_is_reset() {
    let (mut a, mut b, mut wire) = Wire::new(Limits::default(), true);
    a.write_all(b"lost")
        .now_or_never()
        .expect("room")
        .expect("written");
    drop(a);
    wire.carry();
    assert_eq!(wire.flags(0), [Flag::Reset, Flag::StopSending]);
    let mut buffer = [0; 8];
    let error = b
        .read(&mut buffer)
        .now_or_never()
        .expect("known")
        .expect_err("reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let error = b
        .write(&buffer)
        .now_or_never()
        .expect("known")
        .expect_err("stopped");
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    drop(b);
    wire.carry();
    assert_eq!(wire.flags(1), [], "no reset in reply");
    for side in &wire.sides {
        assert_eq!(side.channel.progress(), Progress::Done);
    }
}

#[test]
fn a_reset_leaves_the_other_half() {
    let (mut a, _b, mut wire) = Wire::new(Limits::default(), true);
    let reset = Frame::flag(Flag::Reset).encode();
    wire.sides[0].channel.push(reset).expect("well-formed");
    let mut buffer = [0; 8];
    assert!(a.read(&mut buffer).now_or_never().expect("known").is_err());
    assert!(a.write(b"still").now_or_never().expect("room").is_ok());
    wire.carry();
    assert_eq!(wire.frames(0).len(), 1);
}

#[test]
fn who_stops_reading_still_hears_flags() {
    let (mut a, mut b, mut wire) = Wire::new(Limits::default(), true);
    a.stop_reading();
    assert!(a.close().now_or_never().is_none());
    wire.carry();
    assert_eq!(wire.flags(0), [Flag::StopSending, Flag::Fin]);
    assert!(b.write(b"x").now_or_never().expect("known").is_err());
    assert_eq!(wire.flags(1), [Flag::FinAck]);
    assert_eq!(wire.sides[0].channel.progress(), Progress::Done);
}

#[test]
fn a_slow_reader_holds_its_writer() {
    let (mut a, mut b, mut wire) = Wire::new(Limits::default(), true);
    let chunk = bytes(50_000);
    let mut written = 0;
    // Carrying goes on, but nobody reads.
    for _ in 0..1000 {
        if let Some(n) = a.write(&chunk).now_or_never() {
            written += n.expect("written");
        }
        wire.carry();
    }
    let limits = Limits::default();
    let window = limits.window as usize;
    assert!(written <= window + limits.max_unsent, "{written}");
    let unread = wire.sides[1].channel.unread();
    assert!(
        unread <= window && unread > window - MAX_FRAME,
        "{unread} of {window}"
    );
    // Reading lets it go on, and no byte is missing.
    let mut received = 0;
    let mut buffer = vec![0; 10_000];
    while let Some(n) = b.read(&mut buffer).now_or_never() {
        received += n.expect("read");
        wire.carry();
    }
    assert_eq!(received, written);
    assert_eq!(wire.sides[1].peer.unread(), 0);
}

#[test]
fn windows_grow_for_a_quick_reader() {
    let (mut a, b, mut wire) = Wire::new(Limits::default(), true);
    let sent = bytes(8_000_000);
    let (_, read) = wire.run(
        async {
            a.write_all(&sent).await.expect("sent");
            a.close().await.expect("closed");
        },
        read_all(b),
    );
    assert_eq!(read.expect("read").1.len(), sent.len());
    let grants: Vec<u64> = wire.frames(1).into_iter().filter_map(|f| f.window).collect();
    assert!(grants.is_sorted());
    let limits = Limits::default();
    let (last, before) = (grants[grants.len() - 1], grants[grants.len() - 2]);
    assert!(last - before <= limits.max_window && last - before >= limits.max_window / 2);
}

#[test]
fn too_much_unread_breaks_the_stream() {
    // A peer without windows, and one that doesn't keep to its own.
    for windows in [false, true] {
        let limits = Limits {
            max_unread: 100_000,
            window: Peer::MIN_WINDOW,
            max_window: Peer::MIN_WINDOW,
            ..Limits::default()
        };
        let (_a, mut b, mut wire) = Wire::new(limits, windows);
        let frame = Frame {
            message: bytes(10_000).into(),
            ..Frame::default()
        }
        .encode();
        for _ in 0..10 {
            wire.sides[1].channel.push(frame.clone()).expect("in bounds");
        }
        assert_eq!(
            wire.sides[1].channel.push(frame.clone()),
            Err(FrameError::Unread(100_000))
        );
        assert_eq!(wire.sides[1].peer.unread(), 0);
        let error = b
            .read(&mut [0; 8])
            .now_or_never()
            .expect("known")
            .expect_err("broken");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        wire.carry();
        assert_eq!(wire.flags(1), [Flag::Reset, Flag::StopSending]);
        assert_eq!(wire.sides[1].channel.progress(), Progress::Done);
        assert_eq!(
            wire.sides[1].channel.push(frame),
            Ok(()),
            "what still comes is nothing"
        );
    }
}

#[test]
fn the_connections_bound_breaks_one_stream_only() {
    let limits = Limits {
        max_unread_in_all: 150_000,
        ..Limits::default()
    };
    let (peer, ready) = (Peer::new(&limits), Arc::new(Ready::default()));
    let streams: Vec<_> = (0..2)
        .map(|key| new(limits, Arc::clone(&peer), Arc::clone(&ready), key))
        .collect();
    let frame = Frame {
        message: bytes(10_000).into(),
        ..Frame::default()
    }
    .encode();
    for _ in 0..10 {
        streams[0].1.push(frame.clone()).expect("in bounds");
    }
    for _ in 0..5 {
        streams[1].1.push(frame.clone()).expect("in bounds");
    }
    assert_eq!(streams[1].1.push(frame), Err(FrameError::Unread(150_000)));
    assert_eq!(peer.unread(), 100_000);
    assert_eq!(streams[0].1.unread(), 100_000);
    drop(streams);
    assert_eq!(peer.unread(), 0);
}

#[test]
fn a_lost_connection_ends_everything() {
    let (mut a, b, wire) = Wire::new(Limits::default(), true);
    a.write_all(b"never sent")
        .now_or_never()
        .expect("room")
        .expect("written");
    let mut reading = pin!(read_all(b));
    let mut flushing = pin!(a.flush());
    assert!(reading.as_mut().now_or_never().is_none());
    assert!(flushing.as_mut().now_or_never().is_none());
    for side in &wire.sides {
        side.channel.lost(Closed::Remote);
        assert_eq!(side.channel.next_frame(), None);
        assert_eq!(side.channel.progress(), Progress::Done);
    }
    let error = reading.now_or_never().expect("known").expect_err("lost");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(error.to_string(), Closed::Remote.to_string());
    assert!(flushing.now_or_never().expect("known").is_err());
}

#[test]
fn what_came_before_the_channel_closed_is_read() {
    let (mut a, b, mut wire) = Wire::new(Limits::default(), true);
    a.write_all(b"all")
        .now_or_never()
        .expect("room")
        .expect("written");
    assert!(a.close().now_or_never().is_none());
    wire.carry();
    wire.sides[1].channel.closed();
    let (_, all) = read_all(b).now_or_never().expect("known").expect("read");
    assert_eq!(all, b"all");
}

#[test]
fn windows_are_announced_once_and_not_too_small() {
    for window in [0, 1, Peer::MIN_WINDOW - 1] {
        let (_a, _b, wire) = Wire::first();
        let frame = Frame::window(window).encode();
        assert_eq!(wire.sides[0].channel.push(frame), Err(FrameError::Window(window)));
    }
    let (_a, _b, wire) = Wire::first();
    let push = |window| wire.sides[0].channel.push(Frame::window(window).encode());
    assert_eq!(push(100_000), Ok(()));
    assert_eq!(push(100_000), Ok(()));
    assert_eq!(push(200_000), Err(FrameError::Window(200_000)));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Read(usize),
    Close,
    Drop,
    Carry,
    Raw(Vec<u8>),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens in whatever order: what is read is what was written, sums are right, nothing panics.
    #[test]
    fn any_order_of_events(
        windows: bool,
        steps in proptest::collection::vec((any::<bool>(), prop_oneof![
            4 => (0usize..70_000).prop_map(Step::Write),
            4 => (1usize..90_000).prop_map(Step::Read),
            1 => Just(Step::Close),
            1 => Just(Step::Drop),
            6 => Just(Step::Carry),
        ]), 0..120),
    ) {
        let (a, b, mut wire) = Wire::new(Limits::default(), windows);
        let mut streams = [Some(a), Some(b)];
        let (mut written, mut read) = ([0u64; 2], [0u64; 2]);
        for (right, step) in steps {
            let i = usize::from(right);
            match step {
                Step::Carry => {
                    wire.carry();
                }
                Step::Write(n) => if let Some(stream) = &mut streams[i] {
                    let bytes: Vec<u8> = (written[i]..written[i] + n as u64).map(|p| (p % 251) as u8).collect();
                    if let Some(Ok(n)) = stream.write(&bytes).now_or_never() {
                        written[i] += n as u64;
                    }
                },
                Step::Read(n) => if let Some(stream) = &mut streams[i] {
                    let mut buffer = vec![0; n];
                    if let Some(Ok(n)) = stream.read(&mut buffer).now_or_never() {
                        for byte in &buffer[..n] {
                            prop_assert_eq!(*byte, (read[i] % 251) as u8);
                            read[i] += 1;
                        }
                    }
                },
                Step::Close => if let Some(stream) = &mut streams[i] {
                    let _ = stream.close().now_or_never();
                },
                Step::Drop => streams[i] = None,
                Step::Raw(_) => {}
            }
            for (i, side) in wire.sides.iter().enumerate() {
                prop_assert_eq!(side.peer.unread(), side.channel.unread());
                prop_assert!(read[i] <= written[1 - i]);
                prop_assert!(side.channel.unsent() <= Limits::default().max_unsent);
            }
        }
        streams = [None, None];
        drop(streams);
        while wire.carry() {}
        for side in &wire.sides {
            side.channel.give_up_waiting();
            prop_assert_eq!(side.channel.progress(), Progress::Done);
        }
    }

    /// A peer that sends anything.
    #[test]
    fn any_messages(messages in proptest::collection::vec(prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Step::Raw),
        (1usize..50_000).prop_map(Step::Read),
    ], 0..60)) {
        let (mut a, _b, wire) = Wire::new(Limits::default(), true);
        for step in messages {
            match step {
                Step::Raw(bytes) => {
                    let _ = wire.sides[0].channel.push(bytes.into());
                }
                Step::Read(n) => {
                    let _ = a.read(&mut vec![0; n]).now_or_never();
                }
                _ => {}
            }
            while wire.sides[0].channel.next_frame().is_some() {}
        }
        drop(a);
        while wire.sides[0].channel.next_frame().is_some() {}
        wire.sides[0].channel.give_up_waiting();
        prop_assert_eq!(wire.sides[0].channel.progress(), Progress::Done);
        prop_assert_eq!(wire.sides[0].peer.unread(), 0);
    }
}
