//! What surrounds the panes: header, the names of the screens, the notice line, the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::areas::{after, cells, left, row};
use super::format;
use super::labels;
use super::layout::MIN_SIZE;
use super::overlays::command_line;
use super::painter::{Painter, span, spans_width};
use super::theme::Theme;
use super::widgets::{dotted, lines};
use crate::app::{App, Freshness, HitTarget, Overlay, Playback, PlaybackState, Request, Screen};
use crate::health::{BrokerTruth, NoFindings, Severity, Truth};
use crate::model::{Timestamp, counted, exact_age, play_time};

/// A sentence instead of a broken screen.
pub(super) fn too_small(painter: &mut Painter<'_>, area: Rect) {
    let (width, height) = MIN_SIZE;
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
    let rest = painter.put_right(area, &right);
    let name = [
        span(" liftui ", theme.brand),
        span(&*app.settings().cluster, theme.text),
    ];
    let mut used = painter.put(rest, &name);
    let divider = [span(format!(" {}", theme.glyphs.divider), theme.line)];
    for part in header_parts(app, theme) {
        let width = cells(spans_width(&part));
        if used.saturating_add(width).saturating_add(4) > rest.width {
            continue;
        }
        used += painter.put(after(rest, used), &divider);
        used += painter.put(after(rest, used), &part);
    }
}

/// The parts of the header between the name and the age, the most needed first.
fn header_parts(app: &App, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let truth = app.truth();
    if truth.as_of.is_none() {
        return Vec::new();
    }
    let mut parts = vec![
        brokers(&truth.members().collect::<Vec<_>>(), theme),
        vec![findings(app, theme)],
    ];
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
        let text = format!(
            "{} {} paused",
            theme.glyphs.paused,
            format::count_usize(paused)
        );
        parts.push(vec![span(text, theme.paused)]);
    }
    let own = truth.totals.streams - truth.totals.internal;
    parts.push(vec![span(counted(own, "stream"), theme.text)]);
    parts
}

/// More brokers than this are counted instead of shown one by one.
const MAX_SIGNS: usize = 9;

fn brokers(brokers: &[&BrokerTruth], theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![span(counted(brokers.len(), "broker"), theme.text)];
    if brokers.len() <= MAX_SIGNS {
        for broker in brokers {
            spans.extend([span(" ", theme.text), labels::broker_sign(broker, theme)]);
        }
        return spans;
    }
    let answering = brokers.iter().filter(|one| one.is_answering()).count();
    let silent = brokers.iter().filter(|one| one.reach.is_silent()).count();
    let text = format!(" {} {answering}", theme.glyphs.good);
    spans.push(span(text, theme.good));
    if silent > 0 {
        let text = format!(" {} {silent}", theme.glyphs.broken);
        spans.push(span(text, theme.broken));
    }
    spans
}

fn findings(app: &App, theme: &Theme) -> Span<'static> {
    let findings = app.truth().root_findings();
    let severities = findings.map(|finding| finding.severity);
    let problems: Vec<Severity> = severities.filter(|one| *one > Severity::Note).collect();
    let Some(worst) = problems.iter().max() else {
        return no_findings(app.truth(), theme);
    };
    let (sign, style) = labels::severity(*worst, theme);
    span(
        format!("{sign} {}", counted(problems.len(), "finding")),
        style,
    )
}

/// Nothing is known to be wrong, as far as brokers have answered.
fn no_findings(truth: &Truth, theme: &Theme) -> Span<'static> {
    let meaning = truth.no_findings();
    let (sign, style) = match meaning {
        NoFindings::AllWell => (theme.glyphs.good, theme.good),
        NoFindings::NotHeard(_) | NoFindings::LookingAgain => (theme.glyphs.unknown, theme.unknown),
    };
    span(format!("{sign} {meaning}"), style)
}

