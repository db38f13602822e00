//! What lies on top of the panes: a text to read, a question, a menu.
//!
//! What they hold and what follows from an answer is `app/overlay`'s; texts are made in `page`.

mod confirm;
mod form;
mod menu;

use ratatui::layout::Rect;

use crate::app::overlays::Overlay;
use crate::app::overlays::pager::Pager;
use crate::app::{App, HitTarget};
use crate::ui::detail;
use crate::ui::layout::centred;
use crate::ui::painter::{Painter, span};
use crate::ui::widgets::popup;

/// Draws what lies on top, if anything does; the command line stands in the notice line instead.
pub(super) fn draw(painter: &mut Painter<'_>, body: Rect, app: &App) {
    if !matches!(app.overlay(), None | Some(Overlay::CommandLine(_))) {
        painter.tint(body, painter.theme.faint);
    }
    match app.overlay() {
        Some(Overlay::Pager(pager)) => draw_pager(painter, body, pager, app),
        Some(Overlay::Confirm(question)) => confirm::draw(painter, body, question, app.truth()),
        Some(Overlay::Menu(list)) => menu::draw(painter, body, list),
        Some(Overlay::Form(form)) => form::draw(painter, body, form),
        Some(Overlay::CommandLine(_)) | None => {}
    }
}

fn draw_pager(painter: &mut Painter<'_>, body: Rect, pager: &Pager, app: &App) {
    let theme = painter.theme;
    let (title, lines) = detail::page(pager.target(), app, theme);
    let width = body.width.saturating_sub(4).min(84);
    let lines = detail::wrapped(lines, usize::from(width.saturating_sub(4)));
    let wanted = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2);
    let area = centred(
        body,
        width,
        wanted.min(body.height.saturating_sub(1)).max(3),
    );
    let mut title = vec![span(title, theme.focus)];
    let shown = usize::from(area.height.saturating_sub(2));
    if lines.len() > shown {
        let last = (pager.top() + shown).min(lines.len());
        title.push(span(
            format!("  {last} of {} lines", lines.len()),
            theme.muted,
        ));
    }
    let inside = popup(painter, area, &title, theme.line);
    painter.hit(inside, HitTarget::Overlay);
    painter.overlay_lines(lines.len());
    detail::draw(painter, inside, &lines, pager.top());
}
