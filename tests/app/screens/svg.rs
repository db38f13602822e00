//! A buffer as the elements of an image: a rectangle for each run of a background, a text for each run of a style.
//!
//! Each text is told its width, so that columns stand wherever the font is a little wider.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// Points that a cell is wide and high, and the frame around all of them.
pub(super) const CELL: (u16, u16) = (8, 18);
pub(super) const FRAME: u16 = 10;
/// What the terminal of the pictures is painted with.
pub(super) const PAPER: &str = "#16181d";
pub(super) const INK: &str = "#d7dae0";

/// The beginning of an image of that size, up to its background.
pub(super) fn open(width: u16, height: u16) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"13\" fill=\"{INK}\" xml:space=\"preserve\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    )
}

/// The elements of each row, from the first.
pub(super) fn rows(buffer: &Buffer) -> Vec<String> {
    let rows = buffer.area.rows().map(|row| {
        let cells: Vec<&Cell> = row.positions().map(|at| &buffer[at]).collect();
        let mut elements = String::new();
        for run in runs(&cells) {
            draw(run, row.y, &mut elements);
        }
        elements
    });
    rows.collect()
}

/// Cells of one row that look alike.
struct Run {
    x: u16,
    columns: u16,
    text: String,
    ink: Option<String>,
    paper: Option<String>,
    bold: bool,
    struck: bool,
}

fn runs(cells: &[&Cell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (x, cell) in (0..).zip(cells) {
        let columns = u16::try_from(cell.symbol().width()).unwrap();
        let (mut ink, mut paper) = (color(cell.fg), color(cell.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            let swapped = ink.unwrap_or_else(|| INK.to_owned());
            ink = Some(paper.unwrap_or_else(|| PAPER.to_owned()));
            paper = Some(swapped);
        }
        let bold = cell.modifier.contains(Modifier::BOLD);
        let struck = cell.modifier.contains(Modifier::CROSSED_OUT);
        // A sign that a font may lack or draw wider stands alone, so that it moves nothing else.
        let plain = |text: &str| text.is_ascii();
        match runs.last_mut() {
            Some(run)
                if (&run.ink, &run.paper, run.bold, run.struck) == (&ink, &paper, bold, struck)
                    && run.x + run.columns == x
                    && plain(cell.symbol())
                    && plain(&run.text) =>
            {
                run.text.push_str(cell.symbol());
                run.columns += columns;
            }
            // The second half of a wide character.
            Some(run) if run.x + run.columns > x => {}
            _ => runs.push(Run {
                x,
                columns,
                text: cell.symbol().to_owned(),
                ink,
                paper,
                bold,
                struck,
            }),
        }
    }
    runs
}

fn draw(run: Run, y: u16, image: &mut String) {
    let (x, top) = (FRAME + run.x * CELL.0, FRAME + y * CELL.1);
    let (width, height) = (run.columns * CELL.0, CELL.1);
    if let Some(paper) = run.paper {
        writeln!(
            image,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{paper}\"/>"
        )
        .unwrap();
    }
    let mut style = String::new();
    if let Some(ink) = run.ink {
        write!(style, " fill=\"{ink}\"").unwrap();
    }
    if run.bold {
        style.push_str(" font-weight=\"bold\"");
    }
    if run.struck {
        style.push_str(" text-decoration=\"line-through\"");
    }
    for (start, words) in phrases(&run.text) {
        let (start, columns) = (
            u16::try_from(start).unwrap(),
            u16::try_from(words.width()).unwrap(),
        );
        let escaped = words
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        writeln!(
            image,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{escaped}</text>",
            x + start * CELL.0,
            top + 13,
            columns * CELL.0,
        )
        .unwrap();
    }
}

/// What stands between gaps of two spaces and more, and where it begins: columns of a table are placed one by one.
fn phrases(text: &str) -> Vec<(usize, &str)> {
    let mut phrases = Vec::new();
    let mut at = 0;
    for part in text.split("  ") {
        let words = part.trim();
        if !words.is_empty() {
            phrases.push((at + part.len() - part.trim_start().len(), words));
        }
        at += part.len() + 2;
    }
    phrases
}

/// What a colour of a built-in theme is called in an image; the terminal's own has no name.
fn color(color: Color) -> Option<String> {
    if let Color::Rgb(red, green, blue) = color {
        return Some(format!("#{red:02x}{green:02x}{blue:02x}"));
    }
    assert_eq!(color, Color::Reset, "the dark theme names no other colours");
    None
}
