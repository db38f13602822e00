//! One accepted connection, with what can be done to it from outside: reset, cut inside a message, GOAWAY.
//!
//! Wraps the server's own socket instead of relaying bytes between two: a relay would copy all traffic once more.
//! Reads frame headers alone (RFC 9113 §4.1); what frames mean is the gRPC server's business.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::transport::server::Connected;

use super::framing::Framing;
use super::sync::CancelSwitch;

/// What a client sends before its first frame.
const PREFACE: usize = 24;
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PING: u8 = 6;
const ACK: u8 = 1;

/// grpc-go's least time between pings; three that come sooner end the connection (wire-contract §0.7).
const PING_INTERVAL: Duration = Duration::from_secs(300);
const PING_STRIKES: u32 = 2;

/// GOAWAY with `ENHANCE_YOUR_CALM` and the text that grpc-go sends.
const GOAWAY: &[u8] =
    b"\x00\x00\x16\x07\x00\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x0btoo_many_pings";

/// The switches of one broker's connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionFaults {
    /// Breaks all connections with a TCP reset.
    pub(super) resets: CancelSwitch,
    /// Ends all connections with a GOAWAY frame.
    pub(super) goaways: CancelSwitch,
    cuts: AtomicU64,
    frozen: watch::Sender<bool>,
}

impl ConnectionFaults {
    /// Has nothing go over any connection, in either direction, or lets it go on. What was sent meanwhile waits.
    pub(super) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Closes each connection in the middle of the next message that it carries.
    pub(super) fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

/// Follows the frames of one direction by their headers.
#[derive(Clone, Debug, Default)]
struct FrameReader {
    /// Bytes to come before the next header.
    skip: usize,
    header: [u8; FRAME_HEADER],
    filled: usize,
    kind: u8,
}

impl FrameReader {
    /// Reads bytes that went over the wire, and hands each frame's kind, flags and payload length to `on_frame`.
    fn feed(&mut self, mut bytes: &[u8], mut on_frame: impl FnMut(u8, u8, usize)) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let wanted = (FRAME_HEADER - self.filled).min(bytes.len());
            self.header[self.filled..self.filled + wanted].copy_from_slice(&bytes[..wanted]);
            self.filled += wanted;
            bytes = &bytes[wanted..];
            if self.filled < FRAME_HEADER {
                continue;
            }
            let [a, b, c, kind, flags, ..] = self.header;
            self.skip = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or_default();
            self.filled = 0;
            self.kind = kind;
            on_frame(kind, flags, self.skip);
        }
    }

    /// How many of these bytes belong to the first DATA frame or stand before its end; all of them where none ends in them.
    fn len_to_data_end(&self, slices: &[io::IoSlice<'_>]) -> usize {
        let (mut ahead, mut len) = (self.clone(), 0);
        for slice in slices {
            let mut rest: &[u8] = slice;
            while !rest.is_empty() {
                // To the end of the payload, or of the header.
                let piece = match ahead.skip {
                    0 => FRAME_HEADER - ahead.filled,
                    payload => payload,
                };
                let piece = piece.min(rest.len());
                ahead.feed(rest.get(..piece).unwrap_or_default(), |_, _, _| {});
                rest = rest.get(piece..).unwrap_or_default();
                len += piece;
                if ahead.kind == DATA && ahead.between_frames() {
                    return len;
                }
            }
        }
        len
    }

    fn between_frames(&self) -> bool {
        self.skip == 0 && self.filled == 0
    }
}

/// Counts pings as grpc-go does.
#[derive(Debug, Default)]
struct PingGuard {
    last: Option<Instant>,
    strikes: u32,
}

impl PingGuard {
    /// A ping came; true where it is one too many.
    fn ping(&mut self, now: Instant) -> bool {
        let too_soon = self.last.is_some_and(|last| now - last < PING_INTERVAL);
        self.last = Some(now);
        self.strikes += u32::from(too_soon);
        self.strikes > PING_STRIKES
    }

