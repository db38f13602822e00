//! Recordings of a dashboard: what happened to it, in the order in which it happened, so that it can be shown again.
//!
//! [`App::update`](crate::app::App::update) follows from its events alone (I9), so a recording is the settings of the start and
//! every event since, each with its time, and a mark wherever a frame was drawn. Who writes files and draws is the runtime's.

mod block;
mod decoder;
mod encoder;
mod file;
mod known_events;
mod marks;
mod player;
mod record;
mod redaction;
mod segments;

pub use block::Block;
pub use encoder::BlockBuilder;
pub use file::{OpenError, Recording, write_head};
pub use marks::{Mark, find_marks, next_mark};
pub use player::{LineParser, Played, Player};
pub use record::{Fact, Head};
pub use redaction::{Vocabulary, redact};
