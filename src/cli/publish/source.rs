//! Where the messages of a publish come from: the command line, a file, stdin; whole, by lines, or as records.
//! Sends nothing.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::cli::args::{MessageArgs, PublishArgs, PublishSubjectArgs, SourceArgs};
use crate::cli::exit::{CliError, Exit, Result};
use crate::cli::hex;
use crate::cli::private_file;
use crate::model::{
    AckPolicy, Destination, Headers, Offset, PublishOptions, command_words, shell_line,
};
use crate::store::Record;

/// A message to be sent.
pub(super) struct OutgoingMessage {
    /// The line of the input that it was read from; `None` where it is the only message.
    pub(super) line: Option<u64>,
    /// The message.
    pub(super) options: PublishOptions,
}

/// Bytes of a value at most: no server takes a request of more (wire-contract §4.3).
const MOST_BYTES: u64 = 4 << 20;

/// Input that cannot be read.
pub(super) fn unreadable(name: &str, error: &std::io::Error) -> CliError {
    use ErrorKind::{IsADirectory, NotFound, PermissionDenied};
    let is_wrong_file = matches!(error.kind(), NotFound | IsADirectory | PermissionDenied);
    let exit = if is_wrong_file {
        Exit::USAGE
    } else {
        Exit::FAILED
    };
    CliError::new(exit, format!("{name} cannot be read: {error}"))
}

fn endless(name: &str, most: u64) -> CliError {
    CliError::refused(format!(
        "{name} holds more than {most} bytes, and no server takes so large a message"
    ))
}

impl OutgoingMessage {
    /// Bytes of the key, the value and the headers.
    pub(super) fn size(&self) -> usize {
        let headers = self.options.headers.iter();
        let headers = headers.map(|(name, value)| name.len() + value.len());
        self.options.key.len() + self.options.value.len() + headers.sum::<usize>()
    }
}

/// What all messages of one command have in common.
pub(super) struct Template {
    to: Destination,
    message: MessageArgs,
    source: SourceArgs,
    expected_offset: Option<Offset>,
    deadline: Option<Duration>,
    /// Whether the command line says which partition.
    is_placed: bool,
}

impl Template {
    /// Messages for a stream.
    pub(super) fn of_stream(args: &PublishArgs, deadline: Option<Duration>) -> Self {
        Self {
            to: args.destination(),
            message: args.message.clone(),
            source: args.source.clone(),
            expected_offset: args.expect_offset,
            deadline,
            is_placed: args.partition_args.is_given(),
        }
    }

    /// Messages for a NATS subject.
    pub(super) fn of_subject(args: &PublishSubjectArgs, deadline: Option<Duration>) -> Self {
        Self {
            to: args.destination(),
            message: args.message.clone(),
            source: args.source.clone(),
            expected_offset: None,
            deadline,
            is_placed: true,
        }
    }

    /// How the messages are given.
    pub(super) fn message(&self) -> &MessageArgs {
        &self.message
    }

    /// Where they come from.
    pub(super) fn source(&self) -> &SourceArgs {
        &self.source
    }

    /// Whether every line of the input is a message.
    pub(super) fn is_many(&self) -> bool {
        self.source.lines || self.source.ndjson
    }

    /// Whether messages can share one call: it takes none for subjects, answers nothing to a message without an ack, and
    /// puts an ack inbox of its own into each (wire-contract §3, §4.4).
    pub(super) fn shares_a_call(&self) -> bool {
        let subject = matches!(self.to, Destination::Subject(_));
        let silent = self.message.ack.policy() == AckPolicy::None;
        self.is_many() && !subject && !silent && self.message.ack_inbox.is_empty()
    }

    /// The command in the log of changes.
    pub(super) fn command(&self) -> String {
        let flag = if self.source.ndjson {
            "--ndjson"
        } else {
            "--lines"
        };
        let (command, name) = match &self.to {
            Destination::Partition(stream, _)
            | Destination::ByKey(stream)
            | Destination::RoundRobin(stream) => ("publish", stream.as_ref()),
            Destination::Subject(subject) => ("publish-subject", subject.as_str()),
        };
        shell_line(&command_words(&[command], &[name], &[flag]))
    }

    /// The message whose value stands on the command line.
    pub(super) fn of_value(&self, value: &str) -> Result<OutgoingMessage> {
        let value = self.message.bytes(value).map_err(CliError::usage)?;
        let options = self.options(value)?;
        Ok(OutgoingMessage {
            line: None,
            options,
        })
    }