    /// Data or headers went out, which forgives earlier pings.
    fn forgive(&mut self) {
        *self = Self::default();
    }
}

/// One connection.
pub(super) struct Socket {
    stream: TcpStream,
    faults: Arc<ConnectionFaults>,
    reset: Pin<Box<WaitForCancellationFutureOwned>>,
    goaway: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The end of a freeze that it waits for.
    thaw: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    cuts_before: u64,
    incoming: FrameReader,
    outgoing: FrameReader,
    pings: PingGuard,
    /// How much of the GOAWAY frame has been sent, once one is due.
    goaway_sent: Option<usize>,
    closed: bool,
    framing: Framing,
}

impl Socket {
    /// Wraps an accepted connection.
    pub(super) fn new(stream: TcpStream, faults: Arc<ConnectionFaults>, framing: Framing) -> Self {
        let cancelled = |switch: &CancelSwitch| Box::pin(switch.token().cancelled_owned());
        Self {
            stream,
            reset: cancelled(&faults.resets),
            goaway: cancelled(&faults.goaways),
            thaw: None,
            cuts_before: faults.cuts.load(Ordering::Relaxed),
            faults,
            incoming: FrameReader {
                skip: PREFACE,
                ..FrameReader::default()
            },
            outgoing: FrameReader::default(),
            pings: PingGuard::default(),
            goaway_sent: None,
            closed: false,
            framing,
        }
    }

    /// Writes all of it, or what goes in one write of a server.
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.framing == Framing::Bulk {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        }
        let mut left = self.outgoing.len_to_data_end(slices);
        let mut first = Vec::with_capacity(slices.len());
        for slice in slices {
            let part = left.min(slice.len());
            first.push(io::IoSlice::new(slice.get(..part).unwrap_or_default()));
            left -= part;
            if left == 0 {
                break;
            }
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, &first)
    }

    /// Applies what is switched on; an error where the connection is over.
    fn apply_faults(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.closed && self.reset.as_mut().poll(cx).is_ready() {
            self.closed = true;
            self.stream.set_zero_linger()?;
        }
        if self.goaway_sent.is_none() && self.goaway.as_mut().poll(cx).is_ready() {
            self.goaway_sent = Some(0);
        }
        self.send_goaway(cx)?;
        if self.closed {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }

    /// Ready where the connection is not frozen.
    fn poll_thawed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(thaw) = &mut self.thaw {
                std::task::ready!(thaw.as_mut().poll(cx));
                self.thaw = None;
            }
            if !*self.faults.frozen.borrow() {
                return Poll::Ready(());
            }
            let mut frozen = self.faults.frozen.subscribe();
            self.thaw = Some(Box::pin(async move {
                // The faults last as long as the broker.
                frozen.wait_for(|frozen| !*frozen).await.ok();
            }));
        }
    }

    fn send_goaway(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while let Some(sent) = self.goaway_sent.filter(|_| self.outgoing.between_frames()) {
            if self.closed {
                break;
            }
            let rest = GOAWAY.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                self.closed = true;
                let _ = Pin::new(&mut self.stream).poll_shutdown(cx)?;
                break;
            }
            match Pin::new(&mut self.stream).poll_write(cx, rest)? {
                Poll::Ready(written) => self.goaway_sent = Some(sent + written),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    fn record_written(&mut self, bytes: &[u8]) {
        let pings = &mut self.pings;
        self.outgoing.feed(bytes, |kind, _, _| {
            if kind == DATA || kind == HEADERS {
                pings.forgive();
            }
        });
    }

    fn record_read(&mut self, bytes: &[u8]) {
        let (pings, mut too_many) = (&mut self.pings, false);
        self.incoming.feed(bytes, |kind, flags, _| {
            if kind == PING && flags & ACK == 0 {
                too_many |= pings.ping(Instant::now());
            }
        });
        if too_many && self.goaway_sent.is_none() {
            self.goaway_sent = Some(0);
        }
    }

    /// While a cut is armed frames go out a piece at a time, so that it falls inside one: after half of a data frame.
    fn write_to_cut(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let FrameReader {
            skip, filled, kind, ..
        } = self.outgoing;
        let cut = kind == DATA && filled == 0 && skip > 1;
        let most = match skip {
            0 => FRAME_HEADER - filled,
            rest if cut => rest / 2,
            rest => rest,
        };
        let piece = bytes.get(..most.min(bytes.len())).unwrap_or(bytes);
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, piece))?;
        self.record_written(&piece[..written]);
        if cut {
            self.closed = true;
            let _ = Pin::new(&mut self.stream).poll_shutdown(cx)?;
        }
        Poll::Ready(Ok(written))
    }

    fn cut_is_armed(&self) -> bool {
        self.faults.cuts.load(Ordering::Relaxed) > self.cuts_before
    }
}

