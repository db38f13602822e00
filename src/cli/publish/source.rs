//! Where the messages of a publish come from: the command line, a file, stdin; whole, by lines, or as records.
//! Sends nothing.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::cli::args::{MessageArgs, PublishArgs, PublishSubjectArgs, read_hex};
use crate::cli::exit::{Exit, Result, Trouble};
use crate::model::{Destination, Offset, PublishOptions};
use crate::store::Record;

/// Headers that brokers put on every message themselves (wire-contract §3).
const INJECTED: [&str; 2] = ["subject", "reply"];

/// What all messages of one command have in common.
pub(super) struct Template {
    to: Destination,
    message: MessageArgs,
    expected_offset: Offset,
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
            expected_offset: args.expect_offset.unwrap_or(-1),
            deadline,
            is_placed: args.partition.is_some() || args.by_key || args.round_robin,
        }
    }

    /// Messages for a NATS subject.
    pub(super) fn of_subject(args: &PublishSubjectArgs, deadline: Option<Duration>) -> Self {
        Self {
            to: args.destination(),
            message: args.message.clone(),
            expected_offset: -1,
            deadline,
            is_placed: true,
        }
    }

    /// How the messages are given.
    pub(super) fn message(&self) -> &MessageArgs {
        &self.message
    }

    /// The message whose value stands on the command line.
    pub(super) fn typed(&self, value: &str) -> Result<PublishOptions> {
        self.with(self.message.bytes(value).map_err(Trouble::usage)?)
    }

    /// Hands on one message after another, until the input ends or nobody takes them.
    pub(super) fn read(&self, input: impl Read, sink: &mpsc::Sender<Result<PublishOptions>>) {
        let mut input = BufReader::with_capacity(1 << 16, input);
        if !self.message.lines && !self.message.ndjson {
            let _nobody_takes = sink.blocking_send(self.whole(&mut input));
            return;
        }
        for (at, line) in input.split(b'\n').enumerate() {
            let message = match line {
                Ok(line) => self.of_line(at + 1, line.strip_suffix(b"\r").unwrap_or(&line)),
                Err(error) => Err(error.into()),
            };
            if sink.blocking_send(message).is_err() {
                return;
            }
        }
    }

    fn with(&self, value: Bytes) -> Result<PublishOptions> {
        let to = self.to.clone();
        let options = self.message.options(to, value, self.deadline);
        Ok(PublishOptions {
            expected_offset: self.expected_offset,
            ..options.map_err(Trouble::usage)?
        })
    }

    fn whole(&self, input: &mut impl Read) -> Result<PublishOptions> {
        let mut value = Vec::new();
        input.read_to_end(&mut value)?;
        self.with(self.unhexed(&value).map_err(Trouble::usage)?)
    }

    /// The message of a line: the line itself, or the record in it.
    fn of_line(&self, number: usize, line: &[u8]) -> Result<PublishOptions> {
        let wrong = |why: String| Trouble::new(Exit::FAILED, format!("line {number}: {why}"));
        if !self.message.ndjson {
            return self.with(self.unhexed(line).map_err(wrong)?);
        }
        let text = std::str::from_utf8(line);
        let text = text.map_err(|_not_text| wrong("this is no UTF-8".to_owned()))?;
        let record = Record::parse(text).map_err(wrong)?;
        let mut options = self.with(record.value)?;
        if self.message.key.is_none() {
            options.key = record.key;
        }
        let own = record.headers.into_iter();
        options
            .headers
            .extend(own.filter(|(name, _)| !INJECTED.contains(&name.as_str())));
        if let Destination::Partition(_, partition) = &mut options.to
            && !self.is_placed
        {
            *partition = record.partition.unwrap_or(*partition);
        }
        Ok(options)
    }

    fn unhexed(&self, bytes: &[u8]) -> std::result::Result<Bytes, String> {
        if !self.message.hex {
            return Ok(Bytes::copy_from_slice(bytes));
        }
        let read = std::str::from_utf8(bytes).ok().and_then(read_hex);
        read.ok_or_else(|| "this is not hex".to_owned())
    }
}
