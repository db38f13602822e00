//! Who is there: what brokers say of each other counts for nothing.

use liftui::health::{Known, PartitionStatus, Reach, Rule, Severity};
use liftui::model::{ErrorKind, Partition};

use super::world::{World, at, cluster, failure, found, id, ids, led_by, rules, stream};

#[test]
fn a_refused_connection_is_silence_at_once_and_a_late_answer_only_when_repeated() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(3.0, 2);
    world.miss(3.0, 3);
    let truth = world.truth(3.0);
    assert!(truth.broker("node-2").unwrap().reach.is_silent());
    assert!(truth.broker("node-3").unwrap().is_answering());
    assert_eq!(
        found(&truth, Rule::BrokerFailing).unwrap().severity,
        Severity::Warning
    );
    world.miss(5.0, 3);
    let reach = world.truth(5.0).broker("node-3").unwrap().reach;
    assert_eq!(
        reach,
        Reach::Silent { since: at(1.0) },
        "since it answered last"
    );
}

#[test]
fn a_broker_that_says_nothing_for_three_seconds_is_silent_and_one_whose_metadata_takes_long_is_not()
{
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    // It did not even say that it is there, within a second.
    world.miss_after(4.0, 1.0, 2);
    // Its metadata did not come within six.
    world.miss_after(7.0, 6.0, 3);
    let truth = world.truth(7.0);
    assert!(truth.broker("node-2").unwrap().reach.is_silent());
    assert!(truth.broker("node-3").unwrap().is_answering());
}

#[test]
fn an_answer_ends_silence() {
    let mut world = World::default();
    world.refuse(1.0, 1);
    world.report_all(2.0, &[1, 2, 3], &led_by(1));
    let truth = world.truth(2.0);
    let broker = truth.broker("node-1").unwrap();
    assert_eq!((broker.reach, broker.failures), (Reach::Answering, 0));
    assert_eq!(rules(&truth), []);
}

#[test]
fn a_broker_that_is_only_listed_was_not_asked_yet() {
    let mut world = World::default();
    world.report_all(1.0, &[1], &led_by(2));
    let truth = world.truth(1.0);
    let listed = truth.broker("node-2").unwrap();
    assert_eq!(listed.reach, Reach::NotAskedYet);
    assert_eq!((&*listed.address, listed.leaders), ("10.0.0.2:9292", 1));
    assert_eq!(rules(&truth), []);
}

#[test]
fn a_configured_address_that_never_answered_has_no_other_name() {
    let mut world = World::default();
    world.refuse(1.0, 7);
    let truth = world.truth(1.0);
    assert_eq!(truth.brokers[0].name(), "10.0.0.7:9292");
    assert_eq!(rules(&truth), [Rule::NoBroker, Rule::BrokerSilent]);
}

#[test]
fn a_refused_address_gets_its_id_from_whoever_lists_it() {
    let mut world = World::default();
    world.refuse(1.0, 2);
    world.report_all(1.1, &[1, 3], &led_by(2));
    let truth = world.truth(1.2);
    assert_eq!(truth.brokers.len(), 3);
    assert!(truth.broker("node-2").unwrap().reach.is_silent());
    assert!(found(&truth, Rule::LeaderUnreachable).is_some());
}

#[test]
fn a_leader_that_no_broker_lists_may_be_alive_and_is_found_by_no_client() {
    let mut world = World::default();
    let orders = || vec![stream("orders", vec![led_by(2)])];
    world.observe(1.0, 1, Ok(cluster(1, &[1, 3], orders())));
    world.observe(1.0, 3, Ok(cluster(3, &[1, 3], orders())));
    let truth = world.truth(1.0);
    assert!(!truth.broker("node-2").unwrap().reach.is_silent());
    assert_eq!(
        rules(&truth),
        [Rule::AddressUnknown, Rule::LeaderUnreachable]
    );
    let finding = &truth.findings[0];
    assert_eq!(finding.message, "where node-2 is reached is unknown");
    assert_eq!(finding.severity, Severity::Critical);
    let partition = truth.partition("orders", 0).unwrap();
    assert_eq!(partition.status, PartitionStatus::LeaderUnreachable);
    assert_eq!(truth.totals.leader_unreachable, 1);
    assert_eq!(truth.totals.leaderless, 0, "it has one");
    let effect = found(&truth, Rule::LeaderUnreachable).unwrap();
    let detail = effect.detail.join("; ");
    assert!(detail.contains("no client finds it"), "{detail}");
    assert!(
        !detail.contains("within"),
        "nobody knows since when: {detail}"
    );
}

