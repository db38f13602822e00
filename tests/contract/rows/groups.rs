//! Rows of wire-contract §4.7 to §4.11.

use super::{Row, both, demo, never};
use crate::{client_groups, client_tls, demo_groups, demo_rules, row_groups, row_subscribes};

const OTHERS: &str = "other tests change a real cluster's counts and groups at the same time";
const SLOW: &str = "a real server takes 15 s for it, and a second member to be believed";
const CERTIFICATES: &str =
    "a real cluster is tested in plaintext; these servers are made for the test";
const AUTHZ: &str = "it takes a server with TLS and a policy file; read from source";

pub(super) const ROWS: &[Row] = &[
    both(
        "4.7",
        "unknown stream in a list",
        row_groups::metadata_tells_of_unknown_names_as_data,
    ),
    both(
        "4.7",
        "unknown group",
        row_groups::metadata_tells_of_unknown_names_as_data,
    ),
    both(
        "4.7",
        "partition metadata of what is unknown",
        row_groups::only_a_running_leader_tells_of_its_partition,
    ),
    both(
        "4.7",
        "partition metadata elsewhere, or while paused",
        row_groups::only_a_running_leader_tells_of_its_partition,
    ),
    both(
        "4.7",
        "the answering broker is the first",
        row_groups::each_broker_names_itself_first_and_all_streams_with_the_clusters_own,
    ),
    both(
        "4.7",
        "internal streams are listed",
        row_groups::each_broker_names_itself_first_and_all_streams_with_the_clusters_own,
    ),
    both(
        "4.7",
        "ends of a log are the answering broker's",
        row_groups::ends_of_a_log_are_the_answering_brokers_own,
    ),
    both(
        "4.7",
        "groups are not listed, but found",
        client_groups::groups_are_found_without_being_a_member,
    ),
    demo(
        "4.7",
        "an old list of brokers costs a deadline or 3 s",
        "it takes the death of a broker",
        demo_rules::an_old_list_of_brokers_costs_a_deadline_or_three_seconds,
    ),
    demo(
        "4.7",
        "counts leave out what is paused",
        OTHERS,
        demo_rules::counts_of_brokers_leave_out_what_is_paused,
    ),
    never(
        "4.7",
        "counts drift low",
        "the demo cluster counts right, and a real one drifts only by luck; read from source",
    ),
    demo(
        "4.8",
        "cursors are off by default",
        "the cluster under test has them, or says that it has not",
        client_groups::a_cluster_without_cursors_or_activity_says_so,
    ),
    both(
        "4.8",
        "key, partition and record of a cursor",
        row_groups::a_cursor_lives_where_its_key_says_whatever_it_names,
    ),
    both(
        "4.8",
        "streams and partitions are not checked",
        row_groups::a_cursor_lives_where_its_key_says_whatever_it_names,
    ),
    both(
        "4.8",
        "an absent cursor is -1",
        row_groups::a_cursor_lives_where_its_key_says_whatever_it_names,
    ),
    never(
        "4.8",
        "v1.9.0 answers the highest offset after its cache was lost",
        "it takes 512 other cursors or a change of leader, of one version; read from source",
    ),
    both(
        "4.8",
        "stream or cursor id empty",
        row_groups::cursors_are_refused_in_these_words,
    ),
    both(
        "4.8",
        "the wrong broker",
        row_groups::a_cursor_lives_where_its_key_says_whatever_it_names,
    ),
    never(
        "4.8",
        "publish failed",
        "it comes now and then around a pause; issue 390",
    ),
    both(
        "4.8",
        "SetCursor without a deadline",
        row_groups::a_cursor_lives_where_its_key_says_whatever_it_names,
    ),
    both(
        "4.8",
        "all cursors are found in __cursors",
        client_groups::cursors_are_stored_fetched_and_found,
    ),
    demo(
        "4.9",
        "TLS where it is switched on",
        CERTIFICATES,
        client_tls::a_server_of_the_named_authority_is_spoken_to_and_any_other_is_not,
    ),
    demo(
        "4.9",
        "a client certificate where it is asked for",
        CERTIFICATES,
        client_tls::a_server_that_asks_for_a_certificate_gets_it_or_refuses,
    ),
    never("4.9", "no tokens or passwords", "there is nothing to send"),
    never("4.9", "authz by certificate, stream and call", AUTHZ),
    never("4.9", "the switch of authz is ignored", AUTHZ),
    never(
        "4.9",
        "a refusal is Unknown, with its text",
        "it takes a policy file; the text has its row in wire::status, which its own test reads",
    ),
    never("4.9", "group calls are not covered", AUTHZ),
    never("4.9", "cursors need Publish on __cursors", AUTHZ),
    never(
        "4.9",
        "SIGHUP without authz crashes",
        "nobody crashes a server for a test",
    ),
    never(
        "4.9",
        "encryption at rest is transparent",
        "it takes a key in the server's environment",
    ),
    demo(
        "4.10",
        "off by default",
        "the cluster under test has it, or says that it has not",
        client_groups::a_cluster_without_cursors_or_activity_says_so,
    ),
    both(
        "4.10",
        "one partition, replicated everywhere",
        row_groups::activity_is_an_event_a_message_in_the_order_of_ids,
    ),
    both(
        "4.10",
        "no key, ids increase, CREATE has no number",
        row_groups::activity_is_an_event_a_message_in_the_order_of_ids,
    ),
    both(
        "4.10",
        "CREATE, DELETE, PAUSE, RESUME, SET_STREAM_READONLY",
        client_groups::activity_tells_what_was_done_once_and_in_order,
    ),
    both(
        "4.10",
        "an automatic pause is told",
        row_groups::a_partition_that_pauses_itself_is_told_as_paused,
    ),
    both(
        "4.10",
        "JOIN and LEAVE",
        client_groups::groups_are_found_without_being_a_member,
    ),
    demo(
        "4.10",
        "expired members leave as expired",
        SLOW,
        demo_groups::partitions_are_shared_out_and_shared_again_when_a_member_goes_silent,
    ),
    never(
        "4.10",
        "no events for leaders, ISR, brokers",
        "what never comes cannot be waited for",
    ),
    never(
        "4.10",
        "replays after a snapshot's restore",
        "it takes a restart from a snapshot; dropping repeats is a unit test of client::groups",
    ),
    demo(
        "4.11",
        "the coordinator is the broker with the fewest groups",
        OTHERS,
        demo_groups::each_group_goes_to_the_broker_that_coordinates_the_fewest,
    ),
    both(
        "4.11",
        "epoch 0 first, a new one with each change, gone with the last",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "partitions go to the member with the fewest",
        row_groups::partitions_go_in_turn_to_the_member_with_the_fewest,
    ),
    demo(
        "4.11",
        "heartbeats keep a member, silence ends it",
        SLOW,
        client_groups::a_member_taken_for_dead_joins_again,
    ),
    both(
        "4.11",
        "the coordinator may not know the group for a moment",
        client_groups::members_share_partitions_and_take_over_where_one_left,
    ),
    demo(
        "4.11",
        "a dead coordinator is replaced",
        "it takes the death of a broker",
        client_groups::a_group_outlives_its_coordinator,
    ),
    both(
        "4.11",
        "fencing on Subscribe",
        row_subscribes::a_newer_member_of_a_group_ends_the_older_ones_call_cleanly,
    ),
    both(
        "4.11",
        "empty ids",
        row_groups::groups_ask_for_every_id_in_these_words,
    ),
    both(
        "4.11",
        "join of an unknown stream",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "join twice",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "leave of an unknown group",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "leave by a non-member",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "assignments of an unknown group",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "assignments at the wrong broker",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "assignments with another epoch",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "assignments of a non-member",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "report of an unknown group",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "stale report",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "report by a non-member",
        row_groups::groups_are_refused_in_these_words,
    ),
    both(
        "4.11",
        "report of the only broker",
        row_groups::groups_are_refused_in_these_words,
    ),
];
