//! What is to be done with brokers: rolling restarts, balance, replicas that catch up.

use super::{after, golden, shows};
use crate::world::World;

#[test]
fn a_rolling_restart_names_the_next_broker() {
    golden(
        "restart-plan",
        after(World::seasoned(), "2 P"),
        "60 Rolling restart
        60 None without downtime: each stops something
        60 node-3 dangerous leads 5
        60 1 partition with no other replica",
    );
}

#[test]
fn while_a_broker_is_silent_none_is_restarted() {
    shows(
        after(World::seasoned().without_node_two(), "2 P"),
        "60 node-2 does not answer
        60 Start node-2 first: no other may be
        60 ✖ node-2 down
        120 it does not answer: start it first if it is down",
    );
}

#[test]
fn the_balance_of_the_brokers() {
    golden(
        "balance",
        after(World::seasoned(), "2 B"),
        "60 Balance of the brokers
        60 leads holds
        60 even",
    );
}

#[test]
fn replicas_of_a_partition_and_of_a_whole_stream() {
    golden(
        "replicas",
        after(
            World::seasoned().without_node_two(),
            "3 / o r d e r s enter R",
        ),
        "60 Replicas
        60 next leader
        60 silent 31s",
    );
}

#[test]
fn of_a_broker_that_is_down_is_told_what_its_absence_means() {
    shows(
        after(World::seasoned(), "2 j w"),
        "
            60 If node-2 were lost now
            60 2 of 3 brokers would be left: they would go on",
    );
    shows(
        after(World::seasoned().without_node_two(), "2 j w"),
        "
            60 node-2 is down already
            60 It has not answered for 31s. This is what its
            80 2 of 3 brokers answer: they go on electing leaders.
            60 1 has no leader until it is back
            80 go on with a replica less: when it is back, it copies",
    );
}
