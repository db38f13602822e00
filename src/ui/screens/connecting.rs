//! What stands where panes will be, before any broker has answered: what is tried, what happened, when again.
//!
//! How the search goes, the poller tells.

use ratatui::layout::Rect;

use crate::app::{App, Link};
use crate::ui::detail::{Line, wrapped};
use crate::ui::format;
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::row;

/// Draws it in the room of all panes.
pub(crate) fn connecting(painter: &mut Painter<'_>, area: Rect, app: &App) {
    let theme = painter.theme;
    let addresses = || app.settings().addresses.clone();
    let mut lines = Vec::new();
    match app.link() {
        Link::Trying { addresses, attempt } => {
            lines.push(Line::text("Looking for a broker", theme.title));
            lines.push(Line::gap());
            lines.extend(addresses.iter().map(|address| {
                Line(vec![
                    span(format!("{} ", spinner(app, theme)), theme.key),
                    span(&**address, theme.text),
                ])
            }));
            if *attempt > 1 {
                lines.push(Line::gap());
                lines.push(Line::text(format!("attempt {attempt}"), theme.muted));
            }
        }
        Link::Waiting {
            attempt,
            next,
            failure,
        } => {
            lines.push(Line::text("No broker answers", theme.broken));
            lines.push(Line::gap());
            lines.extend(addresses().iter().map(|address| {
                Line(vec![
                    span(format!("{} ", theme.glyphs.broken), theme.broken),
                    span(&**address, theme.text),
                ])
            }));
            lines.push(Line::gap());
            lines.push(Line::text(&*failure.sentence, theme.text));
            lines.push(Line::gap());
            let left = format::age(app.now().age(*next));
            let text = format!("Round {attempt} failed; the next one begins in {left}.");
            lines.push(Line::text(text, theme.muted));
        }
        Link::Up => lines.push(Line::text("Reading the cluster…", theme.muted)),
    }
    let width = area.width.saturating_sub(8).min(64);
    let lines = wrapped(lines, usize::from(width));
    let height = u16::try_from(lines.len()).unwrap_or(area.height);
    let place = centred(area, width, height);
    for (number, line) in (0..).zip(&lines) {
        painter.put(row(place, number), &line.0);
    }
}

fn spinner(app: &App, theme: &crate::ui::Theme) -> &'static str {
    let second = usize::try_from(app.now().0 / 1_000_000_000).unwrap_or(0);
    theme.glyphs.spinner[second % theme.glyphs.spinner.len()]
}
