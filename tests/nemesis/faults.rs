//! Which faults come when: drawn from a seed, each kind once before any comes again, one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::workload::Run;

/// What is done to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FaultKind {
    Kill,
    KillTwo,
    KillMetadataLeader,
    Restart,
    RestartOften,
    StopAndContinue,
    Wipe,
    MoveLeader,
    Cut,
    Reset,
    GoAway,
    Slow,
    /// A reader stands still while retention removes what it was to read.
    HoldReader,
    /// A member leaves its group and joins it again.
    Rejoin,
    /// The broker that coordinates the group is dead for longer than the group waits for it, and a member joins meanwhile.
    LoseCoordinator,
}

/// All kinds; those that a real cluster cannot play come last.
const KINDS: [FaultKind; 15] = [
    FaultKind::Kill,
    FaultKind::KillTwo,
    FaultKind::KillMetadataLeader,
    FaultKind::Restart,
    FaultKind::RestartOften,
    FaultKind::StopAndContinue,
    FaultKind::Wipe,
    FaultKind::Cut,
    FaultKind::Reset,
    FaultKind::Slow,
    FaultKind::HoldReader,
    FaultKind::Rejoin,
    FaultKind::LoseCoordinator,
    FaultKind::MoveLeader,
    FaultKind::GoAway,
];
const DEMO_ONLY: usize = 2;

/// A fault, drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    kind: FaultKind,
    broker: usize,
    other: usize,
    partition: i32,
    member: usize,
    /// How long after the fault before.
    after: Duration,
    lasting: Duration,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, broker, lasting) = (self.kind, self.broker, self.lasting.as_secs_f64());
        match kind {
            FaultKind::KillTwo => write!(f, "{kind:?} {broker} {} for {lasting:.1}s", self.other),
            FaultKind::MoveLeader => write!(f, "{kind:?} {} to {broker}", self.partition),
            FaultKind::Rejoin => write!(f, "{kind:?} {}", self.member),
            FaultKind::HoldReader | FaultKind::LoseCoordinator => {
                write!(f, "{kind:?} for {lasting:.1}s")
            }
            FaultKind::Restart
            | FaultKind::Wipe
            | FaultKind::Cut
            | FaultKind::Reset
            | FaultKind::GoAway => write!(f, "{kind:?} {broker}"),
            FaultKind::Kill
            | FaultKind::KillMetadataLeader
            | FaultKind::RestartOften
            | FaultKind::StopAndContinue
            | FaultKind::Slow => write!(f, "{kind:?} {broker} for {lasting:.1}s"),
        }
    }
}

/// Draws faults for ever, the same ones from the same seed.
pub(crate) struct Schedule {
    random: fastrand::Rng,
    bag: Vec<FaultKind>,
    kinds: &'static [FaultKind],
    brokers: usize,
    scale: f64,
}

impl Schedule {
    pub(crate) fn new(seed: u64, brokers: usize, is_real: bool, scale: f64) -> Self {
        let count = if is_real {
            KINDS.len() - DEMO_ONLY
        } else {
            KINDS.len()
        };
        Self {
            random: fastrand::Rng::with_seed(seed),
            bag: Vec::new(),
            kinds: &KINDS[..count],
            brokers,
            scale,
        }
    }

    /// A time between these, in seconds of the demo cluster.
    fn time(&mut self, least: f64, most: f64) -> Duration {
        let drawn = least + (most - least) * self.random.f64();
        Duration::from_secs_f64(drawn * self.scale)
    }
}

impl Iterator for Schedule {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.bag.is_empty() {
            self.bag = self.kinds.to_vec();
            self.random.shuffle(&mut self.bag);
        }
        let kind = self.bag.pop()?;
        let broker = self.random.usize(1..=self.brokers);
        let other = broker % self.brokers + 1;
        let partition = self.random.i32(0..3);
        let member = self.random.usize(0..3);
        let after = self.time(0.1, 2.0);
        // Some are over before anybody is elected, some are not.
        let lasting = if kind == FaultKind::LoseCoordinator {
            self.time(14.0, 16.0)
        } else if self.random.bool() {
            self.time(0.3, 2.0)
        } else {
            self.time(3.6, 6.0)
        };
        Some(Step {
            kind,
            broker,
            other,
            partition,
            member,
            after,
            lasting,
        })
    }
}

