//! What a report is made of: a figure measured several times at several sizes, beside its peer in the same run.

use std::fmt::Write;

use liftui::model::grouped;

/// How often each is measured, in turn with its peer.
pub(crate) const RUNS: usize = 5;

/// The same measured several times, ascending; never empty.
#[derive(Clone, Debug)]
pub(crate) struct Runs(Vec<f64>);

impl Runs {
    pub(crate) fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    pub(crate) fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or_default()
    }
}

/// What was measured at one size.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Messages, or streams.
    pub(crate) size: u32,
    pub(crate) ours: Runs,
    pub(crate) peer: Option<Runs>,
}

/// A figure, at one size or several.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// The name of its plot's file.
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    /// What was done, and with what it is compared.
    pub(crate) about: &'static str,
    /// What it depends on: what would have to be faster for it to be.
    pub(crate) bound: &'static str,
    pub(crate) unit: &'static str,
    /// What its sizes count.
    pub(crate) counts: &'static str,
    pub(crate) peer: Option<&'static str>,
    pub(crate) points: Vec<Point>,
}

impl Figure {
    /// A section of the report.
    pub(crate) fn section(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.about);
        let unit = self.unit;
        let (heads, rule) = match self.peer {
            Some(peer) => (
                format!("liftui, {unit} | {peer}, {unit} | ratio"),
                "---|---|---",
            ),
            None => (format!("liftui, {unit}"), "---"),
        };
        let _infallible = writeln!(text, "| {} | {heads} |\n|---|{rule}|", self.counts);
        for point in &self.points {
            let size = grouped(point.size.into());
            let ours = cell(&point.ours);
            let beside = point.peer.as_ref().map(|peer| {
                let ratio = point.ours.median() / peer.median();
                format!(" {} | **{ratio:.2}** |", cell(peer))
            });
            let beside = beside.unwrap_or_default();
            let _infallible = writeln!(text, "| {size} | {ours} |{beside}");
        }
        let _infallible = writeln!(text, "\nBound by {}.", self.bound);
        if self.points.len() > 1 {
            let (title, file) = (self.title, self.file);
            let _infallible = writeln!(text, "\n![{title}](../assets/benchmarks/{file}.svg)");
        }
        text
    }
}

/// The middle of the runs, the least and the most of them.
fn cell(runs: &Runs) -> String {
    let [least, middle, most] = [runs.min(), runs.median(), runs.max()].map(number);
    format!("{middle} ({least} to {most})")
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
