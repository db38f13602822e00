//! What is wrong: in which words, how grave, after how long.

use std::time::Duration;

use liftui::health::{AlertOptions, HealthOptions, PartitionStatus, Rule, Severity};
use liftui::model::{Partition, ProbeState, Target};

use super::world::{World, at, cluster, found, ids, led_by, rules, stream};

fn in_sync(isr: &[usize]) -> Partition {
    Partition {
        isr: ids(isr).into(),
        ..led_by(1)
    }
}

fn min_isr(min: u32) -> HealthOptions {
    HealthOptions {
        min_isr: [("orders".to_owned(), min)].into(),
        ..HealthOptions::default()
    }
}

/// The last word on what a dead leader's partition may hope for.
fn outlook(partition: &Partition, silent: &[usize]) -> String {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3, 4, 5], partition);
    for by in silent {
        world.refuse(2.0, *by);
    }
    let truth = world.truth(2.0);
    let finding = found(&truth, Rule::LeaderUnreachable).expect("the leader is silent");
    assert_eq!(finding.severity, Severity::Critical);
    finding.detail[1].clone()
}

#[test]
fn a_dead_leader_is_followed_by_an_in_sync_replica_or_by_none() {
    let only_leader = Partition {
        replicas: ids(&[1]).into(),
        ..in_sync(&[1])
    };
    for (partition, silent, says) in [
        (
            in_sync(&[1, 2, 3]),
            &[1][..],
            "elects node-2 or node-3 within 15s",
        ),
        (in_sync(&[1, 2, 3]), &[1, 2], "elects node-3 within 15s"),
        (
            in_sync(&[1, 2]),
            &[1, 2],
            "no in-sync replica answers; waits for node-1 or node-2",
        ),
        (
            in_sync(&[1]),
            &[1],
            "never elects: no other replica is in sync; waits for node-1",
        ),
        (
            only_leader,
            &[1],
            "never elects: it has one replica alone; waits for node-1",
        ),
    ] {
        let outlook = outlook(&partition, silent);
        assert!(outlook.starts_with(says), "{outlook}");
    }
}

#[test]
fn partitions_with_the_same_trouble_stand_together() {
    let mut world = World::default();
    let short = |id| Partition {
        id,
        ..in_sync(&[1, 3])
    };
    let whole = Partition { id: 2, ..led_by(1) };
    world.report(1.0, 1, vec![short(0), short(1), whole, short(3)]);
    let truth = world.truth(1.0);
    assert_eq!(truth.findings.len(), 1);
    let finding = &truth.findings[0];
    assert_eq!(finding.message, "orders:0,1,3 under-replicated");
    assert_eq!(finding.target_name(), "orders:0,1,3");
    assert_eq!(finding.target, Target::Stream("orders".into()));
    assert_eq!(finding.detail, ["ISR 2 of 3: node-2 missing"]);
    let status = truth.stream("orders").unwrap().status;
    assert_eq!(
        (status.worst, status.under_replicated),
        (PartitionStatus::UnderReplicated, 3)
    );
    assert_eq!(truth.findings_of("orders").count(), 1);
}

#[test]
fn min_isr_is_known_from_the_options_alone() {
    for (isr, rule, severity) in [
        (&[1, 2, 3][..], None, None),
        (&[1, 3], Some(Rule::AtMinIsr), Some(Severity::Warning)),
        (&[1], Some(Rule::BelowMinIsr), Some(Severity::Critical)),
    ] {
        let mut world = World::new(min_isr(2));
        world.report_all(1.0, &[1, 2, 3], &in_sync(isr));
        let truth = world.truth(1.0);
        let first = truth.findings.first();
        assert_eq!(first.map(|finding| finding.rule), rule);
        assert_eq!(first.map(|finding| finding.severity), severity);
    }
}

#[test]
fn a_finding_keeps_its_beginning_until_it_is_over() {
    let mut world = World::default();
    let since = |world: &mut World, seconds| world.truth(seconds).findings.first().map(|f| f.since);
    world.report_all(1.0, &[1, 2, 3], &in_sync(&[1, 3]));
    assert_eq!(since(&mut world, 1.0), Some(at(1.0)));
    world.report_all(9.0, &[1, 2, 3], &in_sync(&[1]));
    assert_eq!(since(&mut world, 9.0), Some(at(1.0)));
    world.report_all(11.0, &[1, 2, 3], &led_by(1));
    assert_eq!(since(&mut world, 11.0), None);
    world.report_all(13.0, &[1, 2, 3], &in_sync(&[1, 3]));
    assert_eq!(since(&mut world, 13.0), Some(at(13.0)));
}

#[test]
fn views_that_disagree_for_a_moment_are_no_finding() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 3], &led_by(1));
    world.report(1.0, 2, vec![in_sync(&[1, 2])]);
    assert_eq!(rules(&world.truth(1.0)), []);
    assert_eq!(rules(&world.truth(10.9)), []);
    let truth = world.truth(11.0);
    assert_eq!(rules(&truth), [Rule::ViewsDisagree]);
    let says = "node-2 says ISR node-1, node-2, believed is node-1, node-2, node-3";
    assert_eq!(truth.findings[0].detail, [says]);
}

