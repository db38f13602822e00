//! The title of a tail: what it reads, how that goes, how far behind the screen is, what was kept, lost and matched.
//! What does not fit is left out, the least important first.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::App;
use crate::app::screens::tails::{FollowMode, LATE_AFTER, Tail, TailState};
use crate::health::Known;
use crate::model::{EndReason, PartitionId, StreamName, format_ranges};
use crate::store::Query;
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;

/// What the title is about.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) tail: &'a Tail,
    pub(super) focused: bool,
    /// Rows of messages on the screen.
    pub(super) height: usize,
}

/// A part of the title. The higher its rank, the sooner it is left out.
struct TitleSegment {
    rank: u8,
    text: String,
    /// What it can be cut down to before anything that is needed is left out.
    short: Option<String>,
    style: Style,
}

/// What is of this rank or a lower one is cut down before any of it is left out.
const NEEDED: u8 = 1;

impl TitleSegment {
    fn new(rank: u8, text: String, style: Style) -> Self {
        let short = None;
        Self {
            rank,
            text,
            short,
            style,
        }
    }
}

/// Cuts the last piece down that can be; `false` where none can.
fn shorten(pieces: &mut [TitleSegment]) -> bool {
    let short = |piece: &mut TitleSegment| piece.short.take().map(|short| piece.text = short);
    pieces.iter_mut().rev().find_map(short).is_some()
}

/// Draws the title.
pub(super) fn draw(painter: &mut Painter<'_>, area: Rect, scene: &Scene<'_>) {
    let theme = painter.theme;
    let mut pieces = pieces(scene, theme);
    while spans_width(&spans(&pieces, theme)) > usize::from(area.width) {
        let least = pieces.iter().map(|piece| piece.rank).max().unwrap_or(0);
        if least <= NEEDED && shorten(&mut pieces) {
            continue;
        }
        if least == 0 {
            break;
        }
        pieces.retain(|piece| piece.rank < least);
    }
    painter.put(area, &spans(&pieces, theme));
}

fn spans(pieces: &[TitleSegment], theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![span(" ", theme.text)];
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            spans.push(span(format!(" {}", theme.glyphs.divider), theme.line));
        }
        spans.push(span(&*piece.text, piece.style));
    }
    spans
}

fn pieces(scene: &Scene<'_>, theme: &Theme) -> Vec<TitleSegment> {
    let Scene { tail, focused, .. } = scene;
    let name = format::cut_middle(&place(tail), 36, theme.glyphs.cut);
    let piece = TitleSegment::new;
    let mut pieces = vec![piece(
        0,
        name,
        if *focused { theme.focus } else { theme.title },
    )];
    pieces.extend(query(tail, theme));
    pieces.extend(phase(scene, theme));
    let begins = tail.state() == TailState::Opening && tail.store().is_empty();
    pieces.extend((!begins).then(|| mode(scene, theme)));
    pieces.extend(removed(tail, theme));
    pieces.extend(late(tail, theme));
    pieces.push(piece(6, format!("from {}", tail.start_text()), theme.muted));
    if let Some(rate) = tail.rate() {
        pieces.push(piece(4, format!("{}/s", format::rate(rate)), theme.text));
    }
    pieces.push(kept(scene, theme));
    if tail.fetches_older() {
        pieces.push(piece(3, "fetching older".to_owned(), theme.muted));
    }
    if let Some(messages) = scene.app.tails().exported_so_far() {
        pieces.push(piece(
            3,
            format!("exported {}", whole(messages)),
            theme.muted,
        ));
    }
    if tail.view().newest_first() {
        pieces.push(piece(7, "newest first".to_owned(), theme.muted));
    }
    let evicted = tail.store().counters().evicted;
    if evicted > 0 {
        pieces.push(piece(8, format!("evicted {}", whole(evicted)), theme.muted));
    }
    let received = whole(tail.store().counters().received);
    pieces.push(piece(9, format!("received {received}"), theme.muted));
    pieces
}

fn query(tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let query = tail.search().query().map(Query::text)?;
    let matching = format::size(tail.store().len());
    let left = tail.store().unscanned_len();
    let left = if tail.search().is_scanning() && left > 0 {
        format!(" {} {} to go", theme.glyphs.dot, short(left))
    } else {
        String::new()
    };
    // Of what is in memory: the broker may have more.
    let kept = format!(" of {}", format::size(tail.store().kept()));
    let text = |columns, kept| {
        let query = format::cut(query, columns, theme.glyphs.cut);
        format!("/{query}  {matching} matching{kept}{left}")
    };
    Some(TitleSegment {
        short: Some(text(20, "")),
        ..TitleSegment::new(0, text(40, &kept), theme.matched)
    })
}

