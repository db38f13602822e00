//! How many messages a second are read, where that is limited.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// Messages are let through in so many portions a second, or one by one where there are fewer.
const PORTIONS: u32 = 20;

/// Ticks at which so many messages each make up that rate a second. A late one puts off those after it.
pub(crate) fn ticks(portion: u32, rate: u32) -> Interval {
    let mut ticks = interval(Duration::from_secs(1) * portion / rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Lets so many messages through a second, evenly.
#[derive(Debug)]
pub(crate) struct Pace {
    limit: Option<Limit>,
}

#[derive(Debug)]
struct Limit {
    ticks: Interval,
    portion: u32,
    left: u32,
}

impl Pace {
    /// At most so many a second; as many as come where there is no limit.
    pub(crate) fn new(rate: Option<u32>) -> Self {
        let limit = rate.map(|rate| {
            let portion = (rate / PORTIONS).max(1);
            Limit {
                ticks: ticks(portion, rate),
                portion,
                left: 0,
            }
        });
        Self { limit }
    }

    /// Waits until one more may be read. May be dropped while it waits.
    pub(crate) async fn wait(&mut self) {
        let Some(limit) = &mut self.limit else {
            return;
        };
        if limit.left == 0 {
            limit.ticks.tick().await;
            limit.left = limit.portion;
        }
        limit.left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_messages_take_a_second_and_without_a_limit_no_time() {
        for (rate, count, least) in [(Some(3), 10, 3), (Some(1_000), 5_001, 5), (None, 10_000, 0)] {
            let begun = Instant::now();
            let mut pace = Pace::new(rate);
            for _ in 0..count {
                pace.wait().await;
            }
            let took = begun.elapsed();
            let least = Duration::from_secs(least);
            let most = least + Duration::from_millis(100);
            assert!(least <= took && took <= most, "{rate:?}: {took:?}");
        }
    }
}
