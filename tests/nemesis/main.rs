//! Breaks brokers while everything that the client can do is being done, and holds all of it to what was promised: nothing is
//! lost without being told, repeated or out of order, and the truth is told.
//!
//! `LIFTUI_NEMESIS=1m` says for how long they come; without it the run is skipped: on a busy machine it still finds
//! what nobody has traced to client, demo or checker. On a demo cluster, or on a real one where `LIFTUI_TEST_ADDR` and
//! `LIFTUI_NODE` name one. `LIFTUI_SEED=7` repeats the faults of a seed.
#![expect(clippy::panic, reason = "helpers of tests fail a test as tests do")]

mod broken_servers;
mod checker;
mod faults;
mod history;
mod proxy;
mod stalls;
mod summary;
mod target;
mod truth;
mod workload;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use liftui::client::SubscriptionItem;
use liftui::model::{
    EndReason, Offset, RetryLimit, StartAt, StopAt, SubscribeSpec, SubscriptionEvent, Timestamp,
    parse_duration,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use checker::{FinalLog, ReaderKind, ReadingCheck, Verdict, check_outcomes};
use faults::Schedule;
use history::{MessageId, Place};
use target::Target;
use workload::{Run, changes, cursors, group, producers, tails, ticks};

/// The variable that repeats the faults of a seed.
const SEED: &str = "LIFTUI_SEED";

/// The variable that says for how long faults come.
const DURATION: &str = "LIFTUI_NEMESIS";

/// How long after the last fault anything may be stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

fn setting<T>(name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    let value = parse(&text);
    Some(value.unwrap_or_else(|| panic!("{name}={text} cannot be understood")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_repeated_or_untold_whatever_brokers_do() {
    let Some(duration) = setting(DURATION, |text| parse_duration(text).ok()) else {
        return summary::say(&format!("skipped: {DURATION}=1m runs it"));
    };
    let seed = setting(SEED, |text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| Timestamp::now().0.unsigned_abs() % 1_000_000);
    summary::say(&format!(
        "{SEED}={seed}, faults for {} s",
        duration.as_secs()
    ));
    let run = Run::begin(Target::from_environment().await).await;
    changes::leave_ghosts(&run).await;
    let (mut changing, mut reading) = (JoinSet::new(), JoinSet::new());
    let (left, findings) = watch::channel(None);
    reading.spawn(truth::watch(Arc::clone(&run), left));
    tails::start(&run, &mut reading);
    group::start(&run, &mut reading);
    producers::start(&run, &mut changing);
    cursors::start(&run, &mut changing);
    changes::start(&run, &mut changing);

    let target = &run.target;
    let schedule = Schedule::new(seed, target.size(), target.is_real(), target.scale());
    let counts = faults::play(&run, schedule, Instant::now() + duration).await;
    target.start_crashed().await;
    target.heal().await;
    run.history.fault("no more faults".to_owned());
    run.quiet.cancel();
    let healed = Instant::now();
    let settling = settle(&run, changing, findings);
    let mut verdict = Verdict::default();
    let settled = tokio::time::timeout_at(healed + 2 * STUCK_AFTER, settling).await;
    let logs = settled.unwrap_or_default();
    let broken = find_broken(&run).await;
    run.over.cancel();
    while reading.join_next().await.is_some() {}
    check(&run, &logs, &broken, &mut verdict);
    run.end().await;
    summary::write_history(&run);
    summary::print(&run, &counts, &verdict, seed);
    let is_right = verdict.wrong.is_empty() && verdict.untold == 0;
    if let Some(run) = Arc::into_inner(run) {
        run.target.shut_down().await;
    }
    assert!(is_right, "{SEED}={seed}: {}", summary::sentence(&verdict));
}

/// Waits until everything is over that began, every reader has all, and nothing is wrong any more. What is not so in time
/// is stuck. Then reads what there is.
async fn settle(
    run: &Arc<Run>,
    mut changing: JoinSet<()>,
    mut findings: watch::Receiver<Option<Vec<String>>>,
) -> BTreeMap<Place, FinalLog> {
    let ending = async { while changing.join_next().await.is_some() {} };
    if timeout(STUCK_AFTER, ending).await.is_err() {
        run.history.wrong("stuck: a change or a publish".to_owned());
    }
    let mut ends = JoinSet::new();
    for place in run.names.places() {
        let run = Arc::clone(run);
        ends.spawn(async move {
            let last = publish_last(&run, &place).await;
            (place, last)
        });
    }
    let mut lasts = BTreeMap::new();
    while let Some(Ok((place, last))) = ends.join_next().await {
        lasts.extend(last.map(|last| (place, last)));
    }
    if timeout(STUCK_AFTER, wait_for_readers(run, &lasts))
        .await
        .is_err()
    {
        for (name, place) in late_readers(run, &lasts) {
            run.history.wrong(stuck(name, &place));
        }
    }
    let is_calm = |left: &Option<Vec<String>>| left.as_ref().is_some_and(Vec::is_empty);
    if timeout(STUCK_AFTER, findings.wait_for(is_calm))
        .await
        .is_err()
    {
        let left = findings.borrow().clone().unwrap_or_default();
        let left = left.join("; ");
        // A server that panics over its own files whenever it is started does not come back: then that is the truth.
        let dead = run.target.start_crashed().await;
        let sentence = format!("the truth still finds: {left}");
        if dead.is_empty() {
            run.history.wrong(format!("stuck: {sentence}"));
        } else {
            run.history
                .fault(format!("{dead:?} cannot be started any more; {sentence}"));
        }
    }
    let mut logs = BTreeMap::new();
    for (place, last) in lasts {
        if let Ok(log) = timeout(STUCK_AFTER, read_log(run, &place, last)).await {
            logs.insert(place, log);
        } else {
            let (stream, partition) = place;
            let what = format!("stuck: reading {stream}/{partition} from its beginning");
            run.history.wrong(what);
        }
    }
    logs
}

async fn publish_last(run: &Arc<Run>, place: &Place) -> Option<MessageId> {
    let last = timeout(STUCK_AFTER, producers::publish_last(run, place)).await;
    if last.is_err() {
        let (stream, partition) = place;
        run.history
            .wrong(format!("stuck: publishing to {stream}/{partition}"));
    }
    last.ok()
}

/// Every reader and what it reads.
fn readers(run: &Run) -> Vec<(&'static str, Place)> {
    let mut readers = Vec::new();
    for tail in tails::all(run) {
        readers.extend(tail.places.into_iter().map(|place| (tail.name, place)));
    }
    for place in run.names.places() {
        if place.0 == run.names.main || place.0 == run.names.single {
            readers.push((group::NAME, place));
        }
    }
    readers
}

/// Those that have not read the last message.
fn late_readers(run: &Run, lasts: &BTreeMap<Place, MessageId>) -> Vec<(&'static str, Place)> {
    let mut readers = readers(run);
    readers.retain(|(name, place)| {
        let last = lasts.get(place);
        last.is_some_and(|last| !run.history.has_read(name, place, *last))
    });
    readers
}

async fn wait_for_readers(run: &Run, lasts: &BTreeMap<Place, MessageId>) {
    let mut pace = ticks(Duration::from_millis(20));
    while !late_readers(run, lasts).is_empty() {
        pace.tick().await;
    }
}

/// What the leader holds, read forwards, and once more newest first.
async fn read_log(run: &Run, place: &Place, last: MessageId) -> FinalLog {
    let spec = SubscribeSpec {
        give_up: RetryLimit::Never,
        ..SubscribeSpec::new(Arc::clone(&place.0), place.1)
    };
    let forwards = SubscribeSpec {
        start: StartAt::Earliest,
        stop: StopAt::Latest,
        ..spec.clone()
    };
    let log = read_range(run, place, forwards).await;
    // Retention goes on meanwhile.
    if place.0 == run.names.brief {
        return log;
    }
    if !log.iter().any(|(_, id, _)| *id == last) {
        let (stream, partition) = place;
        run.history.wrong(format!(
            "{stream}/{partition} read from its beginning lacks the last message"
        ));
    }
    let backwards = SubscribeSpec {
        start: StartAt::Latest,
        reverse: true,
        ..spec
    };
    let mut reversed = read_range(run, place, backwards).await;
    reversed.reverse();
    if reversed != log {
        let (stream, partition) = place;
        let (count, reversed) = (log.len(), reversed.len());
        run.history.wrong(format!(
            "{stream}/{partition}: {count} messages read forwards, {reversed} newest first, and not the same ones"
        ));
    }
    log
}

async fn read_range(run: &Run, place: &Place, spec: SubscribeSpec) -> FinalLog {
    let mut log = Vec::new();
    let mut reading = run.client.subscribe(spec).await.expect("the stream exists");
    while let Some(item) = reading.next().await {
        match item {
            SubscriptionItem::Batch(message) => {
                let text = String::from_utf8_lossy(&message.value);
                let entry: Result<MessageId, String> = text.parse();
                match entry {
                    Ok(id) => log.push((message.offset, id, message.timestamp)),
                    Err(why) => run.history.wrong(why),
                }
            }
            SubscriptionItem::Event(SubscriptionEvent::Ended(reason)) => {
                if reason != EndReason::StopReached {
                    let (stream, partition) = place;
                    run.history
                        .wrong(format!("reading {stream}/{partition} ended: {reason:?}"));
                }
            }
            SubscriptionItem::Event(_) => {}
        }
    }
    log
}

/// What is wrong because of what the servers have broken for good.
struct Broken {
    /// Readers that cannot go on.
    cut_off: BTreeSet<(&'static str, Place)>,
    /// The sentences that would be said of what was deleted.
    undone: Vec<String>,
}

/// The sentence about a reader that has not read the last message.
fn stuck(name: &str, (stream, partition): &Place) -> String {
    format!("stuck: {name} of {stream}/{partition}")
}

/// Finds what nobody can read or delete any more.
async fn find_broken(run: &Run) -> Broken {
    let readings = run.history.readings();
    let mut cut_off: BTreeMap<Place, Vec<(&'static str, Place)>> = BTreeMap::new();
    for (name, place) in readers(run) {
        let reading = readings.get(&(name.to_owned(), place.clone()));
        if let Some(log) = reading.and_then(broken_servers::told_unreadable) {
            cut_off.entry(log).or_default().push((name, place));
        }
    }
    let mut unreadable = BTreeSet::new();
    for (log, readers) in cut_off {
        if broken_servers::is_unreadable(run, &log).await {
            unreadable.extend(readers);
        }
    }
    let listed = broken_servers::listed_by_all(run).await;
    let undone = listed.iter().map(|name| truth::shown_though_deleted(name));
    Broken {
        cut_off: unreadable,
        undone: undone.collect(),
    }
}

/// Holds everything that happened to the rules.
fn check(run: &Run, logs: &BTreeMap<Place, FinalLog>, broken: &Broken, verdict: &mut Verdict) {
    let sent = run.history.all_sent();
    let readings = run.history.readings();
    let nothing = Vec::<(Offset, MessageId, Timestamp)>::new();
    for sentence in run.history.all_wrong() {
        let is_of = |(name, place): &(&str, Place)| sentence.ends_with(&stuck(name, place));
        if broken.cut_off.iter().any(is_of) {
            verdict.unreadable += 1;
        } else if broken.undone.iter().any(|shown| sentence.ends_with(shown)) {
            verdict.undone += 1;
        } else {
            verdict.wrong.push(sentence);
        }
    }
    for (name, place) in readers(run) {
        let Some(reading) = readings.get(&(name.to_owned(), place.clone())) else {
            verdict
                .wrong
                .push(format!("{name} of {}/{} read nothing", place.0, place.1));
            continue;
        };
        let kind = if name == group::NAME {
            ReaderKind::Group
        } else {
            ReaderKind::Tail
        };
        let check = ReadingCheck {
            name,
            place: &place,
            kind,
            reading,
            sent: &sent,
            log: logs.get(&place).unwrap_or(&nothing),
            logs_differ: run.target.was_emptied(),
            is_cut_off: broken.cut_off.contains(&(name, place.clone())),
        };
        check.check(verdict);
        // The only broker of a partition that has one may be dead for as long: no tail of it reads on either.
        if name == group::NAME && place.0 == run.names.main {
            let allowed = STUCK_AFTER.mul_f64(run.target.scale() / target::DEMO_SPEED);
            let tail = readings.get(&(tails::MERGED.to_owned(), place.clone()));
            let stalled = tail.and_then(|tail| stalls::stall(&place, reading, tail, allowed));
            verdict.wrong.extend(stalled);
        }
    }
    // Only an emptied broker makes servers move a log.
    let was_emptied = run.target.was_emptied();
    let read_at: RefCell<BTreeMap<Place, BTreeSet<(MessageId, Offset)>>> = RefCell::default();
    let was_read_at = |place: &Place, id, offset| {
        let mut read_at = read_at.borrow_mut();
        let all = read_at
            .entry(place.clone())
            .or_insert_with(|| history::read_at(&readings, place));
        was_emptied && all.contains(&(id, offset))
    };
    check_outcomes(&sent, logs, was_read_at, verdict);
}