impl Connected for Socket {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.apply_faults(cx)?;
        std::task::ready!(self.poll_thawed(cx));
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let bytes = buffer.filled().get(before..).unwrap_or_default();
        self.record_read(bytes);
        self.send_goaway(cx)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.apply_faults(cx)?;
        std::task::ready!(self.poll_thawed(cx));
        if self.cut_is_armed() {
            return self.write_to_cut(cx, bytes);
        }
        let written = std::task::ready!(self.write(cx, &[io::IoSlice::new(bytes)]))?;
        self.record_written(bytes.get(..written).unwrap_or_default());
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.apply_faults(cx)?;
        std::task::ready!(self.poll_thawed(cx));
        if self.cut_is_armed() {
            let first = slices.iter().find(|slice| !slice.is_empty());
            return self.write_to_cut(cx, first.map(|slice| &**slice).unwrap_or_default());
        }
        let written = std::task::ready!(self.write(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let part = left.min(slice.len());
            self.record_written(slice.get(..part).unwrap_or_default());
            left -= part;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::{FrameReader, GOAWAY};

    #[test]
    fn frames_are_followed_however_they_are_split() {
        let mut bytes = vec![0, 0, 3, 0, 1, 0, 0, 0, 1, b'a', b'b', b'c'];
        bytes.extend([0, 0, 0, 6, 1, 0, 0, 0, 0]);
        bytes.extend(GOAWAY);
        for piece in 1..bytes.len() {
            let (mut frames, mut kinds) = (FrameReader::default(), Vec::new());
            for part in bytes.chunks(piece) {
                frames.feed(part, |kind, flags, len| kinds.push((kind, flags, len)));
            }
            assert_eq!(kinds, [(0, 1, 3), (6, 1, 0), (7, 0, 22)]);
            assert!(frames.between_frames());
        }
    }

    #[test]
    fn a_write_ends_with_the_first_frame_of_data_however_it_begins() {
        let data = [0, 0, 3, 0, 0, 0, 0, 0, 1, b'a', b'b', b'c'];
        let mut bytes = vec![0, 0, 0, 6, 1, 0, 0, 0, 0];
        bytes.extend(data);
        let first_end = bytes.len();
        bytes.extend(data);
        bytes.extend(GOAWAY);
        for written in 0..first_end {
            let mut frames = FrameReader::default();
            frames.feed(&bytes[..written], |_, _, _| {});
            for split in written..=bytes.len() {
                let slices = [&bytes[written..split], &bytes[split..]].map(IoSlice::new);
                assert_eq!(frames.len_to_data_end(&slices), first_end - written);
            }
        }
        let mut frames = FrameReader::default();
        frames.feed(&bytes[..first_end + data.len()], |_, _, _| {});
        assert_eq!(
            frames.len_to_data_end(&[IoSlice::new(GOAWAY)]),
            GOAWAY.len()
        );
    }
}
