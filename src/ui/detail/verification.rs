//! Whether the copies of a partition are equal: which are compared and which are not, how far that is, what differs.

use ratatui::style::Style;

use super::Line;
use super::text_builder::TextBuilder;
use crate::app::{App, RangeState, VerificationRun};
use crate::model::{BrokerId, counted, exact_age, sanitise};
use crate::store::{CopyDifference, Unverified, VerifyReport};
use crate::ui::format;
use crate::ui::painter::span;
use crate::ui::theme::Theme;

/// The title, and the copies that were compared last.
pub(in crate::ui) fn verification_detail(app: &App, theme: &Theme) -> (String, Vec<Line>) {
    let Some(run) = app.verification() else {
        let lines = vec![Line::text("Nothing was compared yet.", theme.muted)];
        return ("Copies".to_owned(), lines);
    };
    let report = run.report();
    let title = format!("Copies of {}:{}", report.stream, report.partition);
    let mut text = TextBuilder::new(theme);
    add_state(run, app, &mut text);
    text.gap();
    add_progress(run, &mut text);
    add_copies(report, app, &mut text);
    add_differences(run, &mut text);
    if let Some(command) = app.verify_command() {
        text.head("IN A SHELL  at full speed");
        text.text(format!("  {}", sanitise::line(&command)), theme.text);
    }
    (sanitise::line(&title).into_owned(), text.lines)
}

fn add_state(run: &VerificationRun, app: &App, text: &mut TextBuilder<'_>) {
    let (theme, report) = (text.theme, run.report());
    let (since, until) = run.times();
    let took = exact_age(since.age(until.unwrap_or(app.now())));
    let sentence = format!("{}.", sanitise::line(&report.sentence()));
    match run.state() {
        RangeState::Reading => {
            let messages = counted(report.compared, "message");
            let sentence =
                format!("Comparing: {messages} so far, for {took}; the same key stops it.");
            text.text(sentence, theme.title);
        }
        RangeState::Done => text.text(sentence, outcome_style(report, theme)),
        RangeState::Stopped => {
            let stopped = format!("Stopped after {took}: what follows was found until then.");
            text.text(stopped, theme.degraded);
            if report.compared > 0 {
                text.text(sentence, theme.text);
            }
        }
        RangeState::Failed(failure) => text.text(failure.sentence.clone(), theme.broken),
    }
}

fn outcome_style(report: &VerifyReport, theme: &Theme) -> Style {
    if report.differences > 0 {
        theme.broken
    } else if report.unverified_count() > 0 {
        theme.degraded
    } else if report.compared > 0 && report.copies.replicas.len() > 1 {
        theme.good
    } else {
        theme.text
    }
}

fn add_progress(run: &VerificationRun, text: &mut TextBuilder<'_>) {
    let report = run.report();
    let compared = counted(report.compared, "message");
    let progress = match (report.last, report.percent()) {
        (Some(last), Some(percent)) => {
            let last = format::count(last);
            format!("{compared}, up to offset {last}: {percent} %")
        }
        _ if run.is_reading() => "nothing yet".to_owned(),
        _ => "nothing".to_owned(),
    };
    text.pair("compared", progress);
    let committed = match (report.copies.common, report.copies.committed) {
        (..0, _) => "nothing by all copies that are compared".to_owned(),
        (common, leaders) if common < leaders => format!(
            "up to offset {} by all compared, {} by the leader",
            format::count(common),
            format::count(leaders)
        ),
        (common, _) => format!("up to offset {}", format::count(common)),
    };
    text.pair("committed", committed);
    let rate = counted(run.spec().rate, "message");
    text.pair("rate", format!("at most {rate} a second"));
}

