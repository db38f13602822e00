//! Arguments of publish and publish-subject, and the message that follows from them.
//! Reads no file: what a file or stdin holds joins in `cli::publish`.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::{Args, ValueEnum};

use super::super::hex;
use super::OutputArgs;
use crate::client::envelope::EnvelopeMessage;
use crate::model::{
    AckPolicy, BROKER_HEADERS, Destination, Headers, Offset, Operation, PartitionId,
    PublishOptions, StreamName, repeated_header,
};

/// Which partition of a stream gets a message.
#[derive(Clone, Debug, Args)]
pub(crate) struct PartitionArgs {
    /// The partition [default: 0]
    #[arg(
        short,
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with_all = ["by_key", "round_robin"]
    )]
    pub(crate) partition: Option<PartitionId>,
    /// Let the key choose the partition
    #[arg(long, conflicts_with = "round_robin")]
    pub(crate) by_key: bool,
    /// Each partition in turn
    #[arg(long)]
    round_robin: bool,
}

impl PartitionArgs {
    /// Whether anything is said of it.
    pub(crate) fn is_given(&self) -> bool {
        self.partition.is_some() || self.by_key || self.round_robin
    }

    /// Where messages of that stream go.
    pub(crate) fn destination(&self, stream: &str) -> Destination {
        let stream = StreamName::from(stream);
        if self.by_key {
            Destination::ByKey(stream)
        } else if self.round_robin {
            Destination::RoundRobin(stream)
        } else {
            Destination::Partition(stream, self.partition.unwrap_or(0))
        }
    }
}

/// Messages for a stream.
#[derive(Clone, Debug, Args)]
pub(crate) struct PublishArgs {
    /// The stream, or one of its partitions as in orders:2
    pub(crate) stream: String,
    #[command(flatten)]
    pub(crate) partition_args: PartitionArgs,
    /// The offset it must get, on a stream with concurrency control
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) expect_offset: Option<Offset>,
    #[command(flatten)]
    pub(crate) message: MessageArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

impl PublishArgs {
    /// Where the messages go.
    pub(crate) fn destination(&self) -> Destination {
        self.partition_args.destination(&self.stream)
    }

    /// The message where its value stands on the command line.
    pub(crate) fn operation(&self, deadline: Option<Duration>) -> Option<Operation> {
        let value = self.message.value.as_deref()?;
        let value = self.message.bytes(value).ok()?;
        let options = self.options(value, deadline).ok()?;
        Some(Operation::Publish(Box::new(options)))
    }

    /// A message of that value.
    pub(crate) fn options(
        &self,
        value: Bytes,
        deadline: Option<Duration>,
    ) -> Result<PublishOptions, String> {
        let mut options = self.message.options(self.destination(), value, deadline)?;
        options.expected_offset = self.expect_offset.unwrap_or(-1);
        Ok(options)
    }
}

/// Messages for a NATS subject.
#[derive(Clone, Debug, Args)]
pub(crate) struct PublishSubjectArgs {
    /// The NATS subject
    pub(crate) subject: String,
    #[command(flatten)]
    pub(crate) message: MessageArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

impl PublishSubjectArgs {
    /// Where the messages go.
    pub(crate) fn destination(&self) -> Destination {
        Destination::Subject(self.subject.clone())
    }

    /// The message where its value stands on the command line.
    pub(crate) fn operation(&self, deadline: Option<Duration>) -> Option<Operation> {
        let value = self.message.value.as_deref()?;
        let value = self.message.bytes(value).ok()?;
        let options = self.message.options(self.destination(), value, deadline);
        Some(Operation::Publish(Box::new(options.ok()?)))
    }
}

/// A message to wrap.
#[derive(Clone, Debug, Args)]
pub(crate) struct EnvelopeEncodeArgs {
    #[command(flatten)]
    message: MessageArgs,
    /// The offset it must get, on a stream with concurrency control
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    expect_offset: Option<Offset>,
    /// Add a CRC-32C of the payload, which servers check
    #[arg(long)]
    pub(crate) crc: bool,
    /// Print bytes instead of hex
    #[arg(long)]
    pub(crate) binary: bool,
}

impl EnvelopeEncodeArgs {
    /// The value, where it stands on the command line.
    pub(crate) fn value(&self) -> Result<Option<Bytes>, String> {
        let value = self.message.value.as_deref();
        value.map(|value| self.message.bytes(value)).transpose()
    }

    /// Whether values are hex.
    pub(crate) fn is_hex(&self) -> bool {
        self.message.hex
    }

