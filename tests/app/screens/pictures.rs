//! The pictures of the README, drawn from the real screens; `UPDATE_GOLDEN=1` draws them anew.
//!
//! What stands on the screens is `messages`' and `world`'s.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use liftui::ui::Theme;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::messages::{line, tailing};
use crate::world::World;

use super::{after, compare_with, frame};

/// Points that a cell is wide and high, and the frame around all of them.
const CELL: (u16, u16) = (8, 18);
const FRAME: u16 = 10;
/// What the terminal of the pictures is painted with.
const PAPER: &str = "#16181d";
const INK: &str = "#d7dae0";

#[test]
fn pictures_of_the_readme_show_the_screens_as_they_are() {
    picture("overview", World::seasoned().without_node_two());
    picture(
        "streams",
        after(World::seasoned().after_the_election(), "3 j j enter"),
    );
    let mut tail = tailing();
    line(&mut tail, "/", "cel: value.amount > 500");
    tail.run(Duration::from_secs(1));
    picture("tail", after(tail, "k k enter j j j"));
}

fn picture(name: &str, mut world: World) {
    let buffer = frame(&mut world, 120, 32, &Theme::default());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/screens");
    compare_with(&path.join(format!("{name}.svg")), &svg(&buffer));
}

/// A buffer as an image: a rectangle for each run of a background, a text for each run of a style. Each text is told
/// its width, so that columns stand wherever the font is a little wider.
fn svg(buffer: &Buffer) -> String {
    let (width, height) = (
        buffer.area.width * CELL.0 + 2 * FRAME,
        buffer.area.height * CELL.1 + 2 * FRAME,
    );
    let mut image = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
         font-size=\"13\" fill=\"{INK}\" xml:space=\"preserve\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for row in buffer.area.rows() {
        let cells: Vec<&Cell> = row.positions().map(|at| &buffer[at]).collect();
        for run in runs(&cells) {
            draw(run, row.y, &mut image);
        }
    }
    image.push_str("</svg>\n");
    image
}

/// Cells of one row that look alike.
struct Run {
    x: u16,
    columns: u16,
    text: String,
    ink: Option<String>,
    paper: Option<String>,
    bold: bool,
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
        // A sign that a font may lack or draw wider stands alone, so that it moves nothing else.
        let plain = |text: &str| text.is_ascii();
        match runs.last_mut() {
            Some(run)
                if (&run.ink, &run.paper, run.bold) == (&ink, &paper, bold)
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
