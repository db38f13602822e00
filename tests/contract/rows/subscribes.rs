//! Rows of wire-contract §4.6.

use super::{Row, both, demo, never};
use crate::{
    client_failover, client_reverse, client_silence, client_subscribe, demo_faults, row_publishes,
    row_subscribes,
};

const FAULT: &str = "it takes the death or the stop of a broker";
const API_2: &str = "only servers of API 2.0 know it, and whether a real one does cannot be asked; with one that does, both";

pub(super) const ROWS: &[Row] = &[
    both(
        "4.6",
        "an empty message first",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "unknown stream or partition",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "the broker does not lead",
        row_subscribes::a_broker_that_does_not_lead_refuses_and_a_mere_bystander_is_silent,
    ),
    both(
        "4.6",
        "group without a consumer id",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "group at a replica",
        row_subscribes::a_broker_that_does_not_lead_refuses_and_a_mere_bystander_is_silent,
    ),
    both(
        "4.6",
        "older epoch of a group",
        row_subscribes::a_newer_member_of_a_group_ends_the_older_ones_call_cleanly,
    ),
    both(
        "4.6",
        "unknown start or stop",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "stop before start",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "stop at the latest of an empty log",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "stop at a time before the first message",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "stop at a time of an empty log",
        row_subscribes::subscriptions_are_refused_in_these_words,
    ),
    both(
        "4.6",
        "paused, within existing data",
        row_subscribes::a_paused_partition_refuses_its_past_and_ends_its_future,
    ),
    both(
        "4.6",
        "paused, behind the end",
        row_subscribes::a_paused_partition_refuses_its_past_and_ends_its_future,
    ),
    never(
        "4.6",
        "resume failed",
        "it takes a Raft round that fails; read from source",
    ),
    both(
        "4.6",
        "paused while subscribed",
        row_subscribes::a_paused_partition_refuses_its_past_and_ends_its_future,
    ),
    never(
        "4.6",
        "log closed for another reason",
        "a server says so while it shuts down, in a moment that no test catches; read from source",
    ),
    both(
        "4.6",
        "deleted while subscribed",
        row_subscribes::deleting_and_making_readonly_end_subscriptions_in_their_words,
    ),
    both(
        "4.6",
        "readonly while caught up",
        row_subscribes::deleting_and_making_readonly_end_subscriptions_in_their_words,
    ),
    both(
        "4.6",
        "stop offset delivered",
        row_subscribes::each_stop_ends_where_the_contract_says,
    ),
    both(
        "4.6",
        "replaced by a newer member",
        row_subscribes::a_newer_member_of_a_group_ends_the_older_ones_call_cleanly,
    ),
    demo(
        "4.6",
        "server killed",
        FAULT,
        client_failover::a_killed_leader_loses_and_repeats_nothing,
    ),
    both(
        "4.6",
        "the client's deadline, or a clean end",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "start new only",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "start latest",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "start earliest",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "start at an offset: negative, within, past the end",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "start below the oldest",
        row_subscribes::what_retention_removed_is_told_as_a_gap_and_reading_starts_at_the_oldest,
    ),
    both(
        "4.6",
        "start at a time",
        row_subscribes::each_start_begins_where_the_contract_says,
    ),
    both(
        "4.6",
        "every start and stop of ours",
        client_subscribe::every_start_and_stop_delivers_exactly_its_range,
    ),
    both(
        "4.6",
        "no stop runs until cancelled, but on readonly",
        row_subscribes::a_readonly_partition_stops_every_reader_at_its_end,
    ),
    both(
        "4.6",
        "stop at offset -1 is no stop",
        row_subscribes::each_stop_ends_where_the_contract_says,
    ),
    both(
        "4.6",
        "stop beyond the end waits",
        row_subscribes::each_stop_ends_where_the_contract_says,
    ),
    both(
        "4.6",
        "a stop that compaction removed",
        row_subscribes::reading_goes_on_while_compaction_takes_messages_away,
    ),
    both(
        "4.6",
        "readonly, not empty, from the earliest",
        row_subscribes::a_readonly_partition_stops_every_reader_at_its_end,
    ),
    both(
        "4.6",
        "readonly, new only or past the end",
        row_subscribes::a_readonly_partition_stops_every_reader_at_its_end,
    ),
    both(
        "4.6",
        "readonly, stop past the end",
        row_subscribes::a_readonly_partition_stops_every_reader_at_its_end,
    ),
    both(
        "4.6",
        "readonly and empty",
        row_subscribes::a_readonly_partition_stops_every_reader_at_its_end,
    ),
    both(
        "4.6",
        "our ends have their reasons",
        client_subscribe::each_end_has_its_reason,
    ),
    both(
        "4.6",
        "a bystander takes a replica's reader and is silent",
        row_subscribes::a_broker_that_does_not_lead_refuses_and_a_mere_bystander_is_silent,
    ),
    both(
        "4.6",
        "ours reads from replicas in sync alone",
        row_subscribes::any_replica_in_sync_is_read_from,
    ),
    both(
        "4.6",
        "resume drops readonly",
        row_subscribes::resuming_by_subscription_drops_readonly,
    ),
    both(
        "4.6",
        "which fields of a message are filled",
        row_publishes::stored_messages_carry_what_a_publish_may_and_no_more,
    ),
    demo(
        "4.6",
        "the leader moves while alive",
        "a real cluster moves a leader only when one dies",
        client_failover::a_leader_that_moves_while_alive_loses_and_repeats_nothing,
    ),
    both(
        "4.6",
        "compaction under a reader",
        row_subscribes::reading_goes_on_while_compaction_takes_messages_away,
    ),
    both(
        "4.6",
        "a slow client blocks its own stream alone",
        client_silence::a_hundred_subscriptions_do_not_wait_for_the_one_nobody_reads,
    ),
    both(
        "4.6",
        "reverse: newest first, or ignored in silence",
        row_subscribes::newest_first_is_delivered_or_known_to_be_unknown,
    ),
    demo(
        "4.6",
        "reverse: end of data is Unknown EOF",
        API_2,
        demo_faults::reverse_reads_newest_first_where_it_is_known,
    ),
    demo(
        "4.6",
        "reverse ignored by an older server is found out",
        "a server of API 2.0 cannot be made older",
        client_reverse::a_server_that_ignores_reverse_is_found_out,
    ),
    both(
        "4.6",
        "reverse: an empty log, readonly, stops",
        row_subscribes::newest_first_is_delivered_or_known_to_be_unknown,
    ),
];
