//! An error in full, the answer of the demo cluster's console, the notices of this session.

use super::{Line, TextBuilder};
use crate::app::App;
use crate::model::Failure;
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// Width of the names in what the console answers.
const CONSOLE: usize = 34;

/// An error in full.
pub(super) fn failure_detail(failure: &Failure, theme: &Theme) -> Vec<Line> {
    let mut text = TextBuilder::new(theme);
    text.text(&*failure.sentence, theme.text);
    text.gap();
    text.pair("about", failure.target.to_string());
    text.pair("kind", format!("{:?}", failure.kind));
    text.lines
}

/// What the console answered: lines as they are; what stands before a wide gap is a name.
pub(super) fn console_detail(text: &str, theme: &Theme) -> Vec<Line> {
    let line = |line: &str| match line.split_once("  ") {
        Some((name, about)) => {
            let name = format::pad(&format!("{name}  "), CONSOLE);
            Line(vec![
                span(name, theme.key),
                span(about.trim_start(), theme.text),
            ])
        }
        None => Line::text(line, theme.text),
    };
    text.lines().map(line).collect()
}

/// What this program has logged, the newest line first.
pub(super) fn log_detail(log: Option<&[String]>, theme: &Theme) -> Vec<Line> {
    let lines = match log {
        None => return vec![Line::text("reading it …", theme.muted)],
        Some([]) => return vec![Line::text("Nothing was logged so far.", theme.muted)],
        Some(lines) => lines.iter().rev(),
    };
    let style = |line: &str| match line.split_whitespace().nth(1) {
        Some("ERROR") => theme.broken,
        Some("WARN") => theme.degraded,
        _ => theme.text,
    };
    lines.map(|line| Line::text(line, style(line))).collect()
}

/// The notices of this session, the newest first.
pub(super) fn notices_detail(app: &App, theme: &Theme) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for notice in app.notices().history().rev() {
        let time = app.times().seconds(notice.at, app.now());
        let times = if notice.times > 1 {
            format!("  {} times", notice.times)
        } else {
            String::new()
        };
        let spans = vec![
            span(format!("{time}  "), theme.muted),
            span(&*notice.text, theme.level_style(notice.level)),
            span(times, theme.muted),
        ];
        lines.push(Line(spans));
    }
    if lines.is_empty() {
        lines.push(Line::text("No notice so far.", theme.muted));
    }
    lines
}
