//! Deadlines of calls: read from the request, and kept over the response of a streaming call. Servers end such a call with a
//! status or reset its stream, as it happens.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::codegen::http::HeaderMap;
use tonic::{Request, Status};

use super::compat::DeadlineEnd;
use super::timings;

/// How much earlier than its deadline a request ends here, so that the caller reads the servers' own text.
const MARGIN: Duration = Duration::from_millis(2);

/// When the caller stops waiting, as its `grpc-timeout` said; none where it said nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// The deadline that was found in the headers of this request.
    pub(super) fn of<T>(request: &Request<T>) -> Option<Instant> {
        request.extensions().get::<Self>()?.0
    }

    /// The deadline that these headers ask for.
    pub(super) fn in_headers(headers: &HeaderMap) -> Self {
        let timeout = headers.get("grpc-timeout");
        let timeout = timeout.and_then(|value| value.to_str().ok());
        let timeout = timeout.and_then(parse_timeout);
        Self(timeout.map(|timeout| Instant::now() + timeout))
    }

    /// The moment at which the call is answered that it is too late.
    pub(super) fn last_moment(self) -> Option<Instant> {
        self.0.map(|deadline| deadline - MARGIN)
    }

    /// The response, which ends when the deadline passes.
    pub(super) fn limit(self, response: Body, end: DeadlineEnd) -> Body {
        let Some(deadline) = self.0 else {
            return response;
        };
        // A stream is reset when the deadline has passed, not before.
        let (moment, is_reset) = if end.is_reset() {
            (deadline, true)
        } else {
            (deadline - MARGIN, false)
        };
        Body::new(DeadlineBody {
            inner: Some(response),
            late: Box::pin(timings::wait_until(Some(moment))),
            is_reset,
        })
    }
}

/// The status of a call that is too late.
pub(super) fn exceeded() -> Status {
    Status::deadline_exceeded("context deadline exceeded")
}

/// `grpc-timeout`: up to eight digits and a unit.
fn parse_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// A response body that ends at a deadline, whatever the call has still to say.
struct DeadlineBody {
    /// None once it has ended.
    inner: Option<Body>,
    late: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_reset: bool,
}

impl DeadlineBody {
    fn end(&self) -> Result<Frame<Bytes>, Status> {
        if self.is_reset {
            let reset = h2::Error::from(h2::Reason::CANCEL);
            return Err(Status::from_error(Box::new(reset)));
        }
        let mut trailers = HeaderMap::new();
        exceeded().add_header(&mut trailers)?;
        Ok(Frame::trailers(trailers))
    }
}

impl HttpBody for DeadlineBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.inner.is_none() {
            return Poll::Ready(None);
        }
        if self.late.as_mut().poll(cx).is_ready() {
            self.inner = None;
            return Poll::Ready(Some(self.end()));
        }
        match &mut self.inner {
            Some(inner) => Pin::new(inner).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_timeout;

    #[test]
    fn timeouts_are_read_with_their_unit() {
        assert_eq!(parse_timeout("5S"), Some(Duration::from_secs(5)));
        assert_eq!(parse_timeout("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_timeout("20000u"), Some(Duration::from_millis(20)));
        assert_eq!(parse_timeout(""), None);
        assert_eq!(parse_timeout("5x"), None);
    }
}
