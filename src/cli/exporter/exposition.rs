//! The text formats of metrics: OpenMetrics 1.0, and the older one of Prometheus, which differ in their heads.

use std::fmt::{Display, Write};

use crate::model::sanitise;

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextFormat {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// Prometheus' own, version 0.0.4.
    Prometheus,
}

impl TextFormat {
    /// The one that a scraper prefers by its `Accept` header. Whoever asks for neither by name, as curl does, gets the older
    /// one, which everybody reads.
    pub(super) fn accepted(accept: &str) -> Self {
        let (mut open_metrics, mut text) = (0.0, 0.0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.parse().ok());
            let weight = weight.unwrap_or(0.0_f64);
            match media.as_str() {
                "application/openmetrics-text" => open_metrics = weight.max(open_metrics),
                "text/plain" | "text/*" | "*/*" => text = weight.max(text),
                _ => {}
            }
        }
        if open_metrics > 0.0 && open_metrics >= text {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// What it is called on the wire.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// What stands at the end of a text.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::OpenMetrics => "# EOF\n",
            Self::Prometheus => "",
        }
    }
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricKind {
    /// One that goes up and down.
    Gauge,
    /// One that only grows; its samples end in `_total`.
    Counter,
    /// A fact in labels, always 1; its samples end in `_info`.
    Info,
    /// A sum and a count.
    Summary,
}

/// A metric: its name without a suffix of its kind, its unit where it has one, and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) kind: MetricKind,
    pub(super) unit: &'static str,
    pub(super) help: &'static str,
}

impl Metric {
    /// A number without a unit.
    pub(super) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, MetricKind::Gauge, "", help)
    }

    /// A duration.
    pub(super) const fn seconds(name: &'static str, help: &'static str) -> Self {
        Self::new(name, MetricKind::Gauge, "seconds", help)
    }

    /// A count of messages.
    pub(super) const fn messages(name: &'static str, help: &'static str) -> Self {
        Self::new(name, MetricKind::Gauge, "messages", help)
    }

    /// Any metric.
    pub(super) const fn new(
        name: &'static str,
        kind: MetricKind,
        unit: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            unit,
            help,
        }
    }
}

/// The labels of a sample, as they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels(String);

impl Labels {
    /// These and one more.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut text = String::with_capacity(self.0.len() + name.len() + value.len() + 4);
        text.push_str(&self.0);
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        push_escaped(&mut text, value);
        text.push('"');
        Self(text)
    }
}

/// Names are a stranger's: what would act on the terminal of whoever looks at a scrape is written in digits. No two names
/// become one by that, or a scraper would refuse the whole.
fn push_escaped(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => text.push_str(r"\\"),
            '"' => text.push_str("\\\""),
            '\u{fffd}' => text.push_str("\u{fffd}{fffd}"),
            c if sanitise::acts(c) => {
                let _infallible = write!(text, "\u{fffd}{{{:x}}}", u32::from(c));
            }
            c => text.push(c),
        }
    }
}

/// A metric with its samples.
#[derive(Debug)]
pub(super) struct Family {
    metric: Metric,
    samples: String,
    count: usize,
}

impl Family {
    /// No sample yet.
    pub(super) fn new(metric: Metric) -> Self {
        Self {
            metric,
            samples: String::new(),
            count: 0,
        }
    }

    /// One sample and no more.
    pub(super) fn of(metric: Metric, value: impl Display) -> Self {
        let mut family = Self::new(metric);
        family.push(&Labels::default(), value);
        family
    }

    /// One sample, where its value is known.
    pub(super) fn of_known(metric: Metric, value: Option<impl Display>) -> Self {
        let mut family = Self::new(metric);
        family.push_known(&Labels::default(), value);
        family
    }

    /// Adds a sample.
    pub(super) fn push(&mut self, labels: &Labels, value: impl Display) {
        let suffix = match self.metric.kind {
            MetricKind::Gauge | MetricKind::Summary => "",
            MetricKind::Counter => "_total",
            MetricKind::Info => "_info",
        };
        self.push_as(suffix, labels, value);
    }

