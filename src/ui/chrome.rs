//! What surrounds the panes: header, the names of the screens, the notice line, the keys.
//!
//! Which keys there are, the keymap tells; which notice is shown, `app/notice`.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::overlays::command_line::{self, CommandLine};
use crate::app::{App, Freshness, HitTarget, Level, Overlay, Request, Screen};
use crate::health::{BrokerTruth, Severity};
use crate::model::counted;
use crate::ui::format;
use crate::ui::labels;
use crate::ui::layout::LEAST;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;
use crate::ui::widgets::text_input;
use crate::ui::widgets::{after, dotted};

/// A sentence instead of a broken screen.
pub(super) fn too_small(painter: &mut Painter<'_>, area: Rect) {
    let (width, height) = LEAST;
    let text = format!(
        "liftui needs {width}x{height}; this is {}x{}",
        area.width, area.height
    );
    painter.put(area, &[span(text, painter.theme.text)]);
}

/// The line on top: what this is, how it is, and how old that is.
pub(super) fn header(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut right = age(app, theme);
    right.push(span(" ", theme.text));
    let left = painter.put_right(area, &right);
    let name = [
        span(" liftui ", theme.brand),
        span(&*app.settings().cluster, theme.text),
    ];
    let mut taken = painter.put(left, &name);
    for part in parts(app, theme) {
        let wide = u16::try_from(spans_width(&part)).unwrap_or(u16::MAX);
        let divider = [span(format!(" {}", theme.glyphs.divider), theme.line)];
        if taken.saturating_add(wide).saturating_add(3) > left.width {
            continue;
        }
        taken += painter.put(after(left, taken), &divider);
        taken += painter.put(after(left, taken), &part);
    }
}

/// What the header says between the name and the age, the most needed first.
fn parts(app: &App, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let truth = app.truth();
    if truth.as_of.is_none() {
        return Vec::new();
    }
    let own = truth.totals.streams - truth.totals.internal;
    let mut parts = vec![brokers(&truth.brokers, theme), findings(app, theme)];
    if let Some(rate) = truth.totals.rate {
        parts.push(vec![
            span(format::rate(rate), theme.text),
            span(" msg/s", theme.muted),
        ]);
    }
    // Liftbridge pauses its own streams whenever they idle.
    let others = truth.streams.iter().filter(|stream| !stream.internal);
    let paused: usize = others.map(|stream| stream.status.paused).sum();
    if paused > 0 {
        let text = format!("{} {} paused", theme.glyphs.paused, format::size(paused));
        parts.push(vec![span(text, theme.paused)]);
    }
    parts.push(vec![span(counted(own, "stream"), theme.text)]);
    parts
}

/// More brokers than this are counted instead of shown one by one.
const SIGNS: usize = 9;

fn brokers(brokers: &[BrokerTruth], theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![span(counted(brokers.len(), "broker"), theme.text)];
    if brokers.len() <= SIGNS {
        for broker in brokers {
            spans.push(span(" ", theme.text));
            spans.push(labels::broker_sign(broker, theme));
        }
        return spans;
    }
    let silent = brokers
        .iter()
        .filter(|broker| broker.reach.is_silent())
        .count();
    let answering = brokers
        .iter()
        .filter(|broker| broker.is_answering())
        .count();
    spans.push(span(
        format!(" {} {answering}", theme.glyphs.good),
        theme.good,
    ));
    if silent > 0 {
        spans.push(span(
            format!(" {} {silent}", theme.glyphs.broken),
            theme.broken,
        ));
    }
    spans
}

fn findings(app: &App, theme: &Theme) -> Vec<Span<'static>> {
    let grave: Vec<Severity> = app
        .truth()
        .findings
        .iter()
        .map(|finding| finding.severity)
        .filter(|severity| *severity > Severity::Note)
        .collect();
    match grave.iter().max() {
        Some(worst) => {
            let (sign, style) = labels::severity(*worst, theme);
            vec![span(
                format!("{sign} {}", counted(grave.len(), "finding")),
                style,
            )]
        }
        None => vec![calm(&app.truth().brokers, theme)],
    }
}

/// Nothing is known to be wrong; whether that means much depends on who has been heard.
fn calm(brokers: &[BrokerTruth], theme: &Theme) -> Span<'static> {
    let silent = brokers
        .iter()
        .filter(|broker| !broker.is_answering())
        .count();
    if silent > 0 {
        let text = format!("{} {silent} not heard yet", theme.glyphs.unknown);
        return span(text, theme.unknown);
    }
    span(format!("{} all well", theme.glyphs.good), theme.good)
}

/// The right end: what is on its way, observer mode, how old the truth is.
fn age(app: &App, theme: &Theme) -> Vec<Span<'static>> {
    let mut parts: Vec<Vec<Span<'static>>> = Vec::new();
    if let Some(pending) = app.oldest_request() {
        let what = match &pending.request {
            Request::Operation(_) => "sending",
            Request::Edit => "in the editor",
            Request::Export => "exporting",
            Request::Console => "at the console",
        };
        let since = format::ago(pending.since, app.now());
        parts.push(vec![span(format!("{what} {since}"), theme.key)]);
    }
    if app.settings().observer {
        parts.push(vec![span("observing", theme.readonly)]);
    }
    let (text, style) = match app.freshness() {
        Freshness::Nothing => ("no broker yet".to_owned(), theme.degraded),
        Freshness::Live { as_of } => (
            format!("as of {}", format::ago(as_of, app.now())),
            theme.muted,
        ),
        Freshness::Stale { as_of } => (
            format!("stale {}", format::ago(as_of, app.now())),
            theme.broken,
        ),
    };
    parts.push(vec![span(text, style)]);
    dotted(&parts, theme)
}

