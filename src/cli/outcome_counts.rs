//! How many messages of one command ended how.

use crate::model::{ErrorKind, Failure, Outcome};

/// The counts.
#[derive(Clone, Copy, Default)]
pub(crate) struct OutcomeCounts {
    /// Stored, with an ack.
    pub(crate) acked: u64,
    /// Sent, without an ack asked for.
    pub(crate) sent: u64,
    /// Refused or not sent.
    pub(crate) failed: u64,
    /// Stored or not: no answer came.
    pub(crate) unknown: u64,
    /// Bytes of those that were acked or sent.
    pub(crate) bytes: u64,
}

impl OutcomeCounts {
    /// Counts one message of so many bytes.
    pub(crate) fn record(&mut self, outcome: &Result<Outcome, Failure>, bytes: u64) {
        match outcome {
            Err(failure) if failure.kind == ErrorKind::OutcomeUnknown => self.unknown += 1,
            Err(_) => self.failed += 1,
            Ok(outcome) => {
                self.bytes += bytes;
                match outcome {
                    Outcome::Acked { .. } => self.acked += 1,
                    Outcome::Sent | Outcome::Done | Outcome::Partial { .. } => self.sent += 1,
                }
            }
        }
    }

    /// Messages that are there, as far as was asked.
    pub(crate) fn done(&self) -> u64 {
        self.acked + self.sent
    }
}
