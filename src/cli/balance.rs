//! `liftui balance`: how evenly the brokers lead and hold partitions, and what would even it.

use std::io::Write;
use std::sync::Arc;

use super::args::{OutputArgs, OutputForm};
use super::cell_format;
use super::cluster_snapshot::ClusterSnapshot;
use super::command_context::CommandContext;
use super::exit::{Exit, Result};
use super::output::{Column, OutputRow, output_row};
use crate::health::{Balance, BrokerLoad};

output_row! {
    /// What one broker carries.
    struct BalanceRow {
        broker: Arc<str>,
        answers: bool,
        leaders: usize,
        leaders_if_even: f64,
        replicas: usize,
        replicas_if_even: f64,
        rate: Option<f64>,
    }
}

impl OutputRow for BalanceRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::name("BROKER", |row| row.broker.to_string()),
        Column::number("LEADS", |row| row.leaders.to_string()),
        Column::number("EVEN", |row| format!("{:.1}", row.leaders_if_even)),
        Column::number("REPLICAS", |row| row.replicas.to_string()),
        Column::number("EVEN", |row| format!("{:.1}", row.replicas_if_even)),
        Column::number("MSG/S", |row| cell_format::rate(row.rate)),
        Column::text("ANSWERS", |row| cell_format::known(Some(row.answers))),
    ];

    fn raw(&self) -> String {
        self.broker.to_string()
    }
}

/// Prints what each broker carries; for eyes, what would even it too.
pub(crate) async fn balance(context: &mut CommandContext<'_>, output: OutputArgs) -> Result {
    let truth = ClusterSnapshot::take_twice(context).await?.truth();
    let balance = Balance::of(&truth);
    let row = |load: &BrokerLoad| BalanceRow {
        broker: Arc::clone(&load.broker),
        answers: load.is_answering,
        leaders: load.leaders,
        leaders_if_even: balance.even_leaders(),
        replicas: load.replicas,
        replicas_if_even: balance.even_replicas(),
        rate: load.rate,
    };
    let rows: Vec<BalanceRow> = balance.brokers.iter().map(row).collect();
    context.printer(output).print_all(&rows)?;
    if context.form(output) == OutputForm::Table {
        for sentence in &balance.advice {
            let sentence = crate::model::sanitise::line(sentence);
            writeln!(context.console.out, "{sentence}")?;
        }
    }
    Ok(Exit::DONE)
}
