//! A frame of the size that was recorded, and as much of it as the terminal shows.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use ratatui::{Frame, Terminal, backend::TestBackend};

use crate::app::{App, Viewport};
use crate::ui::{self, RowCache, Theme};

/// Where frames are drawn before they are shown.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    /// The last frame.
    drawn: Buffer,
}

impl Canvas {
    /// Draws a frame of that many columns and rows.
    pub(super) fn draw(
        &mut self,
        (width, height): (u16, u16),
        app: &App,
        theme: &Theme,
        rows: &mut RowCache,
    ) -> io::Result<Viewport> {
        // A backend of memory: the recorded size has nothing to do with this terminal's.
        let backend = TestBackend::new(width, height);
        let mut terminal = Terminal::new(backend).map_err(io::Error::other)?;
        let mut viewport = Viewport::default();
        let frame = terminal
            .draw(|frame| viewport = ui::draw(frame, app, theme, rows))
            .map_err(io::Error::other)?;
        self.drawn = frame.buffer.clone();
        Ok(viewport)
    }

    /// Shows it from the top left corner; where that is too large, the last row says so.
    pub(super) fn show(&self, frame: &mut Frame<'_>, theme: &Theme) {
        let (area, own) = (frame.area(), self.drawn.area);
        let seen = area.intersection(own);
        let buffer = frame.buffer_mut();
        for position in seen.positions() {
            if let (Some(cell), Some(drawn)) =
                (buffer.cell_mut(position), self.drawn.cell(position))
            {
                cell.clone_from(drawn);
            }
        }
        if seen == own {
            return;
        }
        let text = format!(
            " recorded at {}x{}: this terminal shows {}x{} of it ",
            own.width, own.height, seen.width, seen.height
        );
        let row = Rect {
            y: area.bottom().saturating_sub(1),
            height: area.height.min(1),
            ..area
        };
        Line::styled(text, theme.degraded).render(row, buffer);
    }
}
