//! Rows of wire-contract §4.3 to §4.5.

use super::{Row, both, demo, never};
use crate::{client_publish, demo_faults, row_publishes, row_streams};

const CONFIG: &str =
    "it takes a configuration of its own (clustering.replication.max.bytes); read from source";
const KEY: &str = "it takes a key that vanishes while the server runs; read from source";
const AUTHZ: &str = "it takes a server with TLS and a policy file; read from source";

pub(super) const ROWS: &[Row] = &[
    both(
        "4.3",
        "stream empty",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "unknown stream",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "unknown or negative partition",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "readonly partition",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "concurrency control with policy none",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "wrong expected offset",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    both(
        "4.3",
        "envelope over the limit of NATS",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    never("4.3", "envelope over replication.max.bytes alone", CONFIG),
    never("4.3", "encryption failure", KEY),
    never(
        "4.3",
        "other ack error",
        "no server is known to send one; read from source",
    ),
    both(
        "4.3",
        "ISR below minISR with policy all",
        row_publishes::below_min_isr_the_leader_acks_and_all_replicas_never_do,
    ),
    both(
        "4.3",
        "request over 4 MiB",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    never("4.3", "authz refused", AUTHZ),
    both(
        "4.3",
        "an ack comes only under a deadline on the wire",
        row_publishes::without_a_deadline_on_the_wire_no_ack_comes,
    ),
    both(
        "4.3",
        "our publishes always carry one",
        client_publish::an_ack_comes_though_no_deadline_was_asked_for,
    ),
    both(
        "4.3",
        "a paused target is resumed",
        row_streams::publishing_and_subscribing_with_resume_wake_a_partition,
    ),
    both(
        "4.3",
        "a paused readonly target refuses and stays paused",
        row_publishes::a_paused_readonly_partition_refuses_as_readonly,
    ),
    demo(
        "4.3",
        "without a leader the message is dropped",
        "it takes the death of a broker",
        demo_faults::a_lone_replica_is_unavailable_while_its_broker_is_dead,
    ),
    both(
        "4.3",
        "leader acks before commit, all after",
        row_publishes::below_min_isr_the_leader_acks_and_all_replicas_never_do,
    ),
    both(
        "4.3",
        "content of an ack",
        row_publishes::an_ack_says_who_stored_what_where,
    ),
    both(
        "4.3",
        "content of an ack, through our client",
        client_publish::every_field_of_a_publish_is_stored_and_acked,
    ),
    never(
        "4.3",
        "error acks have offset 0",
        "no server here is made to refuse what it got as too large; read from source",
    ),
    both(
        "4.3",
        "expectedOffset without concurrency control is ignored",
        row_publishes::expected_offsets_count_only_where_they_are_switched_on,
    ),
    both(
        "4.3",
        "-1 is any, 0 only the first, others must match",
        row_publishes::expected_offsets_count_only_where_they_are_switched_on,
    ),
    both(
        "4.3",
        "-2 and 99 are rejected",
        row_publishes::publishes_are_refused_in_these_words,
    ),
    never(
        "4.3",
        "the server-wide key of concurrency control is not applied",
        "it takes a configuration of its own; read from source",
    ),
    never(
        "4.3",
        "batches are appended one by one under concurrency control",
        "nothing shows it from outside",
    ),
    both(
        "4.4",
        "unknown or empty stream name",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "unknown partition",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "readonly, with policy none too",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "concurrency control with policy none",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "wrong expected offset",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    never("4.4", "larger than replication.max.bytes", CONFIG),
    both(
        "4.4",
        "publish to NATS failed",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    never(
        "4.4",
        "resume or marshalling failed",
        "it takes a Raft round that fails; read from source",
    ),
    never("4.4", "encryption", KEY),
    never(
        "4.4",
        "authz, and the message is published all the same",
        AUTHZ,
    ),
    both(
        "4.4",
        "each code has its kind in a session",
        row_publishes::the_kinds_of_errors_of_a_session_are_those_of_its_codes,
    ),
    both(
        "4.4",
        "errors end nothing and keep no order",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "success is an ack, and nothing for policy none",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "an error carries an ack without correlation id",
        row_publishes::async_publishes_are_refused_one_by_one_in_these_words,
    ),
    both(
        "4.4",
        "no ack within time is no answer",
        row_publishes::what_is_never_acked_is_never_answered_and_closing_waits_for_the_rest,
    ),
    both(
        "4.4",
        "half-close waits for acks in flight, then ends OK",
        row_publishes::what_is_never_acked_is_never_answered_and_closing_waits_for_the_rest,
    ),
    never(
        "4.4",
        "a failed publish keeps the call open for 5 s",
        "only its duration shows it, and no test asserts wall times",
    ),
    both(
        "4.4",
        "a session stores what it is given in its order",
        row_publishes::a_bulk_of_messages_is_stored_in_the_order_it_was_sent,
    ),
    both(
        "4.5",
        "nobody listens",
        row_publishes::a_subject_that_nobody_stores_is_not_acked,
    ),
    both(
        "4.5",
        "the target is paused",
        row_streams::publishing_to_its_subject_wakes_nothing,
    ),
    both(
        "4.5",
        "the target is readonly",
        row_publishes::a_subject_that_nobody_stores_is_not_acked,
    ),
    both(
        "4.5",
        "empty subject",
        row_publishes::a_subject_that_nobody_stores_is_not_acked,
    ),
    both(
        "4.5",
        "ack errors are no status",
        row_publishes::an_ack_error_of_a_subject_is_no_status_but_an_error_of_ours,
    ),
    both(
        "4.5",
        "our client makes them errors",
        client_publish::the_error_inside_an_ack_is_an_error,
    ),
    both(
        "4.5",
        "the first of several acks is returned",
        row_publishes::one_of_the_streams_on_a_subject_acks_and_all_store,
    ),
    both(
        "4.5",
        "no partition is suffixed",
        row_publishes::one_of_the_streams_on_a_subject_acks_and_all_store,
    ),
];