    /// Hands on one message after another, until the input ends, something is wrong with it, or nobody reads them.
    pub(super) fn read(
        &self,
        input: impl Read,
        name: &str,
        sink: &mpsc::Sender<Result<OutgoingMessage>>,
    ) {
        let mut input = BufReader::with_capacity(1 << 16, input);
        if !self.is_many() {
            let _nobody_reads = sink.blocking_send(self.whole(&mut input, name));
            return;
        }
        let mut expected = self.expected_offset;
        for number in 1.. {
            let line = match self.next_line(&mut input, name, number) {
                Ok(None) => return,
                Ok(Some(line)) => Ok(line),
                Err(error) => Err(error),
            };
            let message = line
                .and_then(|line| self.of_line(number, line.strip_suffix(b"\r").unwrap_or(&line)));
            let message = match message {
                Ok(None) => continue,
                Ok(Some(mut message)) => {
                    message.options.expected_offset = expected.unwrap_or(-1);
                    expected = expected.map(|offset| offset.saturating_add(1));
                    Ok(message)
                }
                Err(error) => Err(error),
            };
            let is_wrong = message.is_err();
            if sink.blocking_send(message).is_err() || is_wrong {
                return;
            }
        }
    }

    fn options(&self, value: Bytes) -> Result<PublishOptions> {
        let to = self.to.clone();
        let options = self.message.options(to, value, self.deadline);
        Ok(PublishOptions {
            expected_offset: self.expected_offset.unwrap_or(-1),
            ..options.map_err(CliError::usage)?
        })
    }

    /// How much text one message is read of at most: escapes and hex take several characters for a byte, and of one that is a
    /// little too large its size is told.
    fn most_text(&self) -> u64 {
        let is_plain = !self.source.ndjson && !self.message.hex;
        MOST_BYTES * if is_plain { 2 } else { 8 }
    }

    /// The next line without its end; `None` after the last.
    fn next_line(
        &self,
        input: &mut impl BufRead,
        name: &str,
        number: u64,
    ) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let most = self.most_text();
        let mut bounded = input.take(most + 1);
        let read = bounded.read_until(b'\n', &mut line);
        if read.map_err(|error| unreadable(name, &error))? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if bounded.limit() == 0 {
            return Err(endless(&format!("line {number} of {name}"), most));
        }
        Ok(Some(line))
    }

    fn whole(&self, input: &mut impl Read, name: &str) -> Result<OutgoingMessage> {
        let most = self.most_text();
        let value = private_file::read_within(input, most).map_err(|error| {
            if error.kind() == ErrorKind::FileTooLarge {
                endless(name, most)
            } else {
                unreadable(name, &error)
            }
        })?;
        let value = self.decode_hex(&value);
        let value = value.map_err(|why| CliError::new(Exit::FAILED, why))?;
        let options = self.options(value)?;
        Ok(OutgoingMessage {
            line: None,
            options,
        })
    }

    /// The message of a line: the line itself, or the record in it. Among records a blank line is none.
    fn of_line(&self, number: u64, line: &[u8]) -> Result<Option<OutgoingMessage>> {
        let wrong = |why: String| CliError::new(Exit::FAILED, format!("line {number}: {why}"));
        let message = |options| {
            Some(OutgoingMessage {
                line: Some(number),
                options,
            })
        };
        if !self.source.ndjson {
            return Ok(message(
                self.options(self.decode_hex(line).map_err(wrong)?)?,
            ));
        }
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(line);
        let text = text.map_err(|_not_text| wrong("this is no UTF-8".to_owned()))?;
        let record = Record::parse(text).map_err(wrong)?;
        Ok(message(self.of_record(record)?))
    }

    /// What the command line says of all messages beats what a record says of itself.
    fn of_record(&self, record: Record) -> Result<PublishOptions> {
        let mut options = self.options(record.value)?;
        if self.message.key.is_none() {
            options.key = record.key;
        }
        let is_given = |name: &str| options.headers.iter().any(|(header, _)| header == name);
        let own = record.headers.into_iter();
        let own: Headers = own.filter(|(name, _)| !is_given(name)).collect();
        options.headers.extend(own);
        if let Destination::Partition(_, partition) = &mut options.to
            && !self.is_placed
        {
            *partition = record.partition.unwrap_or(*partition);
        }
        Ok(options)
    }

    fn decode_hex(&self, bytes: &[u8]) -> std::result::Result<Bytes, String> {
        if !self.message.hex {
            return Ok(Bytes::copy_from_slice(bytes));
        }
        hex::decode(bytes).ok_or_else(|| "this is not hex".to_owned())
    }
}