/// Following, frozen or scrolled back, and how far the screen is behind.
fn mode(scene: &Scene<'_>, theme: &Theme) -> TitleSegment {
    let Scene {
        app, tail, height, ..
    } = scene;
    let behind = tail.view().behind(tail.store(), *height);
    let unread = usize::try_from(tail.unread(app.truth())).unwrap_or(usize::MAX);
    // A poll is older than the last chunk: what is not read is told only where reading has stopped.
    let unread = if tail.is_throttled() { unread } else { 0 };
    let messages = behind.messages.saturating_add(unread);
    let mode = match tail.view().mode() {
        FollowMode::Following => "following",
        FollowMode::Frozen => "frozen",
        FollowMode::ScrolledBack => "scrolled back",
    };
    let words = [
        Some(mode.to_owned()),
        (messages > 0).then(|| format!("{} behind", format::size(messages))),
        (behind.time > Duration::ZERO).then(|| lag(behind.time)),
        tail.is_throttled().then(|| "memory full".to_owned()),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let text = words.join(&format!(" {} ", theme.glyphs.dot));
    let style = match tail.view().mode() {
        FollowMode::Following => theme.good,
        FollowMode::Frozen => theme.degraded,
        FollowMode::ScrolledBack => theme.title,
    };
    TitleSegment {
        short: (messages > 0).then(|| mode.to_owned()),
        ..TitleSegment::new(NEEDED, text, style)
    }
}

/// `1.5s` where it is short, `4m 10s` where it is long.
fn lag(time: Duration) -> String {
    if time < Duration::from_secs(60) {
        format::latency(time)
    } else {
        format::exact_age(time)
    }
}

fn phase(scene: &Scene<'_>, theme: &Theme) -> Option<TitleSegment> {
    let tail = scene.tail;
    let some = |parts: usize| match tail.partitions().len() {
        all if all == parts => String::new(),
        all => format!("{parts} of {all} "),
    };
    let (text, style) = match (tail.failure(), tail.state()) {
        (Some(failure), _) => (failure.sentence.clone(), theme.broken),
        (None, TailState::Live) => return None,
        (None, TailState::Opening) if waits_for_leader(scene) => {
            ("waiting for a leader".to_owned(), theme.degraded)
        }
        (None, TailState::Opening) => ("opening".to_owned(), theme.muted),
        (
            None,
            TailState::Resuming {
                partitions,
                attempt,
                since,
                ..
            },
        ) => {
            let age = format::ago(since, scene.app.now());
            (
                format!("{}resuming ({attempt}) {age}", some(partitions)),
                theme.degraded,
            )
        }
        (None, TailState::Ended { partitions, reason }) => {
            let style = if is_calm(reason) {
                theme.muted
            } else {
                theme.degraded
            };
            (format!("{}{}", some(partitions), ended(reason)), style)
        }
    };
    Some(TitleSegment::new(0, text, style))
}

/// Whether a partition's leader is known not to answer.
fn waits_for_leader(scene: &Scene<'_>) -> bool {
    let truth = scene.app.truth();
    let mut parts = scene.tail.partitions().iter();
    parts.any(|part| {
        let partition = truth.partition(&part.stream, part.partition);
        partition.is_some_and(|partition| partition.leader_reachable == Known::No)
    })
}

/// Whether a reading ended as was to be expected.
fn is_calm(reason: &EndReason) -> bool {
    matches!(reason, EndReason::StopReached | EndReason::ReadonlyEnd)
}

/// Why a reading is over.
pub(super) fn ended(reason: &EndReason) -> String {
    match reason {
        EndReason::StopReached => "read to its end".to_owned(),
        EndReason::Deleted => "the stream was deleted".to_owned(),
        EndReason::Paused => "paused: the next publish resumes it".to_owned(),
        EndReason::ReadonlyEnd => "readonly: nothing more comes".to_owned(),
        EndReason::Fenced => "read by a newer member of the group".to_owned(),
        EndReason::Unavailable(failure) | EndReason::Failed(failure) => failure.sentence.clone(),
    }
}

fn removed(tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let removed = tail.removed();
    let text = format!("{} gone before they were read", whole(removed));
    (removed > 0).then(|| TitleSegment::new(3, text, theme.degraded))
}

/// Messages that came in between others, after these had been there for a while.
fn late(tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let late = tail.out_of_order().count();
    let sign = theme.glyphs.late;
    let text = format!("{sign} {} over {}s late", whole(late), LATE_AFTER.as_secs());
    (late > 0).then(|| TitleSegment::new(3, text, theme.degraded))
}

fn kept(scene: &Scene<'_>, theme: &Theme) -> TitleSegment {
    let store = scene.tail.store();
    let bytes = |size: usize| format::bytes(u64::try_from(size).unwrap_or(u64::MAX));
    let budget = bytes(scene.app.settings().tail_budget);
    let text = format!(
        "kept {} {} {} of {budget}",
        format::size(store.kept()),
        theme.glyphs.dot,
        bytes(store.bytes())
    );
    TitleSegment::new(5, text, theme.muted)
}

/// What a tail reads: `orders:0-3`, or several streams.
pub(super) fn place(tail: &Tail) -> String {
    let mut streams: Vec<(&StreamName, Vec<PartitionId>)> = Vec::new();
    for part in tail.partitions() {
        match streams
            .iter_mut()
            .find(|(stream, _)| *stream == &part.stream)
        {
            Some((_, partitions)) => partitions.push(part.partition),
            None => streams.push((&part.stream, vec![part.partition])),
        }
    }
    let texts = streams.into_iter().map(|(stream, mut partitions)| {
        partitions.sort_unstable();
        format!("{stream}:{}", format_ranges(&partitions))
    });
    texts.collect::<Vec<_>>().join(" ")
}

fn whole(number: u64) -> String {
    format::count(i64::try_from(number).unwrap_or(i64::MAX))
}

fn short(number: usize) -> String {
    format::short_count(i64::try_from(number).unwrap_or(i64::MAX))
}
