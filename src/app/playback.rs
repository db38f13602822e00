//! What a dashboard knows of the recording that it is shown from.

use crate::model::Timestamp;

/// Where in a recording the dashboard stands, and what is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playback {
    /// The time that is shown.
    pub at: Timestamp,
    /// When the recording begins.
    pub begin: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many times as fast as it happened it is played.
    pub speed: u32,
    /// What is done with it.
    pub state: PlaybackState,
    /// Whether it has what messages held.
    pub has_messages: bool,
    /// Whether more was recorded than could be read.
    pub is_damaged: bool,
}

impl Playback {
    /// What time it is in the dashboard that goes on behind, if one does.
    pub fn now(&self) -> Option<Timestamp> {
        match self.state {
            PlaybackState::Past(now) => Some(now),
            PlaybackState::Playing | PlaybackState::Paused | PlaybackState::LookingAround => None,
        }
    }
}

/// What is done with a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaybackState {
    /// It goes on.
    Playing,
    /// It stands still.
    Paused,
    /// It stands still, and the user looks around in the state that it had.
    LookingAround,
    /// The same, in the last minutes of a dashboard that goes on behind, where it is this time now.
    Past(Timestamp),
}