/// The right end: what is in flight, observer mode, how old the truth is.
fn age(app: &App, theme: &Theme) -> Vec<Span<'static>> {
    if let Some(playback) = app.playback() {
        let parts = match playback.now() {
            Some(now) => past_parts(playback, now, app, theme),
            None => playback_parts(playback, app, theme),
        };
        return dotted(&parts, theme);
    }
    let ago = |at| format::ago(at, app.now());
    let mut parts = Vec::new();
    if let Some(pending) = app.oldest_request() {
        let what = match &pending.request {
            Request::Operation(_) => "sending",
            Request::Statistics => "counting messages",
            Request::KeyHistory => "reading a key",
            Request::Verification => "comparing copies",
            Request::CursorMove(..) => "looking at the log",
            Request::Edit => "in the editor",
            Request::Export => "exporting",
            Request::Console => "at the console",
        };
        let text = format!("{what} {}", ago(pending.since));
        parts.push(vec![span(text, theme.key)]);
    }
    if !app.has_mouse() {
        parts.push(vec![span("mouse let go", theme.muted)]);
    }
    if app.settings().observer {
        parts.push(vec![span("observing", theme.readonly)]);
    }
    if app.asked_every() > app.settings().refresh {
        let text = format!("asked every {}", exact_age(app.asked_every()));
        parts.push(vec![span(text, theme.muted)]);
    }
    parts.push(vec![match app.freshness() {
        Freshness::Nothing => span("no broker yet", theme.degraded),
        Freshness::Live { as_of } => span(format!("as of {}", ago(as_of)), theme.muted),
        Freshness::Stale { as_of } => span(format!("stale {}", ago(as_of)), theme.broken),
    }]);
    dotted(&parts, theme)
}

/// Where the recording stands that is shown.
fn playback_parts(playback: &Playback, app: &App, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let clock = app.times().seconds(playback.at, playback.at);
    let since = |at: Timestamp| play_time(playback.begin.age(at));
    let (at, end) = (since(playback.at), since(playback.end));
    let mut parts = vec![
        vec![span(format!("replay {clock}"), theme.focus)],
        vec![span(format!("{at} of {end}"), theme.text)],
    ];
    if playback.is_damaged {
        parts.push(vec![span("damaged", theme.broken)]);
    }
    parts.push(vec![match playback.state {
        PlaybackState::Playing => span(format!("{} x", playback.speed), theme.good),
        PlaybackState::Paused => span("paused", theme.paused),
        PlaybackState::LookingAround | PlaybackState::Past(_) => {
            span("looking around", theme.paused)
        }
    }]);
    parts.extend(missing_messages(playback, app, theme));
    parts
}

/// The same on a line of its own; empty where no recording is shown.
pub(super) fn playback_line(app: &App, theme: &Theme) -> Line<'static> {
    let parts = app
        .playback()
        .map(|playback| playback_parts(playback, app, theme));
    let mut spans = vec![span(" ", theme.text)];
    spans.extend(dotted(&parts.unwrap_or_default(), theme));
    Line::from(spans)
}

/// Which of the last minutes are shown, while the dashboard goes on.
fn past_parts(
    playback: &Playback,
    now: Timestamp,
    app: &App,
    theme: &Theme,
) -> Vec<Vec<Span<'static>>> {
    let clock = app.times().seconds(playback.at, now);
    let ago = format::ago(playback.at, now);
    let mut parts: Vec<_> = missing_messages(playback, app, theme).into_iter().collect();
    let text = format!(" {clock} {} {ago} ago ", theme.glyphs.dot);
    parts.push(vec![span(text, theme.past())]);
    parts
}

/// At the right end of the header, until the past is there.
pub(super) fn past_is_read(frame: &mut Frame<'_>, theme: &Theme) {
    let text = Line::styled(" reading the last minutes ", theme.past());
    let area = frame.area();
    let width = cells(text.width()).min(area.width);
    let right = Rect {
        x: area.right() - width,
        width,
        height: area.height.min(1),
        ..area
    };
    frame.render_widget(text, right);
}

fn missing_messages(playback: &Playback, app: &App, theme: &Theme) -> Option<Vec<Span<'static>>> {
    let missing = !playback.has_messages && app.focus().screen() == Screen::Tails;
    missing.then(|| vec![span("messages not recorded", theme.muted)])
}

/// Letters of a screen's name where there is no room for all of all names.
const SHORT_TITLE: usize = 4;

/// The names of the screens, on the line below the panes.
pub(super) fn tabs(painter: &mut Painter<'_>, area: Rect, app: &App) {
    painter.horizontal_line(area);
    let theme = painter.theme;
    let names = Screen::ALL
        .iter()
        .map(|screen| format::width(screen.title()));
    let names = names.sum::<usize>();
    let is_roomy = usize::from(area.width) > names + 4 * Screen::ALL.len();
    let fits = usize::from(area.width) >= names + 3 * Screen::ALL.len();
    let mut rest = after(area, u16::from(is_roomy));
    for (number, screen) in (1..).zip(Screen::ALL) {
        let is_shown = screen == app.focus().screen().root();
        let title = screen.title();
        let title = if fits || is_shown {
            title
        } else {
            title.get(..SHORT_TITLE).unwrap_or(title)
        };
        let (digit, name) = if is_shown {
            (theme.focus, theme.focus)
        } else {
            (theme.key, theme.muted)
        };
        let end = if is_roomy { " " } else { "" };
        let text = [
            span(" ", theme.text),
            span(format!("{number}"), digit),
            span(format!(" {title}"), name),
            span(end, theme.text),
        ];
        let used = painter.put(rest, &text);
        painter.add_hit(left(rest, used), HitTarget::Screen(screen));
        rest = after(rest, used);
    }
}

