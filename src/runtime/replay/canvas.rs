//! A frame of the size that was recorded, and as much of it as the terminal shows.

use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Clear, Widget};
use ratatui::{Frame, Terminal, backend::TestBackend};

use crate::app::{App, Viewport};
use crate::ui::{self, RowCache, Theme};

/// Where frames are drawn before they are shown.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    /// The last frame.
    drawn: Buffer,
    /// Where the recording stands.
    place: Line<'static>,
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
        self.place = ui::playback_line(app, theme);
        Ok(viewport)
    }

    /// Shows it from the top left corner; where that is too large, the last rows say so.
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
        // The right end of its header and its last rows may be out of sight: where it stands is said below.
        let lines = [self.place.clone(), Line::styled(text, theme.degraded)];
        let below = Rect {
            y: area.bottom().saturating_sub(2),
            height: area.height.min(2),
            ..area
        };
        Clear.render(below, buffer);
        Text::from_iter(lines).render(below, buffer);
    }
}