#[test]
fn a_seed_that_refuses_is_the_broker_that_all_miss() {
    let mut world = World::default();
    let orders = || vec![stream("orders", vec![led_by(2)])];
    world.refuse(0.5, 7);
    for seconds in [1.0, 3.0, 5.0] {
        world.observe(seconds, 1, Ok(cluster(1, &[1, 3], orders())));
        world.observe(seconds, 3, Ok(cluster(3, &[1, 3], orders())));
        world.refuse(seconds, 7);
        let truth = world.truth(seconds);
        let missing = truth.broker("node-2").unwrap();
        assert_eq!(&*missing.address, "10.0.0.7:9292");
        assert!(missing.reach.is_silent());
        assert_eq!(truth.brokers.len(), 3);
        assert_eq!(rules(&truth), [Rule::BrokerSilent, Rule::LeaderUnreachable]);
        let detail = found(&truth, Rule::LeaderUnreachable)
            .unwrap()
            .detail
            .join("; ");
        assert!(!detail.contains("within"), "{detail}");
    }
    // Somebody lists it elsewhere: then it was another address.
    let views = |by| Ok(cluster(by, &[1, 2, 3], orders()));
    world.observe(7.0, 1, views(1));
    world.observe(7.0, 2, views(2));
    world.observe(7.0, 3, views(3));
    let truth = world.truth(7.0);
    assert_eq!(&*truth.broker("node-2").unwrap().address, "10.0.0.2:9292");
    assert_eq!(world.orders(7.0).leader_reachable, Known::Yes);
}

#[test]
fn two_that_are_missing_are_not_told_apart_by_one_seed() {
    let mut world = World::default();
    let streams = || vec![stream("orders", vec![led_by(2), led_by(3)])];
    world.refuse(0.5, 7);
    world.observe(1.0, 1, Ok(cluster(1, &[1], streams())));
    let truth = world.truth(1.0);
    let unknown = |name: &str| {
        matches!(
            truth.broker(name).unwrap().reach,
            Reach::AddressUnknown { .. }
        )
    };
    assert!(unknown("node-2") && unknown("node-3"));
}

#[test]
fn an_unlisted_leader_is_not_called_down_before_all_who_are_listed_were_asked() {
    let mut world = World::default();
    let orders = || vec![stream("orders", vec![led_by(2)])];
    world.observe(1.0, 3, Ok(cluster(3, &[1, 3], orders())));
    assert_eq!(rules(&world.truth(1.0)), []);
    world.observe(1.5, 1, Ok(cluster(1, &[1, 2, 3], orders())));
    assert_eq!(rules(&world.truth(1.5)), []);
    world.observe(2.0, 2, Ok(cluster(2, &[1, 2, 3], orders())));
    assert_eq!(world.orders(2.0).leader_reachable, Known::Yes);
}

#[test]
fn partitions_and_leaders_are_counted_here() {
    let mut world = World::default();
    let alone = Partition {
        id: 1,
        replicas: ids(&[3]).into(),
        isr: ids(&[3]).into(),
        ..led_by(3)
    };
    world.report(1.0, 1, vec![led_by(1), alone]);
    let truth = world.truth(1.0);
    let counts = |name: &str| {
        let broker = truth.broker(name).unwrap();
        (broker.partitions, broker.leaders)
    };
    assert_eq!(counts("node-1"), (1, 1));
    assert_eq!(counts("node-2"), (1, 0));
    assert_eq!(counts("node-3"), (2, 1));
}

#[test]
fn an_old_outcome_that_comes_late_changes_nothing() {
    let mut world = World::default();
    world.report_all(5.0, &[1, 2, 3], &led_by(1));
    world.refuse(3.0, 1);
    assert_eq!(rules(&world.truth(5.0)), []);
}

#[test]
fn an_error_that_the_broker_itself_sends_is_no_silence() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.observe(3.0, 1, Err(failure(ErrorKind::PermissionDenied)));
    let truth = world.truth(3.0);
    assert!(truth.broker("node-1").unwrap().is_answering());
    assert_eq!(rules(&truth), [Rule::BrokerFailing]);
    assert_eq!(truth.findings[0].message, "node-1 answers with an error");
}

#[test]
fn without_a_majority_nothing_can_be_elected() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    world.refuse(3.0, 1);
    assert!(found(&world.truth(3.0), Rule::NoMetadataLeader).is_none());
    world.refuse(3.1, 2);
    let truth = world.truth(3.1);
    assert!(found(&truth, Rule::NoMetadataLeader).is_some());
    let dark = found(&truth, Rule::LeaderUnreachable).unwrap();
    assert_eq!(
        dark.detail[1],
        "elects nobody while a majority of brokers is missing"
    );
    // Whoever looks at the broker learns it, too.
    let silent = truth
        .findings
        .iter()
        .find(|it| it.target_name() == "node-1");
    let said = "nobody is elected while a majority of brokers is missing";
    assert!(silent.unwrap().detail.iter().any(|line| line == said));
}

#[test]
fn where_nobody_answers_one_finding_says_so() {
    let mut world = World::default();
    world.report_all(1.0, &[1, 2, 3], &led_by(1));
    for by in 1..=3 {
        world.refuse(3.0, by);
    }
    let truth = world.truth(3.0);
    assert_eq!(truth.findings[0].rule, Rule::NoBroker);
    assert!(found(&truth, Rule::LeaderUnreachable).is_none());
    assert_eq!(truth.as_of, Some(at(1.0)));
    let kept = truth.partition("orders", 0).unwrap();
    assert_eq!(
        (kept.leader.clone(), kept.newest_offset),
        (Some(id(1)), Some(9))
    );
}

#[test]
fn a_seed_that_never_told_its_name_is_no_broker_of_the_cluster() {
    let mut world = World::default();
    world.refuse(1.0, 9);
    assert_eq!(
        world.truth(1.0).members().count(),
        1,
        "nobody told anything yet"
    );
    world.report_all(2.0, &[1, 2, 3], &led_by(1));
    assert_eq!(world.truth(2.0).members().count(), 3);
}
