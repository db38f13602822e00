//! When to draw: only after something happened, at most 60 times a second, and sooner for a key.
//!
//! Knows neither what happened nor what is drawn.

use std::time::Duration;

use tokio::time::Instant;

/// A sixtieth of a second, rounded up: faster than an eye, slower than a firehose.
const FRAME: Duration = Duration::from_micros(16_667);
/// A key is answered no sooner after a frame than that: under a firehose there has always just been one.
const KEY_FRAME: Duration = Duration::from_millis(2);

/// Holds frames back.
#[derive(Debug, Default)]
pub(super) struct FrameLimiter {
    changed: bool,
    /// Whether somebody has pressed a key since the last frame.
    pressed: bool,
    drawn: Option<Instant>,
    /// When the last frame was drawn before its turn: a burst of keys has one of these for each that has its turn.
    hurried: Option<Instant>,
}

impl FrameLimiter {
    /// Something happened that may show.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// Somebody has pressed a key, and waits for what it does.
    pub(super) fn pressed(&mut self) {
        self.pressed = true;
    }

    /// Another program has the terminal: nobody waits for what the key does.
    pub(super) fn suspended(&mut self) {
        self.pressed = false;
    }

    /// When the next frame may be drawn; `None` while there is nothing new to show.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let pause = if self.hurries(now) { KEY_FRAME } else { FRAME };
        let earliest = self.drawn.map_or(now, |drawn| drawn + pause);
        self.changed.then_some(earliest)
    }

    /// Whether a key is to be answered before anything else is looked at.
    pub(super) fn hurries(&self, now: Instant) -> bool {
        self.pressed && self.hurried.is_none_or(|hurried| hurried + FRAME <= now)
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        if self.hurries(now) && self.drawn.is_some_and(|drawn| drawn + FRAME > now) {
            self.hurried = Some(now);
        }
        self.changed = false;
        self.pressed = false;
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

    #[tokio::test(start_paused = true)]
    async fn a_key_is_answered_at_once_and_a_burst_of_them_takes_turns() {
        let mut limiter = FrameLimiter::default();
        let start = Instant::now();
        limiter.drawn(start);
        let mut press = |now| {
            limiter.pressed();
            limiter.changed();
            let due = limiter.due(now);
            if due.is_some_and(|due| due <= now) {
                limiter.drawn(now);
            }
            due
        };
        assert_eq!(press(start), Some(start + KEY_FRAME));
        let soon = start + KEY_FRAME;
        assert_eq!(press(soon), Some(soon));
        // That one was before its turn: the next key waits for its own.
        let next = soon + KEY_FRAME;
        assert_eq!(press(next), Some(soon + FRAME));
        assert_eq!(press(soon + FRAME), Some(soon + KEY_FRAME));
        let later = soon + FRAME + KEY_FRAME;
        assert_eq!(press(later), Some(later));
    }
}
