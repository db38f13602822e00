//! The vocabulary every layer may speak: plain values, no I/O, no clock but [`Timestamp::now`].
//!
//! Nothing here knows protobuf, gRPC, the terminal or how a value came to be. The words are Liftbridge's own.

mod activity;
mod address;
mod argv;
mod asides;
mod broker_view;
mod cluster;
mod cursor_move;
mod duration_text;
mod failure;
#[cfg(feature = "dashboard")]
mod locator;
mod message;
mod name_pattern;
mod newest;
mod number_format;
mod operation;
mod options;
#[cfg(feature = "dashboard")]
pub(crate) mod sanitise;
mod seek;
pub(crate) mod setters;
mod sink;
mod subject_index;
mod subscription;
mod suggest;
mod time;
#[cfg(feature = "dashboard")]
mod time_text;
mod units;
#[cfg(feature = "dashboard")]
mod zone;

pub use activity::{ActivityEvent, ActivityKind, CursorEntry, CursorId, FirstUnread, GroupInfo};
pub use address::{DEFAULT_PORT, parse_address, parse_addresses, parse_advertise};
pub use argv::{command_words, shell_line};
pub use asides::without_asides;
pub use broker_view::{BrokerView, Probe, ProbeState};
pub use cluster::{
    Broker, BrokerId, Cluster, EventTimes, Partition, PartitionId, Stream, StreamName,
};
pub use cursor_move::{
    CursorGoal, CursorMove, CursorMoveSpec, check_cursor_offset, stream_or_partition,
    stream_partition,
};
pub use duration_text::{
    age_in_words, ago, exact_age, gap, latency, limit_text, play_time, short_age,
};
pub use failure::{ErrorKind, Failure, Target, no_such_partition};
#[cfg(feature = "dashboard")]
pub use locator::{Locator, MessagePlace, Place};
pub use message::{
    Ack, AckPolicy, BROKER_HEADERS, Headers, Message, Offset, repeated_header, unexpected_offset,
};
pub use name_pattern::{fits_pattern, is_pattern, names_stream};
pub(crate) use newest::newest_of;
pub use number_format::{counted, counted_of, counted_plainly, first_names, grouped, verb_of};
pub use operation::{Operation, Outcome};
pub use options::{
    Destination, PinnedStart, PublishOptions, RetryLimit, StartAt, StopAt, StreamOptions,
    SubscribeSpec,
};
pub use seek::{check_range, parse_start, parse_stop};
pub use sink::{MessageSink, MessageStamp, OwnedMessages};
pub use subject_index::{SubjectIndex, is_subject_pattern, parse_subject, subject_of_partition};
pub use subscription::{EndReason, SubscriptionEvent};
pub use suggest::{did_you_mean, nearest};
pub use time::Timestamp;
#[cfg(feature = "dashboard")]
pub use time_text::TimeDisplay;
pub use units::{
    format_duration, format_ranges, name_partitions, name_partitions_of, parse_duration,
    parse_interval, parse_ranges, parse_size,
};
#[cfg(feature = "dashboard")]
pub use zone::Zone;