/// Does faults from the schedule until the time is over; counts them by kind.
pub(crate) async fn play(
    run: &Arc<Run>,
    schedule: Schedule,
    until: Instant,
) -> BTreeMap<FaultKind, usize> {
    let mut counts = BTreeMap::new();
    for step in schedule {
        let begin = Instant::now() + step.after;
        if begin + step.lasting > until {
            break;
        }
        tokio::time::sleep_until(begin).await;
        for broker in run.target.start_crashed().await {
            run.history.fault(format!("{broker} died by itself"));
        }
        run.history.fault(step.to_string());
        let is_done = play_step(run, &step).await;
        if is_done {
            *counts.entry(step.kind).or_default() += 1;
        }
    }
    counts
}

async fn last(step: &Step) {
    tokio::time::sleep_until(Instant::now() + step.lasting).await;
}

/// Does one fault and ends it; false where it made no sense.
async fn play_step(run: &Arc<Run>, step: &Step) -> bool {
    let target = &run.target;
    let demo = target.demo_faults();
    let broker = step.broker;
    match step.kind {
        FaultKind::Kill => kill(run, step, broker).await,
        FaultKind::KillMetadataLeader => {
            let leader = demo.and_then(|faults| faults.metadata_leader());
            kill(run, step, leader.unwrap_or(broker)).await;
        }
        FaultKind::KillTwo => {
            target.kill(broker).await;
            target.kill(step.other).await;
            last(step).await;
            target.start(broker).await;
            target.start(step.other).await;
        }
        FaultKind::Restart => {
            target.kill(broker).await;
            target.start(broker).await;
        }
        FaultKind::RestartOften => {
            let until = Instant::now() + step.lasting;
            while Instant::now() < until {
                target.kill(broker).await;
                target.start(broker).await;
                tokio::time::sleep_until(Instant::now() + step.after / 2).await;
            }
        }
        FaultKind::StopAndContinue => {
            if !target.stop(broker).await {
                return false;
            }
            last(step).await;
            target.cont(broker).await;
        }
        FaultKind::Wipe => target.wipe(broker).await,
        // Moved to a replica that an emptied leader has left with another log, the old leader takes over that log under open
        // calls: nobody could tell. No real server moves a leader by itself.
        FaultKind::MoveLeader if target.was_emptied() => return false,
        FaultKind::MoveLeader => {
            let moved =
                demo.map(|faults| faults.move_leader(&run.names.main, step.partition, broker));
            return moved.is_some_and(|moved| moved.is_ok());
        }
        FaultKind::Cut => {
            run.proxies.cut(broker);
            if let Some(faults) = demo {
                faults.cut_streams(broker).expect("there is such a broker");
            }
        }
        FaultKind::Reset => {
            run.proxies.reset(broker);
            if let Some(faults) = demo {
                faults.reset(broker).expect("there is such a broker");
            }
        }
        FaultKind::GoAway => {
            if let Some(faults) = demo {
                faults.goaway(broker).expect("there is such a broker");
            }
        }
        FaultKind::Slow => {
            run.proxies.slow(broker, step.after / 4);
            last(step).await;
            run.proxies.slow(broker, Duration::ZERO);
        }
        FaultKind::HoldReader => {
            run.hold_reader.send_replace(true);
            last(step).await;
            run.hold_reader.send_replace(false);
        }
        FaultKind::Rejoin => run.rejoin[step.member].notify_one(),
        FaultKind::LoseCoordinator => {
            let Some(broker) = coordinator(run).await else {
                return false;
            };
            run.rejoin[step.member].notify_one();
            kill(run, step, broker).await;
        }
    }
    true
}

/// The number of the broker that coordinates the group, where metadata tells.
async fn coordinator(run: &Run) -> Option<usize> {
    let observer = run.client.observer();
    let group = observer.consumer_group(&run.names.group).await.ok()?;
    group.coordinator.rsplit('-').next()?.parse().ok()
}

async fn kill(run: &Arc<Run>, step: &Step, broker: usize) {
    run.target.kill(broker).await;
    last(step).await;
    run.target.start(broker).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_draws_the_same_faults_each_time_and_each_kind_before_any_again() {
        let draw = |seed| {
            let schedule = Schedule::new(seed, 3, false, 1.0);
            let steps = schedule.take(KINDS.len()).map(|step| format!("{step:?}"));
            steps.collect::<Vec<String>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let schedule = Schedule::new(7, 3, false, 1.0);
        let mut kinds: Vec<FaultKind> = schedule.take(KINDS.len()).map(|step| step.kind).collect();
        kinds.sort();
        let mut all = KINDS;
        all.sort();
        assert_eq!(kinds, all);
    }
}
