//! From a gRPC status to an [`Error`]: what the server said goes through the table of `wire::status`, what the
//! connection suffered is found by walking the causes. No text of a library reaches a sentence.

use std::error::Error as StdError;
use std::io;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};
use tonic::{Code, ConnectError, Status, TimeoutExpired};

use super::error::Error;
use super::http2_check::NOT_HTTP2;
use crate::model::{ErrorKind, Target, limit_text};
use crate::wire::codec::MALFORMED;
use crate::wire::grpc_channel;
use crate::wire::rpc::Rpc;
use crate::wire::status::{self, Meaning};

/// One call at one broker: what its failure is told with.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) rpc: Rpc,
    pub(crate) target: &'a Target,
    pub(crate) address: &'a str,
}

impl Call<'_> {
    /// The error that a status stands for.
    pub(crate) fn error(&self, status: Status) -> Error {
        match self.meaning(&status) {
            Ok(Meaning::Failed(ErrorKind::Timeout)) => self.broken(&TransportFailure::late()),
            Ok(Meaning::Failed(ErrorKind::Unreachable)) => {
                self.broken(&TransportFailure::unavailable())
            }
            // The server has broken off what it had begun: some do at the deadline that the call brings along.
            Ok(Meaning::Failed(ErrorKind::Server)) if status.code() == Code::Cancelled => {
                self.broken(&TransportFailure::late())
            }
            Ok(Meaning::Failed(kind)) => self.refusal(kind, &status),
            Ok(_) => self.refusal(ErrorKind::Server, &status),
            Err(error) => error,
        }
        .caused_by(status)
    }

    fn refusal(&self, kind: ErrorKind, status: &Status) -> Error {
        let of_kind = |text: &str| Error::of_kind(kind, self.rpc, self.target.clone(), text);
        if kind == ErrorKind::OutcomeUnknown {
            return of_kind(&format!("the brokers did not agree ({})", status.message()));
        }
        let text = match status.message() {
            "" => format!("the server gave no reason, but {:?}", status.code()),
            text => text.to_owned(),
        };
        let error = of_kind(&text);
        // Nobody was there to agree to it: another broker may know of a leader.
        let unsent = kind == ErrorKind::NoMetadataLeader;
        if unsent { error.never_sent() } else { error }
    }

    /// What a server meant by a status, or the error where no server sent it.
    pub(crate) fn meaning(&self, status: &Status) -> Result<Meaning, Error> {
        let failure = match status.source() {
            Some(cause) => failure_from_cause(cause),
            None if grpc_channel::is_from_server(status) => {
                return Ok(status::of_status(self.rpc, status.code(), status.message()));
            }
            None => synthesised_status(status),
        };
        Err(self.broken(&failure))
    }

    /// The server ended a subscription without a reason.
    pub(crate) fn cut(&self) -> Error {
        self.broken(&TransportFailure::new(
            ErrorKind::Unreachable,
            "ended the subscription",
        ))
    }

    /// The server lost its place in the log.
    pub(crate) fn reader_lost(&self) -> Error {
        self.broken(&TransportFailure::new(
            ErrorKind::Unreachable,
            "lost its place in the log, which retention or compaction has changed",
        ))
    }

    /// No answer came in time.
    pub(crate) fn timed_out(&self, waited: std::time::Duration) -> Error {
        let words = format!("did not answer within {}", limit_text(waited));
        self.broken(&TransportFailure::new(ErrorKind::Timeout, words))
    }

    fn broken(&self, failure: &TransportFailure) -> Error {
        let sentence = format!("broker {} {}", self.address, failure.words);
        if failure.unsent {
            return Error::new(failure.kind, self.broker(), sentence).never_sent();
        }
        let may_have_changed = matches!(
            failure.kind,
            ErrorKind::Unreachable
                | ErrorKind::BadAnswer
                | ErrorKind::Timeout
                // A gateway that answers with a page of its own has handed the request on before.
                | ErrorKind::NotLiftbridge
        );
        if self.rpc.changes() && may_have_changed {
            return Error::outcome_unknown(self.rpc, self.target.clone(), &sentence);
        }
        Error::new(failure.kind, self.broker(), sentence)
    }

    fn broker(&self) -> Target {
        Target::Broker(self.address.into())
    }
}

