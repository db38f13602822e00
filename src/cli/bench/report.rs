//! What a bench prints: counts, rates, percentiles, as a few lines for eyes or as one object for scripts.
//! Measures nothing itself.

use std::io::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::args::{OutputArgs, OutputForm};
use crate::cli::command_context::CommandContext;
use crate::cli::exit::Result;
use crate::cli::json::{milliseconds, seconds};
use crate::cli::output::{Column, FieldNames, OutputRow, output_row};
use crate::cli::stdio::Stdio;
use crate::ui::format;

/// The percentiles that are printed, and which part of the messages was faster.
const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("max", 1.0),
];

/// Latencies, to a thousandth, from a microsecond to a quarter of an hour; longer ones count as that.
#[derive(Clone)]
pub(super) struct Latency(Histogram<u64>);

impl Latency {
    /// None yet.
    pub(super) fn new() -> Self {
        const LONGEST: u64 = 900_000_000;
        let bounded = Histogram::new_with_bounds(1, LONGEST, 3);
        Self(bounded.expect("bounds and digits are constants that a histogram takes"))
    }

    /// One more.
    pub(super) fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    fn quantile(&self, quantile: f64) -> Option<Duration> {
        let micros = || Duration::from_micros(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(micros)
    }
}

/// How many messages went how fast.
#[derive(Clone)]
pub(super) struct Throughput {
    pub(super) messages: u64,
    /// Bytes of their keys and values.
    pub(super) bytes: u64,
    /// From the first to the last.
    pub(super) took: Duration,
    /// How long each took.
    pub(super) latency: Latency,
}

impl Throughput {
    /// Of no message.
    pub(super) fn new() -> Self {
        Self {
            messages: 0,
            bytes: 0,
            took: Duration::ZERO,
            latency: Latency::new(),
        }
    }

    /// So many of something a second.
    fn per_second(&self, count: u64) -> u64 {
        let nanos = self.took.as_nanos().max(1);
        u64::try_from(u128::from(count) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
    }

    fn fields(&self) -> ThroughputFields {
        let at = |(_, quantile)| self.latency.quantile(quantile).map(milliseconds);
        let [median, tenth, hundredth, thousandth, longest] = PERCENTILES.map(at);
        ThroughputFields {
            bytes: self.bytes,
            seconds: seconds(self.took),
            rate: self.per_second(self.messages),
            bytes_per_second: self.per_second(self.bytes),
            p50_ms: median,
            p90_ms: tenth,
            p99_ms: hundredth,
            p999_ms: thousandth,
            max_ms: longest,
        }
    }

    fn lines(&self, out: &mut dyn Write) -> Result<()> {
        let rate = format::count_u64(self.per_second(self.messages));
        let bytes = format::bytes(self.per_second(self.bytes));
        writeln!(out, "  rate     {rate} messages/s, {bytes}/s")?;
        let latencies = PERCENTILES.iter().filter_map(|(name, quantile)| {
            let micros = self.latency.quantile(*quantile)?.as_micros();
            Some(format!("{name} {}.{:03} ms", micros / 1000, micros % 1000))
        });
        let latencies: Vec<String> = latencies.collect();
        if !latencies.is_empty() {
            writeln!(out, "  latency  {}", latencies.join("   "))?;
        }
        Ok(())
    }
}

output_row! {
    /// [`Throughput`] as scripts get it.
    struct ThroughputFields {
        bytes: u64,
        seconds: f64,
        rate: u64,
        bytes_per_second: u64,
        p50_ms: Option<f64>,
        p90_ms: Option<f64>,
        p99_ms: Option<f64>,
        p999_ms: Option<f64>,
        max_ms: Option<f64>,
    }
}

/// What scripts get: counts of the bench's own, and the throughput.
#[derive(Serialize)]
struct BenchRow<C> {
    #[serde(flatten)]
    counts: C,
    #[serde(flatten)]
    speed: ThroughputFields,
}

impl<C: FieldNames> FieldNames for BenchRow<C> {
    fn field_names() -> Vec<&'static str> {
        [C::field_names(), ThroughputFields::field_names()].concat()
    }
}

impl<C: FieldNames + Serialize + 'static> OutputRow for BenchRow<C> {
    /// For eyes there are lines instead.
    const COLUMNS: &'static [Column<Self>] = &[];

    fn raw(&self) -> String {
        self.speed.rate.to_string()
    }
}

/// Everything that a bench prints.
pub(super) struct BenchReport<C> {
    /// The first line for eyes.
    pub(super) head: String,
    /// What is printed after the speed, for eyes.
    pub(super) notes: Vec<String>,
    /// What scripts get beside the speed.
    pub(super) counts: C,
    /// How fast it was.
    pub(super) speed: Throughput,
}

impl<C: FieldNames + Serialize + 'static> BenchReport<C> {
    /// Prints it in the form that was asked for.
    pub(super) fn print(self, context: &mut CommandContext<'_>, output: OutputArgs) -> Result<()> {
        if context.form(output) == OutputForm::Table {
            return self.lines(&mut context.console.out);
        }
        let row = BenchRow {
            speed: self.speed.fields(),
            counts: self.counts,
        };
        Ok(context.printer(output).print_all(&[row])?)
    }

    fn lines(&self, out: &mut dyn Write) -> Result<()> {
        writeln!(out, "{}", self.head)?;
        self.speed.lines(out)?;
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        Ok(out.flush()?)
    }
}

/// A line on stderr that is written over, where that is a terminal.
pub(super) struct BenchProgress {
    before: u64,
}

impl BenchProgress {
    /// Nothing counted yet.
    pub(super) fn new() -> Self {
        Self { before: 0 }
    }

    /// Prints how far it has come, once a second.
    pub(super) fn print_progress(&mut self, console: &mut Stdio, count: u64, what: &str) {
        let rate = count.saturating_sub(self.before);
        self.before = count;
        let [count, rate] = [count, rate].map(format::count_u64);
        Self::write(console, &format!("{count} {what}, {rate}/s"));
    }

    /// Clears the line.
    pub(super) fn clear(console: &mut Stdio) {
        Self::write(console, "");
    }

    fn write(console: &mut Stdio, line: &str) {
        if console.err_is_terminal {
            // Progress that nobody sees is no error.
            let own = console.err.write_own(&format!("\r{line}\x1b[K"));
            let _unseen = own.and_then(|()| console.err.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_percentiles_follow_from_what_was_recorded() {
        let mut latency = Latency::new();
        (1..=1000).for_each(|ms| latency.record(Duration::from_millis(ms)));
        let speed = Throughput {
            messages: 1000,
            bytes: 256_000,
            took: Duration::from_millis(500),
            latency,
        };
        let fields = speed.fields();
        assert_eq!(fields.rate, 2000);
        assert_eq!(fields.bytes_per_second, 512_000);
        let p99 = fields.p99_ms.unwrap();
        assert!((989.0..=991.5).contains(&p99), "{p99}");
    }

    #[test]
    fn nothing_recorded_is_null_and_the_longest_is_bounded() {
        let mut latency = Latency::new();
        assert_eq!(latency.quantile(0.5), None);
        latency.record(Duration::from_secs(100_000));
        assert!(latency.quantile(1.0).unwrap() >= Duration::from_secs(890));
    }
}
