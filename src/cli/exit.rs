//! Exit codes (interface.md §1), and how a command ends early: a code and one sentence.
//! Sentences about the cluster are the client's; here they get their code.

use std::io;
use std::process::ExitCode;

use crate::client;
use crate::config::ConfigError;
use crate::model::{ErrorKind, Failure, Target};

/// The process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// Done.
    pub const DONE: Self = Self(0);
    /// The cluster refused, or the request failed.
    pub const FAILED: Self = Self(1);
    /// The command line is wrong.
    pub const USAGE: Self = Self(2);
    /// No broker could be reached.
    pub const UNREACHABLE: Self = Self(3);
    /// No such stream, partition, cursor or group.
    pub const NOT_FOUND: Self = Self(4);
    /// Refused before anything was sent.
    pub const REFUSED: Self = Self(5);
    /// Sent, and no answer came: it may have been done or not.
    pub const UNKNOWN: Self = Self(6);
    /// SIGINT.
    pub const INTERRUPTED: Self = Self(130);

    /// The code that a kind of failure ends with.
    pub fn for_error(kind: ErrorKind) -> Self {
        use ErrorKind as K;
        if matches!(
            kind,
            K::NoSuchStream
                | K::NoSuchPartition
                | K::StreamDeleted
                | K::NoSuchCursor
                | K::NoSuchGroup
        ) {
            Self::NOT_FOUND
        } else if matches!(
            kind,
            K::Unreachable | K::NotLiftbridge | K::Tls | K::BadAddress
        ) {
            Self::UNREACHABLE
        } else if kind == K::Refused {
            Self::REFUSED
        } else if kind == K::OutcomeUnknown {
            Self::UNKNOWN
        } else {
            Self::FAILED
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Why a command ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    /// The code to end with.
    pub(crate) exit: Exit,
    /// One sentence for stderr; `None` where there is nothing to say, as after a broken pipe.
    pub(crate) sentence: Option<String>,
    /// The stream that does not exist, where that is what failed: another of a like name may have been meant.
    pub(crate) missing_stream: Option<String>,
    /// What to try, where no broker could be reached.
    pub(crate) remedy: Option<&'static str>,
}

impl CliError {
    /// An end with a sentence.
    pub(crate) fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: Some(sentence.into()),
            missing_stream: None,
            remedy: None,
        }
    }

    /// The command line is wrong.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, sentence)
    }

    /// Refused before anything was sent.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self::new(Exit::REFUSED, sentence)
    }

    /// Nobody reads any more: a quiet end.
    pub(crate) fn broken_pipe() -> Self {
        Self {
            exit: Exit::DONE,
            sentence: None,
            missing_stream: None,
            remedy: None,
        }
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        let missing_stream = match &failure.target {
            Target::Stream(name) | Target::Partition(name, _) => Some(name.to_string()),
            Target::Cluster
            | Target::Broker(_)
            | Target::Subject(_)
            | Target::Cursor(_)
            | Target::Group(_) => None,
        };
        let missing_stream = missing_stream.filter(|_| failure.kind == ErrorKind::NoSuchStream);
        // The question what the cluster looks like is about no stream: a broker that is silent then was not reached.
        let brokers = matches!(failure.target, Target::Cluster | Target::Broker(_));
        let silence = failure.kind == ErrorKind::Timeout && brokers;
        let exit = if silence {
            Exit::UNREACHABLE
        } else {
            Exit::for_error(failure.kind)
        };
        Self {
            missing_stream,
            remedy: remedy(failure.kind),
            ..Self::new(exit, failure.sentence)
        }
    }
}

/// What to try where a broker cannot be reached; the other sentences say so themselves.
fn remedy(kind: ErrorKind) -> Option<&'static str> {
    if kind == ErrorKind::Unreachable {
        return Some("is Liftbridge running there? --addr names other brokers");
    }
    let unknown = "is the name right? --advertise translates names that are known elsewhere";
    (kind == ErrorKind::BadAddress).then_some(unknown)
}

impl From<client::Error> for CliError {
    fn from(error: client::Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::broken_pipe();
        }
        Self::new(Exit::FAILED, error.to_string())
    }
}

/// What a command returns.
pub(crate) type Result<T = Exit> = std::result::Result<T, CliError>;
