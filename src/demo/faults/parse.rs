//! Faults as text: what follows `:fault ` on the command line of the demo, and what an incident's steps say.
//! What each of them does is `faults.rs`.

use super::{AckFault, DeadlineEnd, FaultResult, Faults};
use crate::model::parse_duration;

/// Each fault, and what it does, a line each.
const HELP: &str = "\
kill N                            kill broker N: connections break, its port refuses, elections follow
restart N                         start it again, or kill it first where it runs; for a second it shows streams deleted long ago
wipe N                            kill broker N, empty its folder, start it again: what it leads begins at offset 0
stop N DUR                        stop broker N for that long: connections stay, nothing is answered
cont N                            let it go on: for some seconds it believes what it knew
stall N DUR                       broker N answers nothing for that long
slow N DUR                        broker N takes that much longer for each answer; 0s lifts it
refuse N                          broker N refuses new connections
accept N                          it accepts again
reset N                           break all connections of broker N
cut N                             close its connections in the middle of the next message
goaway N                          end its connections with GOAWAY, too_many_pings
end N                             end its subscriptions cleanly
stale N                           broker N's list of brokers is too old
move STREAM:P N                   make broker N the leader
shrink STREAM:P N                 keep broker N from following, out of the ISR
expand STREAM:P                   let all followers follow again
compacting STREAM:P DUR           for that long nobody can begin to read there, as while compaction replaces segments
corrupt STREAM:P N OFFSET         change that message in broker N's copy alone
garbage STREAM:P                  subscribers get bytes that are no message
oversize STREAM:P                 subscribers get a message over 4 MiB
acks none|duplicate|reorder|lose  what happens to asynchronous acks; none mends
outcomes known|open               open: changes are made, and answered as if the metadata leader had been lost
deadlines mixed|status|reset      how streaming calls end whose deadline passes
flags sticky|true                 whether paused and readonly stick in metadata
reverse known|ignored             whether reverse subscriptions are known
heal                              mend everything that can be mended";

impl Faults {
    /// Does what the text says, as in `kill 2` or `stall 1 5s`, and returns a sentence; `help` lists what it may say.
    ///
    /// # Errors
    /// One sentence, where the text cannot be understood or the fault was refused.
    pub fn run(&self, text: &str) -> Result<String, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        if words.is_empty() || words == ["help"] {
            return Ok(HELP.to_owned());
        }
        let text = words.join(" ");
        let done = self.run_cluster_fault(&words);
        let done = done.or_else(|| self.run_broker_fault(&words));
        match done.or_else(|| self.run_partition_fault(&words)) {
            Some(Ok(())) => Ok(format!("done: {text}")),
            Some(Err(refused)) => Err(refused.to_string()),
            None => Err(format!("no fault reads \"{text}\"; try help")),
        }
    }

    fn run_cluster_fault(&self, words: &[&str]) -> Option<FaultResult> {
        match words {
            ["acks", "none"] => self.acks(AckFault::None),
            ["acks", "duplicate"] => self.acks(AckFault::Duplicate),
            ["acks", "reorder"] => self.acks(AckFault::Reorder),
            ["acks", "lose"] => self.acks(AckFault::Lose),
            ["outcomes", "known"] => self.leave_outcomes_open(false),
            ["outcomes", "open"] => self.leave_outcomes_open(true),
            ["deadlines", "mixed"] => self.deadlines(DeadlineEnd::Mixed),
            ["deadlines", "status"] => self.deadlines(DeadlineEnd::Status),
            ["deadlines", "reset"] => self.deadlines(DeadlineEnd::Reset),
            ["flags", "sticky"] => self.sticky_flags(true),
            ["flags", "true"] => self.sticky_flags(false),
            ["reverse", "known"] => self.reverse(true),
            ["reverse", "ignored"] => self.reverse(false),
            ["heal"] => self.heal(),
            _ => return None,
        }
        Some(Ok(()))
    }

    fn run_broker_fault(&self, words: &[&str]) -> Option<FaultResult> {
        let broker: usize = words.get(1)?.parse().ok()?;
        Some(match (words[0], words.get(2..)?) {
            ("kill", []) => self.kill(broker),
            ("restart", []) => self.restart(broker),
            ("wipe", []) => self.wipe(broker),
            ("stop", [time]) => self.stop(broker, parse_duration(time).ok()?),
            ("cont", []) => self.cont(broker),
            ("stall", [time]) => self.stall(broker, parse_duration(time).ok()?),
            ("slow", [time]) => self.slow(broker, parse_duration(time).ok()?),
            ("refuse", []) => self.refuse(broker),
            ("accept", []) => self.accept(broker),
            ("reset", []) => self.reset(broker),
            ("cut", []) => self.cut_streams(broker),
            ("goaway", []) => self.goaway(broker),
            ("end", []) => self.end_subscriptions(broker),
            ("stale", []) => self.age_listing(broker),
            _ => return None,
        })
    }

    fn run_partition_fault(&self, words: &[&str]) -> Option<FaultResult> {
        let (stream, partition) = words.get(1)?.rsplit_once(':')?;
        let partition: i32 = partition.parse().ok()?;
        Some(match (words[0], words.get(2..)?) {
            ("move", [broker]) => self.move_leader(stream, partition, broker.parse().ok()?),
            ("shrink", [broker]) => self.shrink_isr(stream, partition, broker.parse().ok()?),
            ("expand", []) => self.expand_isr(stream, partition),
            ("compacting", [time]) => {
                self.compacting(stream, partition, parse_duration(time).ok()?)
            }
            ("corrupt", [broker, offset]) => self.corrupt(
                stream,
                partition,
                broker.parse().ok()?,
                offset.parse().ok()?,
            ),
            ("garbage", []) => self.garbage(stream, partition),
            ("oversize", []) => self.oversize(stream, partition),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::HELP;
    use crate::demo::{DemoCluster, DemoOptions};

    #[tokio::test]
    async fn every_fault_of_the_help_is_understood() {
        let cluster = DemoCluster::start(DemoOptions::default()).await.unwrap();
        let faults = cluster.faults();
        assert_eq!(faults.run("help"), Ok(HELP.to_owned()));
        for line in HELP.lines() {
            let (words, _) = line.split_once("  ").unwrap();
            let words: Vec<&str> = words.split(' ').map(|word| example(word)).collect();
            let fault = words.join(" ");
            let refused = faults.run(&fault).err().unwrap_or_default();
            assert!(!refused.contains("try help"), "{fault}: {refused}");
        }
        assert!(faults.run("explode 1").is_err());
        assert!(faults.run("kill 9").is_err());
        cluster.stop().await;
    }

    fn example(word: &'static str) -> &'static str {
        match word {
            "N" => "1",
            "DUR" => "1ms",
            "OFFSET" => "0",
            "STREAM:P" => "__cursors:0",
            choice => choice.split('|').next().unwrap_or(choice),
        }
    }
}
