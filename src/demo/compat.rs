//! Which oddities of real servers the cluster shows, and which acks it spoils. Switches that may change at any time.
//! What the oddities are is said where they happen.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// What happens to the acks of `PublishAsync`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckFault {
    /// They come as they should.
    #[default]
    None,
    /// Each comes twice.
    Duplicate,
    /// They come in reverse order, in bunches of up to eight.
    Reorder,
    /// None comes.
    Lose,
}

impl AckFault {
    const ALL: [Self; 4] = [Self::None, Self::Duplicate, Self::Reorder, Self::Lose];
}

/// The switches.
#[derive(Debug)]
pub(super) struct Compat {
    sticky_flags: AtomicBool,
    reverse: AtomicBool,
    acks: AtomicU8,
}

impl Compat {
    /// Switches as a cluster starts with them.
    pub(super) fn new(sticky_flags: bool, reverse: bool) -> Self {
        Self {
            sticky_flags: AtomicBool::new(sticky_flags),
            reverse: AtomicBool::new(reverse),
            acks: AtomicU8::new(0),
        }
    }

    /// Whether `paused` and `readonly` of the metadata stick as real servers' do (wire-contract §0.2, §0.3).
    pub(super) fn sticky_flags(&self) -> bool {
        self.sticky_flags.load(Ordering::Relaxed)
    }

    /// Sets [`Self::sticky_flags`].
    pub(super) fn set_sticky_flags(&self, sticky: bool) {
        self.sticky_flags.store(sticky, Ordering::Relaxed);
    }

    /// Whether `SubscribeRequest.reverse` is known; servers up to 1.9.0 read forward in silence.
    pub(super) fn reverse(&self) -> bool {
        self.reverse.load(Ordering::Relaxed)
    }

    /// Sets [`Self::reverse`].
    pub(super) fn set_reverse(&self, known: bool) {
        self.reverse.store(known, Ordering::Relaxed);
    }

    /// What happens to acks.
    pub(super) fn acks(&self) -> AckFault {
        let index = usize::from(self.acks.load(Ordering::Relaxed));
        AckFault::ALL.get(index).copied().unwrap_or_default()
    }

    /// Sets [`Self::acks`].
    pub(super) fn set_acks(&self, fault: AckFault) {
        let index = AckFault::ALL
            .iter()
            .position(|known| *known == fault)
            .unwrap_or_default();
        self.acks
            .store(u8::try_from(index).unwrap_or_default(), Ordering::Relaxed);
    }
}
