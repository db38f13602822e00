//! A connection that fails at the first byte that no HTTP/2 server begins with: one that speaks something else has done
//! nothing of what was sent to it, and a change that met it may be told as not done.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::write_through::write_through;

/// The type of a frame of settings, with which a server begins (RFC 9113 §3.4), and of one that says it goes away: all that
/// one may send which is ending as the connection comes.
const TYPES: [u8; 2] = [4, 7];

/// How long the head of a frame is.
const HEAD: usize = 9;

/// Whether a server's first frame has that byte at that place of its head: its length is below 2^16, its flags and its
/// stream are none.
fn may_begin(place: usize, byte: u8) -> bool {
    match place {
        1 | 2 => true,
        3 => TYPES.contains(&byte),
        _ => byte == 0,
    }
}

/// The text of the error where the other side speaks something else: h2 keeps no more of an error than its text.
pub(crate) const NOT_HTTP2: &str = "the other side does not speak HTTP/2";

/// A connection whose first bytes are looked at as they come.
#[derive(Debug)]
pub(crate) struct Http2Checked<C> {
    connection: C,
    /// How many bytes of the beginning have come.
    seen: usize,
}

impl<C> Http2Checked<C> {
    /// Nothing has come on it yet.
    pub(crate) fn new(connection: C) -> Self {
        Self {
            connection,
            seen: 0,
        }
    }

    fn check(&mut self, read: &[u8]) -> io::Result<()> {
        let mut head = (self.seen..HEAD).zip(read);
        let differs = head.any(|(place, byte)| !may_begin(place, *byte));
        self.seen = self.seen.saturating_add(read.len()).min(HEAD);
        if differs {
            return Err(io::Error::new(io::ErrorKind::InvalidData, NOT_HTTP2));
        }
        Ok(())
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Http2Checked<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.connection).poll_read(cx, buffer))?;
        if self.seen < HEAD {
            let read = buffer.filled().get(before..).unwrap_or_default();
            let checked = self.check(read);
            if checked.is_err() {
                // Who fails has read nothing.
                buffer.set_filled(before);
            }
            checked?;
        }
        Poll::Ready(Ok(()))
    }
}

write_through!(Http2Checked);

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWrite};

    async fn read(pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut mock = in_pieces(pieces);
        let mut all = Vec::new();
        Http2Checked::new(&mut mock).read_to_end(&mut all).await?;
        Ok(all)
    }

    /// Bytes that come in these pieces.
    fn in_pieces(pieces: &[&[u8]]) -> impl AsyncRead + AsyncWrite + Unpin {
        let mut parts: Box<dyn AsyncRead + Unpin> = Box::new(tokio::io::empty());
        for piece in pieces.iter().rev() {
            parts = Box::new(io::Cursor::new(piece.to_vec()).chain(parts));
        }
        tokio::io::join(parts, tokio::io::sink())
    }

    #[tokio::test]
    async fn what_begins_otherwise_is_no_http2_however_it_is_cut() {
        let settings = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03and on";
        for cut in 0..settings.len() {
            let (one, other) = settings.split_at(cut);
            assert_eq!(read(&[one, other]).await.unwrap(), settings);
        }
        // A server that ends as the connection comes.
        let going_away = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x7f\xff\xff\xff\x00\x00\x00\x00";
        assert_eq!(read(&[going_away]).await.unwrap(), going_away);
        for other in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            b"INFO {}\r\n",
            b"SSH-2.0-OpenSSH_9.9\r\n",
            b"\x15\x03\x03\x00\x02\x02\x46",
            b"\x00\x00\x08\x06\x00\x00\x00\x00\x00",
        ] {
            for cut in 0..other.len() {
                let (one, other) = other.split_at(cut);
                let error = read(&[one, other]).await.unwrap_err();
                assert_eq!(error.to_string(), NOT_HTTP2);
            }
        }
    }
}