/// The names of the screens, on the line below the panes.
pub(super) fn tabs(painter: &mut Painter<'_>, area: Rect, app: &App) {
    painter.horizontal_line(area);
    let theme = painter.theme;
    let names: usize = Screen::ALL
        .iter()
        .map(|screen| format::width(screen.title()))
        .sum();
    let roomy = usize::from(area.width) > names + 4 * Screen::ALL.len();
    let mut left = after(area, u16::from(roomy));
    for (number, screen) in Screen::ALL.into_iter().enumerate() {
        let here = screen == app.focus().screen();
        let (digit, name) = if here {
            (theme.focus, theme.focus)
        } else {
            (theme.key, theme.muted)
        };
        let text = [
            span(" ", theme.text),
            span((number + 1).to_string(), digit),
            span(format!(" {}", screen.title()), name),
            span(if roomy { " " } else { "" }, theme.text),
        ];
        let taken = painter.put(left, &text);
        let hit = Rect {
            width: taken,
            ..left
        };
        painter.hit(hit, HitTarget::Screen(screen));
        left = after(left, taken);
    }
}

/// What is typed after `:`, or what was told last, until it expires.
pub(super) fn notice(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    if let Some(Overlay::CommandLine(line)) = app.overlay() {
        return command_line(painter, area, line, app);
    }
    if !app.pressed().is_empty() {
        let keys: Vec<String> = app.pressed().iter().map(ToString::to_string).collect();
        painter.put(area, &[span(format!(" {} …", keys.join(" ")), theme.key)]);
        return;
    }
    let Some(notice) = app.notices().current(app.now()) else {
        return;
    };
    let style = level_style(notice.level, theme);
    let time = format::clock(notice.at, app.settings().utc_offset);
    let times = if notice.times > 1 {
        format!("  ({} times)", notice.times)
    } else {
        String::new()
    };
    let spans = [
        span(format!(" {time}  "), theme.muted),
        span(&*notice.text, style),
        span(times, theme.muted),
    ];
    painter.put(area, &spans);
}

/// How a notice of that level looks.
pub(super) fn level_style(level: Level, theme: &Theme) -> Style {
    match level {
        Level::Note => theme.text,
        Level::Warning => theme.degraded,
        Level::Error => theme.broken,
    }
}

fn command_line(painter: &mut Painter<'_>, area: Rect, line: &CommandLine, app: &App) {
    let theme = painter.theme;
    let begin = after(area, painter.put(area, &[span(" :", theme.key)]));
    text_input::line(painter, begin, line.editor(), theme.input);
    let typed = line.editor().text();
    let text = u16::try_from(format::width(&typed)).unwrap_or(u16::MAX);
    let rest = after(begin, text.saturating_add(3));
    if let Some((candidates, at)) = line.completions() {
        return candidates_from(painter, rest, candidates, Some(at));
    }
    if typed.is_empty() {
        let hint = "a command or a name of one; tab completes, up brings earlier ones";
        painter.put(rest, &[span(hint, theme.faint)]);
        return;
    }
    let mut candidates = line.candidates(app.truth(), app.settings());
    candidates.retain(|candidate| *candidate != typed);
    let names_something = typed.contains(' ') && !candidates.is_empty();
    match command_line::parse(&typed) {
        Ok(meant) if !names_something => {
            painter.put(rest, &[span(meant.command.help(), theme.muted)]);
        }
        Ok(_) | Err(_) => candidates_from(painter, rest, &candidates, None),
    }
}

/// What the line could become, as much as there is room for; the one that stands in it already is bright.
fn candidates_from(
    painter: &mut Painter<'_>,
    area: Rect,
    candidates: &[String],
    chosen: Option<usize>,
) {
    let theme = painter.theme;
    let mut rest = area;
    let first = chosen.unwrap_or(0).saturating_sub(1);
    for (number, candidate) in candidates.iter().enumerate().skip(first) {
        let style = if Some(number) == chosen {
            theme.focus
        } else {
            theme.muted
        };
        let last = candidate.rsplit(' ').find(|word| !word.is_empty());
        let taken = painter.put(
            rest,
            &[
                span(last.unwrap_or_default(), style),
                span("  ", theme.text),
            ],
        );
        rest = after(rest, taken);
    }
}

/// What the keys do here, now: as many as there is room for, and always the last two, which lead to all others.
pub(super) fn footer(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut hints: Vec<[Span<'static>; 2]> = app
        .key_hints()
        .into_iter()
        .map(|(keys, words)| {
            [
                span(keys, theme.key),
                span(format!(" {words}"), theme.muted),
            ]
        })
        .collect();
    let needed = |hints: &[[Span<'static>; 2]]| -> usize {
        hints.iter().map(|hint| spans_width(hint) + 2).sum()
    };
    while needed(&hints) > usize::from(area.width) && hints.len() > 2 {
        hints.remove(hints.len() - 3);
    }
    let mut left = after(area, 1);
    for hint in &hints {
        left = after(left, painter.put(left, hint) + 2);
    }
}
