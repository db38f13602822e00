//! When to draw: only after something happened, at most 60 times a second.
//!
//! Knows neither what happened nor what is drawn.

use std::time::Duration;

use tokio::time::Instant;

/// A sixtieth of a second, rounded up: faster than an eye, slower than a firehose.
const FRAME: Duration = Duration::from_micros(16_667);

/// Holds frames back.
#[derive(Debug, Default)]
pub(super) struct FrameLimiter {
    changed: bool,
    drawn: Option<Instant>,
}

impl FrameLimiter {
    /// Something happened that may show.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// When the next frame may be drawn; `None` while there is nothing new to show.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let earliest = self.drawn.map_or(now, |drawn| drawn + FRAME);
        self.changed.then_some(earliest)
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.changed = false;
        self.drawn = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_change_is_shown_at_once_and_the_next_one_a_frame_later() {
        let mut limiter = FrameLimiter::default();
        let start = Instant::now();
        assert_eq!(limiter.due(start), None);
        limiter.changed();
        assert_eq!(limiter.due(start), Some(start));
        limiter.drawn(start);
        assert_eq!(
            limiter.due(start),
            None,
            "nothing changed, nothing is drawn"
        );
        limiter.changed();
        assert_eq!(limiter.due(start), Some(start + FRAME));
    }
}
