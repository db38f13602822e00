//! Waits between attempts: growing, with a true cap, jittered. Who waits, and how long in all, is the caller's.

use std::time::Duration;

/// An endless iterator of waits. Each lies between half of a step and the step; steps double up to the cap.
#[derive(Clone, Debug)]
pub(crate) struct Backoff<J = fn() -> f64> {
    step: Duration,
    cap: Duration,
    jitter: J,
}

impl Backoff {
    /// Between attempts of one request.
    pub(crate) fn of_request() -> Self {
        Self::new(
            Duration::from_millis(50),
            Duration::from_secs(1),
            fastrand::f64,
        )
    }

    /// Between attempts to go on with a subscription.
    pub(crate) fn of_subscription() -> Self {
        Self::new(
            Duration::from_millis(50),
            Duration::from_secs(2),
            fastrand::f64,
        )
    }
}

impl<J: FnMut() -> f64> Backoff<J> {
    /// Waits from `first` to `cap`; `jitter` gives numbers from 0 to 1.
    pub(crate) fn new(first: Duration, cap: Duration, jitter: J) -> Self {
        Self {
            step: first,
            cap,
            jitter,
        }
    }

    /// The next wait.
    pub(crate) fn next_wait(&mut self) -> Duration {
        let step = self.step.min(self.cap);
        self.step = step.saturating_mul(2);
        step.mul_f64(0.5 + (self.jitter)().clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_never_beyond() {
        let mut longest = Backoff::new(Duration::from_secs(1), Duration::from_secs(5), || 1.0);
        let seconds: Vec<u64> = (0..5).map(|_| longest.next_wait().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 5, 5]);
        let mut shortest = Backoff::new(Duration::from_secs(2), Duration::from_secs(5), || 0.0);
        assert_eq!(shortest.next_wait(), Duration::from_secs(1));
        assert_eq!(shortest.next_wait(), Duration::from_secs(2));
    }
}