/// What stands below the names of the screens, a line or two of it: keys that may become a command, or the last notice until it
/// expires. What is typed after `:` takes a line, too.
pub(super) fn notice_lines(app: &App, theme: &Theme, width: u16) -> Vec<Vec<Span<'static>>> {
    if matches!(app.overlay(), Some(Overlay::CommandLine(_))) {
        return Vec::new();
    }
    if app.pressed().is_empty() {
        return last_notice(app, theme, width);
    }
    let keys: Vec<String> = app.pressed().iter().map(ToString::to_string).collect();
    vec![vec![span(format!(" {} …", keys.join(" ")), theme.key)]]
}

/// Draws these lines, or the one that is being typed.
pub(super) fn notice(
    painter: &mut Painter<'_>,
    area: Rect,
    lines: &[Vec<Span<'static>>],
    app: &App,
) {
    if let Some(Overlay::CommandLine(line)) = app.overlay() {
        return command_line::draw(painter, area, line, app);
    }
    for (number, line) in (0..area.height).zip(lines) {
        painter.put(row(area, number), line);
    }
}

/// The last notice, in two lines at most: the remedy stands at the end of a sentence.
fn last_notice(app: &App, theme: &Theme, width: u16) -> Vec<Vec<Span<'static>>> {
    let Some(notice) = app.notices().current(app.now()) else {
        return Vec::new();
    };
    let time = app.times().seconds(notice.at, app.now());
    let times = if notice.times > 1 {
        format!("  ({} times)", notice.times)
    } else {
        String::new()
    };
    let spans = [
        span(format!(" {time}  "), theme.muted),
        span(notice.text.clone(), theme.level_style(notice.level)),
        span(times, theme.muted),
    ];
    let lines = lines::wrapped(vec![lines::Line(spans.into())], width.into());
    let mut lines = lines.into_iter().map(|line| line.0);
    let mut two: Vec<_> = lines.by_ref().take(2).collect();
    // What a second line does not hold is cut there.
    for line in lines {
        if let Some(last) = two.last_mut() {
            last.push(span(" ", theme.text));
            last.extend(line.into_iter().skip(1));
        }
    }
    two
}

/// What the keys do here, now: as many as there is room for, and always the last two, which lead to all others.
pub(super) fn footer(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    if let Some(caption) = app.tour_caption() {
        let sign = span(format!(" {} ", theme.glyphs.chosen), theme.key);
        let used = painter.put(area, &[sign, span(caption, theme.title)]);
        let (rest, takes_over) = (
            after(area, used),
            [span("any key takes over ", theme.muted)],
        );
        if usize::from(rest.width) > spans_width(&takes_over) {
            painter.put_right(rest, &takes_over);
        }
        return;
    }
    if let Some(Overlay::CommandLine(line)) = app.overlay()
        && let Some(error) = line.error()
    {
        painter.put(area, &[span(format!(" {error}"), theme.broken)]);
        return;
    }
    let hints = app.key_hints().into_iter().enumerate();
    let hints = hints.map(|(number, hint)| {
        let label = span(format!(" {}", hint.label), theme.muted);
        (number, [span(hint.keys, theme.key), label])
    });
    let mut hints: Vec<(usize, [Span<'static>; 2])> = hints.collect();
    let needed = |hints: &[(usize, [Span<'static>; 2])]| -> usize {
        hints.iter().map(|(_, hint)| spans_width(hint) + 2).sum()
    };
    while needed(&hints) > usize::from(area.width) && hints.len() > 2 {
        hints.remove(hints.len() - 3);
    }
    let mut rest = after(area, 1);
    for (number, hint) in &hints {
        let used = painter.put(rest, hint);
        painter.add_hit(left(rest, used), HitTarget::Hint(*number));
        rest = after(rest, used + 2);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::style::Modifier;

    use super::*;

    #[test]
    fn that_the_past_is_read_stands_out_without_colours() {
        let theme = Theme::named("none").unwrap_or_default();
        for width in [80, 10] {
            let mut terminal = Terminal::new(TestBackend::new(width, 3)).unwrap();
            let drawn = terminal.draw(|frame| past_is_read(frame, &theme)).unwrap();
            let last = drawn.buffer.cell((width - 2, 0)).unwrap();
            assert!(
                last.modifier.contains(Modifier::REVERSED),
                "{width} columns"
            );
        }
    }
}
