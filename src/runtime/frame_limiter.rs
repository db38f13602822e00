//! When to draw: only after something happened, at most 60 times a second, and sooner for a key.
//!
//! Knows neither what happened nor what is drawn.

use std::time::Duration;

use tokio::time::Instant;

/// A sixtieth of a second, rounded up: faster than an eye, slower than a firehose.
const FRAME: Duration = Duration::from_micros(16_667);
/// A key is answered no sooner after a frame than that: under a firehose there has always just been one.
const KEY_FRAME: Duration = Duration::from_millis(2);
/// Frames that keys bring forward are so far apart: keys that come faster than anybody types share them.
const BURST_FRAME: Duration = Duration::from_millis(8);

/// Holds frames back.
#[derive(Debug, Default)]
pub(super) struct FrameLimiter {
    changed: bool,
    /// Whether somebody has pressed a key since the last frame, or got what one has asked for.
    pressed: bool,
    drawn: Option<Instant>,
    /// When the last frame was drawn before its turn.
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

    /// What a key has asked for has come, and is shown as soon as the answer to a key.
    pub(super) fn answered(&mut self) {
        self.pressed = true;
    }

    /// Another program has the terminal: nobody waits for what the key does.
    pub(super) fn suspended(&mut self) {
        self.pressed = false;
    }

    /// When the next frame may be drawn; `None` while there is nothing new to show.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let turn = self.drawn.map_or(now, |drawn| drawn + FRAME);
        let earliest = match self.drawn {
            Some(drawn) if self.pressed => {
                let key = drawn + KEY_FRAME;
                let next = self.hurried.map_or(key, |hurried| hurried + BURST_FRAME);
                key.max(next).min(turn)
            }
            _ => turn,
        };
        self.changed.then_some(earliest)
    }

    /// Whether a key is to be answered before anything else is looked at.
    pub(super) fn hurries(&self, now: Instant) -> bool {
        let has_passed = |hurried| hurried + BURST_FRAME <= now;
        self.pressed && self.hurried.is_none_or(has_passed)
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
        limiter.answered();
        assert_eq!(limiter.due(start), Some(start + KEY_FRAME));
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
        // That one was before its turn: the next keys share one a little later.
        let next = soon + BURST_FRAME;
        assert_eq!(press(soon + KEY_FRAME), Some(next));
        assert_eq!(press(next), Some(next));
        assert_eq!(press(next + KEY_FRAME), Some(next + BURST_FRAME));
        // Whoever types waits for no turn.
        let later = next + Duration::from_millis(30);
        assert_eq!(press(later), Some(next + BURST_FRAME));
    }
}