    /// The message of that value.
    pub(crate) fn message(&self, value: Bytes) -> Result<EnvelopeMessage, String> {
        let message = &self.message;
        Ok(EnvelopeMessage {
            expected_offset: self.expect_offset.unwrap_or(-1),
            key: message.bytes(message.key.as_deref().unwrap_or_default())?,
            value,
            headers: message.headers()?,
            ack_inbox: message.ack_inbox.clone(),
            correlation_id: message.correlation_id.clone(),
            ack_policy: message.ack.policy(),
        })
    }
}

/// What messages are like.
#[derive(Clone, Debug, Args)]
pub(crate) struct MessageArgs {
    /// The value; stdin where left out
    #[arg(allow_negative_numbers = true)]
    pub(crate) value: Option<String>,
    /// The key
    #[arg(short, long, allow_hyphen_values = true)]
    pub(crate) key: Option<String>,
    /// A header; repeatable
    #[arg(short = 'H', long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = header)]
    pub(crate) header: Vec<String>,
    /// KEY, VALUE and the values of headers are hex
    #[arg(long)]
    pub(crate) hex: bool,
    /// Who must have stored it before the ack
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ack: Ack,
    /// Comes back in the ack
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub(crate) correlation_id: String,
    /// A NATS subject for the ack
    #[arg(
        long,
        value_name = "SUBJECT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) ack_inbox: String,
}

/// Where messages come from that do not stand on the command line, and how their acks are printed.
#[derive(Clone, Debug, Args)]
pub(crate) struct SourceArgs {
    /// Read the value from this file
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    pub(crate) file: Option<PathBuf>,
    /// Every line is a message
    #[arg(long, conflicts_with_all = ["value", "ndjson"])]
    pub(crate) lines: bool,
    /// Every line is a record as tail -o ndjson prints it
    #[arg(long, conflicts_with_all = ["value", "hex"])]
    pub(crate) ndjson: bool,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl MessageArgs {
    /// A message of that value to that place.
    pub(crate) fn options(
        &self,
        to: Destination,
        value: Bytes,
        deadline: Option<Duration>,
    ) -> Result<PublishOptions, String> {
        Ok(PublishOptions {
            key: self.bytes(self.key.as_deref().unwrap_or_default())?,
            headers: self.headers()?,
            ack_policy: self.ack.policy(),
            correlation_id: self.correlation_id.clone(),
            ack_inbox: self.ack_inbox.clone(),
            deadline,
            ..PublishOptions::new(to, value)
        })
    }

    /// The bytes that a text of the command line stands for.
    pub(crate) fn bytes(&self, text: &str) -> Result<Bytes, String> {
        if !self.hex {
            return Ok(Bytes::copy_from_slice(text.as_bytes()));
        }
        hex::decode(text.as_bytes()).ok_or_else(|| format!("\"{text}\" is not hex"))
    }

    fn headers(&self) -> Result<Headers, String> {
        let headers = self.header.iter().map(|text| {
            // Hex has no "=", so that behind --hex a name may hold some, or be empty.
            let parts = if self.hex {
                text.rsplit_once('=')
            } else {
                text.split_once('=')
            };
            let (name, value) = parts.ok_or_else(|| format!("\"{text}\" is not NAME=VALUE"))?;
            if name.is_empty() && !self.hex {
                return Err(format!("\"{text}\" is not NAME=VALUE"));
            }
            if BROKER_HEADERS.contains(&name) {
                return Err(format!(
                    "the broker overwrites the header \"{name}\": give it another name"
                ));
            }
            Ok((name.to_owned(), self.bytes(value)?))
        });
        let headers: Headers = headers.collect::<Result<_, _>>()?;
        match repeated_header(&headers) {
            Some(name) => Err(format!(
                "the header \"{name}\" is given twice, and a message has each name once"
            )),
            None => Ok(headers),
        }
    }
}

/// Who must have stored a message before its ack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ack {
    /// The leader
    #[default]
    Leader,
    /// Every in-sync replica
    All,
    /// Nobody: no ack comes
    None,
}

impl Ack {
    /// The policy of the model.
    pub(crate) fn policy(self) -> AckPolicy {
        match self {
            Self::Leader => AckPolicy::Leader,
            Self::All => AckPolicy::All,
            Self::None => AckPolicy::None,
        }
    }
}

fn header(text: &str) -> Result<String, String> {
    if text.contains('=') {
        return Ok(text.to_owned());
    }
    Err(format!("\"{text}\" is not NAME=VALUE"))
}