    /// Adds a sample where its value is known.
    pub(super) fn push_known(&mut self, labels: &Labels, value: Option<impl Display>) {
        if let Some(value) = value {
            self.push(labels, value);
        }
    }

    /// Adds a sample of that suffix.
    pub(super) fn push_as(&mut self, suffix: &str, labels: &Labels, value: impl Display) {
        self.samples.push_str(self.metric.name);
        self.samples.push_str(suffix);
        if !labels.0.is_empty() {
            self.samples.push('{');
            self.samples.push_str(&labels.0);
            self.samples.push('}');
        }
        let _infallible = writeln!(self.samples, " {value}");
        self.count += 1;
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Writes the head and the samples.
    pub(super) fn write_to(&self, text: &mut String, format: TextFormat) {
        let Metric {
            name,
            kind,
            unit,
            help,
        } = self.metric;
        // The older format names a family as its samples are named, and knows no facts.
        let (suffix, word) = match (kind, format) {
            (MetricKind::Gauge, _) => ("", "gauge"),
            (MetricKind::Summary, _) => ("", "summary"),
            (MetricKind::Counter, TextFormat::OpenMetrics) => ("", "counter"),
            (MetricKind::Counter, TextFormat::Prometheus) => ("_total", "counter"),
            (MetricKind::Info, TextFormat::OpenMetrics) => ("", "info"),
            (MetricKind::Info, TextFormat::Prometheus) => ("_info", "gauge"),
        };
        let _infallible = writeln!(text, "# HELP {name}{suffix} {help}");
        let _infallible = writeln!(text, "# TYPE {name}{suffix} {word}");
        if format == TextFormat::OpenMetrics && !unit.is_empty() {
            let _infallible = writeln!(text, "# UNIT {name} {unit}");
        }
        text.push_str(&self.samples);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scraper_gets_the_format_that_it_prefers() {
        use TextFormat::{OpenMetrics, Prometheus};
        for (accept, format) in [
            ("", Prometheus),
            ("*/*", Prometheus),
            ("text/plain", Prometheus),
            ("application/openmetrics-text", OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "text/plain;q=0.9, application/openmetrics-text; q=0.2",
                Prometheus,
            ),
            ("application/openmetrics-text;q=0, */*", Prometheus),
            ("application/openmetrics-text;q=many", Prometheus),
            ("Application/OpenMetrics-Text", OpenMetrics),
        ] {
            assert_eq!(TextFormat::accepted(accept), format, "{accept}");
        }
    }

    #[test]
    fn heads_differ_between_the_formats_and_samples_do_not() {
        let counter = Metric::new("x_messages", MetricKind::Counter, "messages", "What came");
        let mut family = Family::new(counter);
        family.push(&Labels::default().with("stream", "a"), 7);
        let mut text = String::new();
        family.write_to(&mut text, TextFormat::OpenMetrics);
        assert_eq!(
            text,
            "# HELP x_messages What came\n# TYPE x_messages counter\n# UNIT x_messages messages\n\
             x_messages_total{stream=\"a\"} 7\n"
        );
        text.clear();
        family.write_to(&mut text, TextFormat::Prometheus);
        assert_eq!(
            text,
            "# HELP x_messages_total What came\n# TYPE x_messages_total counter\n\
             x_messages_total{stream=\"a\"} 7\n"
        );
    }

    #[test]
    fn names_neither_break_a_line_nor_act_on_a_terminal_and_stay_different() {
        let labels = |name| Labels::default().with("stream", name).0;
        assert_eq!(labels("a\"b\\c"), r#"stream="a\"b\\c""#);
        assert_eq!(labels("a\nb"), "stream=\"a\u{fffd}{a}b\"");
        assert_eq!(labels("\u{1b}[31m"), "stream=\"\u{fffd}{1b}[31m\"");
        let names = ["a\u{1b}", "a\u{fffd}{1b}", "a\u{fffd}", "a\u{2400}", "a\0"];
        let written: std::collections::BTreeSet<_> = names.into_iter().map(labels).collect();
        assert_eq!(written.len(), names.len());
    }
}
