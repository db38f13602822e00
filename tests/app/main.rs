//! The dashboard and the command line: screens, scenarios, the real binary in a pseudo-terminal.

mod bench;
mod cli_alerts;
mod cli_broken_answers;
mod cli_changes;
mod cli_check;
mod cli_cluster;
mod cli_cursor_set;
mod cli_damage;
mod cli_exporter;
mod cli_help;
mod cli_hostile_metadata;
mod cli_lists;
mod cli_messages;
mod cli_open;
mod cli_patterns;
mod cli_process;
mod cli_redrive;
mod cli_removed;
mod cli_replay;
mod cli_restart;
mod cli_rows;
mod cli_silence;
mod cli_stats;
mod cli_subjects;
mod cli_table;
mod cli_terminal;
mod cli_test_cluster;
mod cli_times;
mod cli_trace;
mod cli_verify;
mod cli_words;
#[cfg(test)]
mod dashboard;
#[cfg(test)]
mod docs;
mod driver;
mod fuzzing;
mod health;
mod hostile;
mod hostile_broker;
mod http2_broker;
#[cfg(test)]
mod messages;
mod pty;
mod scenario_alerts;
mod scenario_brokers;
mod scenario_cursors;
mod scenario_export;
mod scenario_hands;
mod scenario_hostile;
mod scenario_keyboards;
mod scenario_locators;
mod scenario_loop;
mod scenario_memory;
mod scenario_mouse;
mod scenario_pressure;
mod scenario_queries;
mod scenario_query_help;
mod scenario_recording;
mod scenario_replaced;
mod scenario_rows;
mod scenario_side_by_side;
mod scenario_statistics;
mod scenario_streams;
mod scenario_table;
mod scenario_tails;
mod scenario_times;
mod scenario_typed;
#[cfg(test)]
mod screens;
mod store;
mod tails;
mod test_screen;
#[cfg(test)]
mod world;
