//! A connection that is read a few hundred times a second while much comes, and not for each of a server's many small
//! writes: a wake, a look at the socket and a read for each message would cost more than all that is done with it.
#![expect(
    clippy::disallowed_methods,
    reason = "how much comes in a time is measured by the clock"
)]

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::write_through::write_through;

/// The shortest time that a timer can wait, and all that a message is held up for at most.
const PAUSE: Duration = Duration::from_millis(1);
/// Time over which it is measured how much comes.
const WINDOW: Duration = Duration::from_millis(4);
/// As much in a window is a stream of messages, not answers to somebody who waits for each.
const BUSY_BYTES: usize = 32 << 10;
/// What is read at once: a millisecond's share of a fast network.
const BUFFER_BYTES: usize = 256 << 10;
/// A read that brings more than this has found the reader late: it is not made to wait.
const LATE_BYTES: usize = 32 << 10;

/// Reads what has come together in a millisecond at once, while so much comes that somebody reads a stream.
#[derive(Debug)]
pub(crate) struct CoalescedReads<C> {
    connection: C,
    /// What was read; without room while little comes.
    buffer: Box<[u8]>,
    /// What of it was not handed on yet.
    rest: Range<usize>,
    /// Until when nothing is read.
    pause: Pin<Box<Sleep>>,
    paused: bool,
    traffic: Traffic,
}

/// How much comes.
#[derive(Debug)]
struct Traffic {
    /// When the window began.
    since: Instant,
    /// What has come in it.
    bytes: usize,
    /// Whether much came in the window before.
    was_busy: bool,
}

impl Traffic {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            bytes: 0,
            was_busy: false,
        }
    }

    /// Whether much comes.
    fn is_busy(&self) -> bool {
        self.was_busy || self.bytes >= BUSY_BYTES
    }

    /// Records what a read has brought, and says whether the next one would bring little and is to wait.
    fn record(&mut self, bytes: usize, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since);
        if passed >= WINDOW {
            self.was_busy = passed < 2 * WINDOW && self.bytes >= BUSY_BYTES;
            (self.since, self.bytes) = (now, 0);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_busy() && bytes < LATE_BYTES
    }
}

impl<C> CoalescedReads<C> {
    /// Nothing has come on it yet.
    pub(crate) fn new(connection: C) -> Self {
        Self {
            connection,
            buffer: Box::default(),
            rest: 0..0,
            pause: Box::pin(tokio::time::sleep(PAUSE)),
            paused: false,
            traffic: Traffic::new(Instant::now()),
        }
    }

    /// Records a read, and has the next one wait where it would bring little.
    fn record(&mut self, bytes: usize) {
        let now = Instant::now();
        self.paused = self.traffic.record(bytes, now);
        if self.paused {
            self.pause.as_mut().reset(now + PAUSE);
        }
    }

    /// Hands on what was read before, as much as there is room for.
    fn hand_on(&mut self, out: &mut ReadBuf<'_>) {
        let length = self.rest.len().min(out.remaining());
        let end = self.rest.start + length;
        out.put_slice(self.buffer.get(self.rest.start..end).unwrap_or_default());
        self.rest.start = end;
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for CoalescedReads<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.rest.is_empty() {
            this.hand_on(out);
            return Poll::Ready(Ok(()));
        }
        if this.paused {
            ready!(this.pause.as_mut().poll(cx));
            this.paused = false;
        }
        if !this.traffic.is_busy() {
            this.buffer = Box::default();
            let before = out.filled().len();
            ready!(Pin::new(&mut this.connection).poll_read(cx, out))?;
            this.record(out.filled().len() - before);
            return Poll::Ready(Ok(()));
        }
        if this.buffer.is_empty() {
            this.buffer = vec![0; BUFFER_BYTES].into();
        }
        let mut buffer = ReadBuf::new(&mut this.buffer);
        ready!(Pin::new(&mut this.connection).poll_read(cx, &mut buffer))?;
        this.rest = 0..buffer.filled().len();
        this.record(this.rest.len());
        this.hand_on(out);
        Poll::Ready(Ok(()))
    }
}

write_through!(CoalescedReads);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Reads a second of a server that writes so many bytes each time, by somebody who is always there, and the longest
    /// that anything has waited.
    fn reads_of(every: Duration, bytes: usize) -> (usize, Duration) {
        let begun = Instant::now();
        let mut traffic = Traffic::new(begun);
        let (mut reads, mut longest, mut now, mut written) = (0, Duration::ZERO, every, every);
        while now < Duration::from_secs(1) {
            let first = written;
            let mut there = 0;
            while written <= now {
                (there, written) = (there + bytes, written + every);
            }
            longest = longest.max(now.saturating_sub(first));
            reads += 1;
            let waits = traffic.record(there, begun + now);
            now = written.max(if waits { now + PAUSE } else { now });
        }
        (reads, longest)
    }

    #[test]
    fn a_stream_of_small_writes_is_read_about_once_a_millisecond() {
        for (micros, bytes) in [(1, 280), (5, 280), (20, 280), (10, 2_000)] {
            let (reads, longest) = reads_of(Duration::from_micros(micros), bytes);
            assert!(reads < 2_500, "{reads} reads, {bytes} B each {micros} us");
            assert!(longest <= PAUSE, "{longest:?}");
        }
    }

    #[test]
    fn answers_that_somebody_waits_for_are_not_held_up() {
        for (micros, bytes) in [(50, 100), (300, 500), (2_000, 2_000), (10_000, 30_000)] {
            let (reads, longest) = reads_of(Duration::from_micros(micros), bytes);
            assert_eq!(longest, Duration::ZERO, "{bytes} B each {micros} us");
            assert!(reads > 50);
        }
    }

    #[test]
    fn who_comes_late_is_not_made_to_wait_and_silence_ends_it() {
        let now = Instant::now();
        let mut traffic = Traffic::new(now);
        assert!(!traffic.record(LATE_BYTES, now));
        assert!(traffic.record(1_000, now), "what came before is much");
        assert!(!traffic.record(1_000, now + 3 * WINDOW));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_moved(
            writes in prop::collection::vec(1_usize..80_000, 0..60),
            room in 1_usize..20_000,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("it is made");
            let total: usize = writes.iter().sum();
            let written: Vec<u8> = (0..=250).cycle().take(total).collect();
            let read = runtime.block_on(async {
                let (mut server, client) = tokio::io::duplex(70_000);
                let bytes = written.clone();
                let writer = tokio::spawn(async move {
                    let mut rest = &bytes[..];
                    for length in writes {
                        let (piece, after) = rest.split_at(length);
                        server.write_all(piece).await.expect("it is written");
                        rest = after;
                    }
                });
                let (mut all, mut piece) = (Vec::new(), vec![0; room]);
                let mut connection = CoalescedReads::new(client);
                loop {
                    match connection.read(&mut piece).await.expect("it is read") {
                        0 => break,
                        count => all.extend_from_slice(&piece[..count]),
                    }
                }
                writer.await.expect("it ends");
                all
            });
            prop_assert!(read == written, "{} of {total} bytes", read.len());
        }
    }
}