#[test]
fn messages_that_stay_uncommitted_are_found_and_explained() {
    let behind = |newest| Partition {
        newest_offset: newest,
        ..led_by(1)
    };
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &behind(20));
    assert_eq!(rules(&world.truth(2.0)), []);
    world.report_all(9.0, &[1, 2, 3], &behind(20));
    assert_eq!(rules(&world.truth(12.0)), [Rule::CommitStalled]);
    assert_eq!(world.truth(12.0).findings[0].severity, Severity::Warning);
    world.report_all(13.0, &[1, 2, 3], &behind(90));
    assert_eq!(world.truth(13.0).findings[0].severity, Severity::Critical);
    world.refuse(14.0, 2);
    let truth = world.truth(14.0);
    let finding = found(&truth, Rule::CommitStalled).unwrap();
    assert_eq!(finding.severity, Severity::Critical);
    assert!(finding.detail[0].starts_with("waits for node-2"));
}

#[test]
fn a_paused_partition_commits_nothing_and_that_is_no_finding() {
    let behind = Partition {
        newest_offset: 20,
        ..led_by(1)
    };
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &behind);
    world.truth(1.0);
    world.probe(1.1, ProbeState::Paused);
    assert_eq!(rules(&world.truth(1.1)), []);
    world.report_all(30.0, &[1, 2, 3], &behind);
    assert_eq!(rules(&world.truth(30.0)), []);
}

#[test]
fn a_commit_that_moves_is_not_stuck() {
    let mut world = World::default();
    for step in 0_u8..20 {
        let newest = 10 * i64::from(step);
        let moving = Partition {
            newest_offset: newest + 5,
            high_watermark: newest,
            ..led_by(1)
        };
        let seconds = f64::from(step) * 2.0;
        world.report_all(seconds, &[1, 2, 3], &moving);
        assert_eq!(rules(&world.truth(seconds)), []);
    }
}

#[test]
fn the_worst_comes_first_then_by_target() {
    let mut world = World::new(HealthOptions {
        alerts: AlertOptions {
            lag_messages: Some(5),
            stalled_after: Duration::from_secs(600),
            ..AlertOptions::default()
        },
        ..HealthOptions::default()
    });
    let alone = Partition {
        id: 1,
        replicas: ids(&[2]).into(),
        isr: ids(&[2]).into(),
        ..led_by(2)
    };
    for by in [1, 3] {
        world.report(1.0, by, vec![in_sync(&[1, 3]), alone.clone()]);
    }
    world.refuse(1.0, 2);
    world.cursor(1.0, 2);
    let truth = world.truth(1.0);
    let expected = [
        Rule::BrokerSilent,
        Rule::LeaderUnreachable,
        Rule::UnderReplicated,
        Rule::CursorLag,
    ];
    assert_eq!(rules(&truth), expected);
    assert!(
        truth
            .findings
            .is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity))
    );
}

#[test]
fn what_was_so_when_the_first_look_was_taken_lasts_at_least_so_long() {
    let mut world = World::default();
    let behind = Partition {
        isr: ids(&[1, 2]).into(),
        ..led_by(1)
    };
    world.report_all(10.0, &[1, 2, 3], &behind);
    let truth = world.truth(10.0);
    assert!(
        found(&truth, Rule::UnderReplicated)
            .expect("a finding")
            .at_least
    );
    world.report_all(20.0, &[1, 2, 3], &led_by(1));
    world.truth(20.0);
    world.report_all(30.0, &[1, 2, 3], &behind);
    let truth = world.truth(30.0);
    assert!(
        !found(&truth, Rule::UnderReplicated)
            .expect("a finding")
            .at_least
    );
}

#[test]
fn what_began_when_brokers_fell_silent_began_after_their_last_answer() {
    let mut world = World::default();
    world.report_all(10.0, &[1, 2, 3], &led_by(1));
    world.truth(10.0);
    for broker in 1..=3 {
        world.refuse(11.0, broker);
    }
    let truth = world.truth(11.0);
    let nobody = found(&truth, Rule::NoBroker).expect("a finding");
    assert_eq!(nobody.since, at(10.0));
    assert!(!nobody.at_least, "each was heard before");
    // Never heard: nobody knows since when.
    let mut world = World::default();
    world.refuse(11.0, 1);
    let truth = world.truth(11.0);
    assert!(found(&truth, Rule::NoBroker).expect("a finding").at_least);
}

#[test]
fn what_follows_from_a_silent_broker_names_streams_of_users_first() {
    let mut world = World::default();
    let streams = ["__activity", "aaa", "orders"];
    let streams = || streams.map(|name| stream(name, vec![led_by(1)])).to_vec();
    for broker in 1..=3 {
        let view = cluster(broker, &[1, 2, 3], streams());
        world.observe(10.0, broker, Ok(view));
    }
    world.refuse(11.0, 1);
    let truth = world.truth(11.0);
    let silent = found(&truth, Rule::BrokerSilent).expect("a finding");
    let named = silent.detail.iter().find(|line| line.contains("orders"));
    let named = named.expect("a line names it");
    assert!(named.find("orders") < named.find("__activity"), "{named}");
}