fn add_copies(report: &VerifyReport, app: &App, text: &mut TextBuilder<'_>) {
    let theme = text.theme;
    text.head("COPIES");
    let partition = app.truth().partition(&report.stream, report.partition);
    let leader = partition.and_then(|partition| partition.leader.as_ref());
    let failed = |replica: &BrokerId| {
        let mut unverified = report.copies.unverified.iter();
        unverified.find(|one| one.replica.as_ref() == Some(replica))
    };
    let others = report.copies.unverified.iter();
    let others = others.filter(|one| match &one.replica {
        Some(replica) => !report.copies.replicas.contains(replica),
        None => true,
    });
    let names = others.clone().filter_map(|one| one.replica.as_ref());
    let names = report.copies.replicas.iter().chain(names);
    let width = names.map(|name| format::width(&sanitise::line(name))).max();
    let width = width.unwrap_or(0);
    for (at, replica) in report.copies.replicas.iter().enumerate() {
        let differing = report.by_replica.get(at).copied().unwrap_or(0);
        let sign = match failed(replica) {
            _ if differing > 0 => (theme.glyphs.broken, theme.broken),
            Some(_) => (theme.glyphs.degraded, theme.degraded),
            None if report.compared == 0 => (theme.glyphs.unknown, theme.muted),
            None => (theme.glyphs.good, theme.good),
        };
        let role = match (at, leader == Some(replica), report.copies.replicas.len()) {
            (0, _, 1) => "no other copy to compare it with",
            (0, true, _) => "the leader's, with which the others are compared",
            (0, false, _) => "with which the others are compared",
            _ if report.compared == 0 => "no message compared",
            _ => "compared",
        };
        let found = (differing > 0).then(|| counted(differing, "difference"));
        let failed = failed(replica).map(not_verified);
        let mut parts: Vec<String> = found.into_iter().chain(failed).collect();
        if at == 0 || parts.is_empty() {
            parts.insert(0, role.to_owned());
        }
        add_copy(sign, replica, width, parts.join("; "), text);
    }
    for one in others {
        let sign = (theme.glyphs.unknown, theme.degraded);
        let name = one.replica.as_deref().unwrap_or("all");
        add_copy(sign, name, width, not_verified(one), text);
    }
}

fn add_copy(
    (glyph, style): (&str, Style),
    name: &str,
    width: usize,
    what: String,
    text: &mut TextBuilder<'_>,
) {
    let name = format::pad(&sanitise::line(name), width);
    text.lines.push(Line(vec![
        span(format!("  {glyph} {name}  "), style),
        span(what, text.theme.text),
    ]));
}

fn not_verified(one: &Unverified) -> String {
    let from = one.from.map(|from| format!(" from offset {from} on"));
    let reason = sanitise::line(&one.reason);
    format!("not verified{}: {reason}", from.unwrap_or_default())
}

fn add_differences(run: &VerificationRun, text: &mut TextBuilder<'_>) {
    let (theme, report) = (text.theme, run.report());
    let shown = report.first_differences.as_slice();
    let listed = u64::try_from(shown.len()).unwrap_or(u64::MAX);
    let count = match report.differences {
        0 if run.is_reading() => "none so far".to_owned(),
        0 if report.compared > 0 => "none".to_owned(),
        0 => return,
        all if all > listed => format!("the first {listed} of {}", format::count_u64(all)),
        all => format::count_u64(all),
    };
    text.head(format!("DIFFERENCES  {count}"));
    if shown.is_empty() {
        return;
    }
    let rows: Vec<[String; 3]> = shown.iter().map(row).collect();
    let head = ["OFFSET", "REPLICA", "WHAT"].map(str::to_owned);
    let widest = |column: usize| {
        let cells = rows.iter().chain([&head]).map(|row| row.get(column));
        cells.flatten().map(|cell| format::width(cell)).max()
    };
    let widths = [widest(0), widest(1)].map(Option::unwrap_or_default);
    let line = |[offset, replica, what]: &[String; 3], style| {
        let offset = format::pad_left(offset, widths[0]);
        let replica = format::pad(replica, widths[1]);
        Line::text(format!("  {offset}  {replica}  {what}"), style)
    };
    text.lines.push(line(&head, theme.muted));
    text.lines
        .extend(rows.iter().map(|row| line(row, theme.text)));
}

fn row(found: &CopyDifference) -> [String; 3] {
    let first = format::count(found.offset);
    let offset = if found.offset < found.last_offset {
        format!("{first}-{}", format::count(found.last_offset))
    } else {
        first
    };
    let replica = sanitise::line(found.replica.as_deref().unwrap_or("all"));
    let aspects = found.aspects.iter();
    let aspects: Vec<String> = aspects
        .map(|aspect| aspect.as_str().replace('_', " "))
        .collect();
    [offset, replica.into_owned(), aspects.join(", ")]
}
