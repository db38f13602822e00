//! What stands where panes will be, before any broker has answered: what is tried, what happened, when again.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::command::AppCommand;
use crate::app::{App, ConnectionState, KeyContext};
use crate::ui::areas::cells;
use crate::ui::detail::{self, Line, wrapped};
use crate::ui::format;
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::theme::Theme;

/// Draws it in the area of all panes.
pub(in crate::ui) fn draw(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let mut lines = Vec::new();
    match app.connection() {
        ConnectionState::Connecting { addresses, attempt } => {
            lines.extend([Line::text("Looking for a broker", theme.title), Line::gap()]);
            let spinner = spinner(app, theme);
            lines.extend(address_lines(addresses, spinner, theme.key, theme));
            if *attempt > 1 {
                lines.extend(offer(app, theme));
                let text = format!("attempt {attempt}");
                lines.extend([Line::gap(), Line::text(text, theme.muted)]);
            }
        }
        ConnectionState::Waiting {
            attempt,
            next,
            failure,
        } => {
            lines.extend([Line::text("No broker answers", theme.broken), Line::gap()]);
            let addresses = &app.settings().addresses;
            lines.extend(address_lines(
                addresses,
                theme.glyphs.broken,
                theme.broken,
                theme,
            ));
            let wait = format::age(app.now().age(*next));
            let text = format!("Round {attempt} failed; the next one begins in {wait}.");
            lines.extend([Line::gap(), Line::text(&*failure.sentence, theme.text)]);
            lines.extend(offer(app, theme));
            lines.extend([Line::gap(), Line::text(text, theme.muted)]);
        }
        ConnectionState::Connected => {
            lines.push(Line::text("Reading the cluster…", theme.muted));
        }
    }
    let width = area.width.saturating_sub(8).min(64);
    let lines = wrapped(lines, usize::from(width));
    let place = centred(area, width, cells(lines.len()));
    detail::draw(painter, place, &lines, 0);
}

/// How to come to a cluster, for who named none: one of theirs, or the demo.
fn offer(app: &App, theme: &Theme) -> Vec<Line> {
    if !app.offers_demo() {
        return Vec::new();
    }
    let keymap = &app.settings().keymap;
    let key = keymap.hint(&[KeyContext::Global], AppCommand::Demo.into());
    let key = key.unwrap_or_default();
    let way = |what: &str, leads: &str| {
        Line(vec![
            span(format::pad(what, 24), theme.key),
            span(leads, theme.text),
        ])
    };
    vec![
        Line::gap(),
        Line::text(
            "No cluster was named: this is the default address.",
            theme.text,
        ),
        Line::gap(),
        way(&key, "a demo, in this process"),
        way("liftui --addr HOST:9292", "a cluster of yours"),
        way("liftui config init", "a file for its address"),
    ]
}

fn address_lines(
    addresses: &[String],
    sign: &str,
    style: Style,
    theme: &Theme,
) -> impl Iterator<Item = Line> {
    let line = move |address: &String| {
        let sign = span(format!("{sign} "), style);
        Line(vec![sign, span(&**address, theme.text)])
    };
    addresses.iter().map(line)
}

fn spinner(app: &App, theme: &Theme) -> &'static str {
    let second = usize::try_from(app.now().0 / 1_000_000_000).unwrap_or(0);
    let mut frames = theme.glyphs.spinner.iter().cycle();
    frames
        .nth(second % theme.glyphs.spinner.len())
        .unwrap_or(&"")
}
