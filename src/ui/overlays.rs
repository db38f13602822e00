//! What lies on top of the panes: a text to read, a question, a menu, a form, the command line.

pub(super) mod command_line;

mod confirm;
mod form;
mod menu;
mod save_query;

use ratatui::layout::Rect;

use super::areas::cells;
use super::detail;
use super::layout::centred;
use super::painter::{Painter, span};
use super::widgets::popup;
use crate::app::overlays::pager::Pager;
use crate::app::{App, HitTarget, Overlay};
use crate::model::counted_of;

/// Draws what lies on top, if anything does; the command line stands in the notice line instead.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, app: &App) {
    if !matches!(app.overlay(), None | Some(Overlay::CommandLine(_))) {
        painter.tint(body, painter.theme.faint);
    }
    match app.overlay() {
        Some(Overlay::Pager(pager)) => draw_pager(painter, body, pager, app),
        Some(Overlay::Confirm(confirm)) => confirm::draw(painter, body, confirm, app.truth()),
        Some(Overlay::Menu(menu)) => menu::draw(painter, body, menu),
        Some(Overlay::Form(form)) => form::draw(painter, body, form, app),
        Some(Overlay::SaveQuery(question)) => save_query::draw(painter, body, question),
        Some(Overlay::CommandLine(_)) | None => {}
    }
}

fn draw_pager(painter: &mut Painter<'_>, body: Rect, pager: &Pager, app: &App) {
    let theme = painter.theme;
    let (title, lines) = detail::detail(pager.target(), app, theme);
    let width = body.width.saturating_sub(4).min(84);
    let lines = detail::wrapped(lines, usize::from(width.saturating_sub(4)));
    let height = cells(lines.len()).saturating_add(2);
    let height = height.min(body.height.saturating_sub(1)).max(3);
    let area = centred(body, width, height);
    let mut title = vec![span(title, theme.focus)];
    let shown = usize::from(area.height.saturating_sub(2));
    if lines.len() > shown {
        let last = (pager.top() + shown).min(lines.len());
        let text = format!("  {}", counted_of(last, lines.len(), "line"));
        title.push(span(text, theme.muted));
    }
    let inside = popup(painter, area, &title, theme.line);
    painter.add_hit(inside, HitTarget::Overlay);
    painter.set_overlay_lines(lines.len());
    detail::draw(painter, inside, &lines, pager.top());
}