/// What a connection suffered.
struct TransportFailure {
    kind: ErrorKind,
    /// What stands after `broker HOST:PORT` in the sentence.
    words: String,
    unsent: bool,
}

impl TransportFailure {
    fn new(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
            unsent: false,
        }
    }

    fn late() -> Self {
        Self::new(ErrorKind::Timeout, "did not answer in time")
    }

    fn unavailable() -> Self {
        Self::new(ErrorKind::Unreachable, "says that it is unavailable")
    }
}

const CLOSED: &str = "closed the connection";
const NOT_GRPC: &str =
    "does not speak gRPC: something else than Liftbridge listens there, or it wants TLS";

/// Statuses that this side makes up without a cause: whatever came is no answer that says how the call ended.
fn synthesised_status(status: &Status) -> TransportFailure {
    let (code, text) = (status.code(), status.message());
    let (kind, words) = if text.contains("grpc-status header missing") {
        (ErrorKind::NotLiftbridge, NOT_GRPC)
    } else if code == Code::Unknown && text.contains("missing grpc-status trailer") {
        (ErrorKind::Unreachable, "broke its answer off")
    } else if code == Code::Internal && text.starts_with("Missing response message") {
        (
            ErrorKind::BadAnswer,
            "sent an answer in which nothing stands",
        )
    } else if code == Code::Internal && text.contains("Unexpected EOF") {
        (ErrorKind::Unreachable, CLOSED)
    } else if code == Code::OutOfRange && text.contains("message length too large") {
        (
            ErrorKind::BadAnswer,
            "sent an answer larger than this client takes",
        )
    } else if code == Code::DataLoss && text == MALFORMED {
        (ErrorKind::BadAnswer, "sent a malformed message")
    } else {
        (ErrorKind::BadAnswer, "sent an answer that cannot be read")
    };
    TransportFailure::new(kind, words)
}

/// A cause and its causes.
fn causes<'a>(
    cause: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(cause), |error| {
        let error: &'a (dyn StdError + 'static) = *error;
        error.source()
    })
}

