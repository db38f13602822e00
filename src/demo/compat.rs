//! Which oddities of real servers the cluster shows, and which acks it spoils. Any may change at any time.

/// What happens to the acks of `PublishAsync`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckFault {
    /// Each comes once, in order.
    #[default]
    None,
    /// Each comes twice.
    Duplicate,
    /// Reverse order, in bunches of up to eight.
    Reorder,
    /// None comes.
    Lose,
}

/// How a streaming call ends whose deadline passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeadlineEnd {
    /// Either way, as chance has it.
    #[default]
    Mixed,
    /// With the status `DEADLINE_EXCEEDED`.
    Status,
    /// With `RST_STREAM`, which clients see as cancelled.
    Reset,
}

impl DeadlineEnd {
    /// Whether the call that ends now is reset.
    pub(super) fn is_reset(self) -> bool {
        match self {
            Self::Mixed => fastrand::bool(),
            Self::Status => false,
            Self::Reset => true,
        }
    }
}

/// The oddities.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compat {
    /// Whether `paused` and `readonly` of the metadata stick as real servers' do (wire-contract §0.2, §0.3).
    pub(super) sticky_flags: bool,
    /// Whether `SubscribeRequest.reverse` is known; servers up to 1.9.0 read forward in silence.
    pub(super) reverse: bool,
    /// What happens to acks.
    pub(super) acks: AckFault,
    /// Whether changes are made and then said to have failed, as where the metadata leader is lost in between.
    pub(super) outcomes_open: bool,
    /// How a streaming call ends whose deadline passes.
    pub(super) deadlines: DeadlineEnd,
}
