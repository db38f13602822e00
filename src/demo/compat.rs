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

/// The oddities.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compat {
    /// Whether `paused` and `readonly` of the metadata stick as real servers' do (wire-contract §0.2, §0.3).
    pub(super) sticky_flags: bool,
    /// Whether `SubscribeRequest.reverse` is known; servers up to 1.9.0 read forward in silence.
    pub(super) reverse: bool,
    /// What happens to acks.
    pub(super) acks: AckFault,
}