/// The first cause that says what happened.
fn failure_from_cause(cause: &(dyn StdError + 'static)) -> TransportFailure {
    let unsent = causes(cause).any(is_unsent);
    if causes(cause).any(<dyn StdError>::is::<TimeoutExpired>) {
        return TransportFailure::late();
    }
    let found = causes(cause).find_map(known_cause);
    let unresolved = || causes(cause).any(|error| error.to_string() == "dns error");
    let mut failure = match found {
        _ if unresolved() => {
            TransportFailure::new(ErrorKind::BadAddress, "has a host that cannot be resolved")
        }
        Some(failure) => failure,
        None if unsent => TransportFailure::new(ErrorKind::Unreachable, "cannot be reached"),
        None => TransportFailure::new(ErrorKind::Unreachable, CLOSED),
    };
    failure.unsent = unsent;
    failure
}

fn known_cause(error: &(dyn StdError + 'static)) -> Option<TransportFailure> {
    if let Some(error) = error.downcast_ref::<h2::Error>() {
        return http2_failure(error);
    }
    error.downcast_ref::<io::Error>().map(io_failure)
}

fn http2_failure(error: &h2::Error) -> Option<TransportFailure> {
    if let Some(error) = error.get_io() {
        return Some(io_failure(error));
    }
    if error.is_library() {
        return Some(TransportFailure::new(ErrorKind::NotLiftbridge, NOT_GRPC));
    }
    let reason = error.reason()?;
    let words = if error.is_go_away() {
        format!("told this client to go away ({})", reason.description())
    } else {
        format!("reset the call ({})", reason.description())
    };
    Some(TransportFailure::new(ErrorKind::Unreachable, words))
}

/// Whether this error comes of what no server can have taken: not dialled, or never written to the connection, which is
/// what hyper calls canceled, or met by something that does not speak HTTP/2.
fn is_unsent(error: &(dyn StdError + 'static)) -> bool {
    let unwritten = error.downcast_ref::<hyper::Error>();
    error.is::<ConnectError>()
        || unwritten.is_some_and(hyper::Error::is_canceled)
        || is_not_http2(error)
}

/// Whether the other side turned out to speak something else: it has done nothing of what was sent.
fn is_not_http2(error: &(dyn StdError + 'static)) -> bool {
    let of_http2 = error
        .downcast_ref::<h2::Error>()
        .and_then(h2::Error::get_io);
    let found = error.downcast_ref::<io::Error>().or(of_http2);
    found.is_some_and(|error| error.to_string() == NOT_HTTP2)
}

fn io_failure(error: &io::Error) -> TransportFailure {
    if is_not_http2(error) {
        return TransportFailure::new(ErrorKind::NotLiftbridge, NOT_GRPC);
    }
    if let Some(tls) = tls(error).or_else(|| late_alert(error)) {
        return TransportFailure::new(ErrorKind::Tls, tls);
    }
    let known = IO_WORDS.iter().find(|(kind, _)| *kind == error.kind());
    let words = match known {
        Some((_, words)) => (*words).to_owned(),
        None => format!("cannot be reached ({error})"),
    };
    TransportFailure::new(ErrorKind::Unreachable, words)
}

/// What happened to the connection, in words; no library's text is needed for these.
const IO_WORDS: [(io::ErrorKind, &str); 9] = [
    (io::ErrorKind::ConnectionRefused, "refused the connection"),
    (
        io::ErrorKind::TimedOut,
        "did not take the connection in time",
    ),
    (
        io::ErrorKind::HostUnreachable,
        "cannot be reached: there is no route to its host",
    ),
    (
        io::ErrorKind::NetworkUnreachable,
        "cannot be reached: there is no route to its network",
    ),
    (io::ErrorKind::ConnectionReset, CLOSED),
    (io::ErrorKind::ConnectionAborted, CLOSED),
    (io::ErrorKind::BrokenPipe, CLOSED),
    (io::ErrorKind::UnexpectedEof, CLOSED),
    (io::ErrorKind::NotConnected, CLOSED),
];

/// TLS errors come wrapped in `io::Error`, whose `source` skips the error itself.
fn tls(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    let error = inner.downcast_ref::<rustls::Error>()?;
    let words = if let rustls::Error::InvalidCertificate(error) = error {
        Some(certificate_words(error))
    } else if let rustls::Error::AlertReceived(alert) = error {
        alert_words(*alert)
    } else if let rustls::Error::InvalidMessage(_) = error {
        Some("does not speak TLS")
    } else {
        None
    };
    Some(match words {
        Some(words) => words.to_owned(),
        None => "could not agree on TLS: it may want another version or other ciphers".to_owned(),
    })
}

/// In TLS 1.3 a server refuses the client's certificate after the handshake, so that HTTP/2 meets the alert and keeps only
/// its text.
fn late_alert(error: &io::Error) -> Option<String> {
    let text = error.to_string();
    let name = text.strip_prefix("received fatal alert: ")?;
    let alerts = [
        AlertDescription::CertificateRequired,
        AlertDescription::UnknownCA,
        AlertDescription::BadCertificate,
        AlertDescription::CertificateUnknown,
        AlertDescription::CertificateExpired,
        AlertDescription::AccessDenied,
    ];
    let alert = alerts
        .into_iter()
        .find(|alert| format!("{alert:?}") == name);
    let words = alert.and_then(alert_words);
    Some(words.unwrap_or("ended TLS without saying why").to_owned())
}

/// What is wrong with a server's certificate.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls has many, and adds to them"
)]
fn certificate_words(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "has a certificate for another name than the host dialled"
        }
        CertificateError::UnknownIssuer => {
            "has a certificate of an authority that is not trusted here"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "has a certificate that has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "has a certificate that is not valid yet"
        }
        CertificateError::Revoked => "has a certificate that was revoked",
        // An authority's own certificate, which signed itself, is among them.
        _ => {
            "has a certificate that no server may have: one that signed itself must not be an authority's, and each must be \
             made for servers"
        }
    }
}

/// Why a server ended the handshake.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "TLS has many, and few are for a client's user"
)]
fn alert_words(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CertificateRequired => "wants a client certificate",
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::AccessDenied => "does not accept the client certificate",
        _ => return None,
    })
}
