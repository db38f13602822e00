//! Some of the messages that a subscription was delivered, spread evenly over all of them: by their offsets and times a log
//! is known again that was read before, and how far.

use crate::model::{Offset, Timestamp};

/// So many are kept at most; then every second one goes, and half as many are taken from there on.
const MOST: usize = 256;

/// Offsets and times of messages, in the order of their delivery.
#[derive(Clone, Debug)]
pub(crate) struct DeliveredSamples {
    kept: Vec<(Offset, Timestamp)>,
    /// One of so many is kept.
    step: u64,
    /// So many are left to the next one.
    left: u64,
}

impl Default for DeliveredSamples {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            step: 1,
            left: 1,
        }
    }
}

impl DeliveredSamples {
    /// A message was delivered.
    #[inline]
    pub(crate) fn add(&mut self, offset: Offset, time: Timestamp) {
        self.left -= 1;
        if self.left == 0 {
            self.keep(offset, time);
        }
    }

    #[cold]
    fn keep(&mut self, offset: Offset, time: Timestamp) {
        self.kept.push((offset, time));
        if self.kept.len() == MOST {
            let mut number = 0_usize;
            self.kept.retain(|_| {
                number += 1;
                number.is_multiple_of(2)
            });
            self.step *= 2;
        }
        self.left = self.step;
    }

    /// Those that are kept.
    pub(crate) fn all(&self) -> &[(Offset, Timestamp)] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_few_and_spread_evenly_however_many_messages_there_were() {
        for messages in [1_i64, 100, 255, 256, 1_000, 100_000] {
            let mut samples = DeliveredSamples::default();
            for offset in 0..messages {
                samples.add(offset, Timestamp(offset));
            }
            let kept = samples.all();
            assert!(kept.len() < MOST);
            let widest = (messages / 100).max(1);
            let mut before = -1;
            for (offset, time) in kept
                .iter()
                .copied()
                .chain([(messages, Timestamp(messages))])
            {
                assert_eq!(time.0, offset);
                assert!(
                    offset > before && offset - before <= widest + 1,
                    "{messages}: {offset}"
                );
                before = offset;
            }
        }
    }
}
