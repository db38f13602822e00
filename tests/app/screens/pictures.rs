//! The pictures of the README and the guide, drawn from the real screens; `UPDATE_GOLDEN=1` draws them anew.
//!
//! What stands on the screens is `messages`' and `world`'s.

use std::path::PathBuf;
use std::time::Duration;

use liftui::app::{Playback, PlaybackState};
use liftui::ui::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

use crate::messages::{decoded, line, tailing, traced, type_query, with_cursors};
use crate::world::World;

use super::svg::{CELL, FRAME, open, rows};
use super::tables::table;
use super::verification::verified;
use super::{after, compare_with, frame};

#[test]
fn pictures_show_the_screens_as_they_are() {
    picture("overview", World::seasoned().without_node_two());
    picture(
        "streams",
        after(World::seasoned().after_the_election(), "3 j j enter"),
    );
    picture("replay", replayed(World::seasoned().without_node_two()));
    picture("past", of_the_past(World::seasoned().without_node_two()));
    let mut tail = tailing();
    line(&mut tail, "/", "cel: value.amount > 500");
    tail.run(Duration::from_secs(1));
    picture("tail", after(tail, "k k enter j j j"));
    picture("table", table());
    picture("verify", verified());
    let mut asking = tailing();
    type_query(
        &mut asking,
        "cel: value.amount > 500 && value.customer.name == ",
    );
    picture("query", asking);
    picture("cursors", with_cursors());
    picture("decoder", decoded());
    picture("trace", traced());
    picture("subjects", after(World::seasoned(), "3 j j U"));
}

/// As it is shown out of a recording.
fn replayed(mut world: World) -> World {
    let at = world.app.now();
    world.app = world.app.replayed(Playback {
        at,
        begin: at.minus(Duration::from_secs(190)),
        end: at.plus(Duration::from_secs(530)),
        speed: 4,
        state: PlaybackState::Playing,
        has_messages: false,
        is_damaged: false,
    });
    world
}

/// As it is shown four minutes later to whoever goes back in the dashboard itself.
fn of_the_past(mut world: World) -> World {
    let at = world.app.now();
    let now = at.plus(Duration::from_secs(250));
    let playback = Playback {
        at,
        begin: at.minus(Duration::from_secs(600)),
        end: now,
        speed: 1,
        state: PlaybackState::Past(now),
        has_messages: false,
        is_damaged: false,
    };
    world.app = world.app.revisited(&world.app, playback);
    world
}

fn picture(name: &str, mut world: World) {
    let buffer = frame(&mut world, 120, 32, &Theme::default());
    compare_with(&folder().join(format!("{name}.svg")), &svg(&buffer));
}

/// What a command printed, as lines of metrics: names, labels and values apart.
pub(crate) fn picture_of_metrics(name: &str, command: &str, lines: &[&str]) {
    let theme = Theme::default();
    let typed = vec![
        Span::styled("$ ", theme.muted),
        Span::styled(command.to_owned(), theme.title),
    ];
    let printed = lines.iter().map(|line| match line.split_once([' ', '{']) {
        Some(("#", _)) | None => vec![Span::styled(*line, theme.muted)],
        Some((metric, _)) => {
            let at = line.rfind(' ').unwrap_or_default();
            let (series, value) = line.split_at(at);
            let labels = series.trim_start_matches(metric);
            vec![
                Span::styled(metric, theme.text),
                Span::styled(labels, theme.json_string),
                Span::styled(value, theme.json_number),
            ]
        }
    });
    let all: Vec<Line<'_>> = [typed].into_iter().chain(printed).map(Line::from).collect();
    let height = u16::try_from(all.len()).expect("it fits a picture");
    let mut buffer = Buffer::empty(Rect::new(0, 0, 120, height));
    Paragraph::new(all).render(buffer.area, &mut buffer);
    compare_with(&folder().join(format!("{name}.svg")), &svg(&buffer));
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/screens")
}

/// A buffer as an image.
fn svg(buffer: &Buffer) -> String {
    let (width, height) = (
        buffer.area.width * CELL.0 + 2 * FRAME,
        buffer.area.height * CELL.1 + 2 * FRAME,
    );
    let mut image = open(width, height);
    image.extend(rows(buffer));
    image.push_str("</svg>\n");
    image
}
