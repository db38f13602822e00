//! The title of a tail: what it reads, how that goes, how far behind the screen is, what was kept, lost and matched.
//! What does not fit is left out, the least important first.

use std::time::Duration;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::screens::tails::{
    LATE_AFTER, SearchProgress, TailPartition, ends, partition_names,
};
use crate::app::{App, FollowMode, Tail, TailState};
use crate::health::Known;
use crate::model::EndReason;
use crate::store::Query;
use crate::ui::areas::after;
use crate::ui::format;
use crate::ui::painter::{Painter, span, spans_width};
use crate::ui::theme::Theme;

/// Which pane it is among several.
#[derive(Clone, Copy)]
pub(super) struct PaneMark {
    /// From 1.
    pub(super) number: usize,
    /// Whether commands are about its tail.
    pub(super) is_shown: bool,
}

/// A part of the title. The higher its rank, the sooner it is left out.
#[derive(Clone)]
struct TitleSegment {
    rank: u8,
    text: String,
    /// What it can be cut down to before anything that is needed is left out.
    short: Option<String>,
    /// What it can be cut down to where nothing more can be left out.
    shortest: Option<String>,
    style: Style,
}

/// What is of this rank or a lower one is cut down before any of it is left out.
const NEEDED: u8 = 2;

impl TitleSegment {
    fn new(rank: u8, text: String, style: Style) -> Self {
        Self {
            rank,
            text,
            short: None,
            shortest: None,
            style,
        }
    }
}

/// Cuts the last segment down that can be; `false` where none can.
fn shorten(segments: &mut [TitleSegment]) -> bool {
    let short = |one: &mut TitleSegment| one.short.take().map(|short| one.text = short);
    segments.iter_mut().rev().find_map(short).is_some()
}

/// Draws the title of a pane that may have the focus, above so many rows of messages, with where its cursors are.
pub(super) fn draw(
    painter: &mut Painter<'_>,
    (area, mark): (Rect, Option<PaneMark>),
    app: &App,
    tail: &Tail,
    (focused, height, cursors): (bool, usize, Option<(String, Style)>),
) {
    let theme = painter.theme;
    let style = theme.title_style(focused);
    let sign = mark.map(|mark| pane_sign(mark, theme));
    let used = sign.map_or(0, |sign| painter.put(area, &[span(sign, style)]));
    let area = after(area, used);
    let names = tail.name();
    let name = |columns| format::cut_middle(&names, columns, theme.glyphs.cut);
    let mut segments = vec![TitleSegment {
        // Alone it has room enough.
        short: mark.map(|_pane| name(22)),
        shortest: mark.map(|_pane| name(14)),
        ..TitleSegment::new(0, name(36), style)
    }];
    segments.extend(segments_of(app, tail, height, theme));
    segments.extend(cursors.map(|(text, style)| TitleSegment::new(3, text, style)));
    let mut fitted = fit(segments.clone(), area.width, theme);
    let is_needed = |one: &TitleSegment| one.rank == NEEDED;
    if segments.iter().any(is_needed) && !fitted.iter().any(is_needed) {
        // What was cut down for it in vain need not be.
        segments.retain(|one| !is_needed(one));
        fitted = fit(segments, area.width, theme);
    }
    painter.put(area, &spans(&fitted, theme));
}

/// `▸2`: the second pane, which is the one that commands are about.
fn pane_sign(mark: PaneMark, theme: &Theme) -> String {
    let sign = if mark.is_shown {
        theme.glyphs.chosen
    } else {
        " "
    };
    format!("{sign}{}", mark.number)
}

/// The segments that fit on so many columns.
fn fit(mut segments: Vec<TitleSegment>, columns: u16, theme: &Theme) -> Vec<TitleSegment> {
    while spans_width(&spans(&segments, theme)) > usize::from(columns) {
        let worst = segments.iter().map(|one| one.rank).max().unwrap_or(0);
        if worst <= NEEDED && shorten(&mut segments) {
            continue;
        }
        if worst == 0 {
            let shortest = |one: &mut TitleSegment| one.shortest.take().map(|text| one.text = text);
            if segments.iter_mut().rev().find_map(shortest).is_some() {
                continue;
            }
            break;
        }
        segments.retain(|one| one.rank < worst);
    }
    segments
}

fn spans(segments: &[TitleSegment], theme: &Theme) -> Vec<Span<'static>> {
    let mut spans = vec![span(" ", theme.text)];
    for (number, segment) in segments.iter().enumerate() {
        if number > 0 {
            spans.push(span(format!(" {}", theme.glyphs.divider), theme.line));
        }
        spans.push(span(&*segment.text, segment.style));
    }
    spans
}

fn segments_of(app: &App, tail: &Tail, height: usize, theme: &Theme) -> Vec<TitleSegment> {
    let muted = |rank, text| TitleSegment::new(rank, text, theme.muted);
    let counters = tail.store().counters();
    let begins = tail.state() == TailState::Opening && tail.store().is_empty();
    let rate = tail.rate().map(format::rate);
    let exported = app.tails().exported_so_far().map(format::count_u64);
    let evicted = format::count_u64(counters.evicted);
    let is_cut_off = matches!(tail.state(), TailState::Resuming { .. });
    let searches = tail.search().query().is_some();
    let segments = [
        query(app, tail, theme),
        state(app, tail, theme),
        (!begins).then(|| TitleSegment {
            // While reading is cut off, nothing is followed.
            rank: if is_cut_off { 3 } else { NEEDED - 1 },
            ..mode(app, tail, height, theme)
        }),
        removed(tail, theme),
        out_of_order(tail, theme),
        Some(start(tail, searches, theme)),
        rate.map(|rate| TitleSegment::new(4, format!("{rate}/s"), theme.text)),
        Some(kept(app, tail, theme)),
        tail.fetches_older()
            .then(|| muted(3, "fetching older".to_owned())),
        exported.map(|messages| muted(3, format!("exported {messages}"))),
        tail.view()
            .newest_first()
            .then(|| muted(7, "newest first".to_owned())),
        (counters.evicted > 0).then(|| muted(8, format!("evicted {evicted}"))),
        Some(muted(
            9,
            format!("received {}", format::count_u64(counters.received)),
        )),
    ];
    segments.into_iter().flatten().collect()
}

/// Where it starts, and whether there is anything there.
fn start(tail: &Tail, searches: bool, theme: &Theme) -> TitleSegment {
    let text = format!("from {}", tail.start_text());
    let all = tail.partitions().len();
    match tail.past_end().count() {
        0 => TitleSegment::new(if searches { 3 } else { 6 }, text, theme.muted),
        count if count == all => {
            TitleSegment::new(NEEDED, format!("{text}, past the end"), theme.degraded)
        }
        count => {
            let text = format!("{text}, past the end of {count} of {all}");
            TitleSegment::new(NEEDED, text, theme.degraded)
        }
    }
}

fn query(app: &App, tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let query = tail.search().query().map(Query::text)?;
    let matching = format::count_usize(tail.store().len());
    let unscanned = tail.store().unscanned_len();
    let to_go = if tail.search().is_scanning() && unscanned > 0 {
        let unscanned = format::short_count(i64::try_from(unscanned).unwrap_or(i64::MAX));
        format!(" {} {unscanned} to go", theme.glyphs.dot)
    } else {
        String::new()
    };
    let undecided = match tail.search().undecided() {
        0 => String::new(),
        count => format!(
            " {} too costly for {}",
            theme.glyphs.dot,
            format::count_u64(count)
        ),
    };
    let progress = tail.stream_search_progress(app.truth());
    let kept = match progress {
        // Of what is in memory: the broker may have more.
        None => format!(" of {}", format::count_usize(tail.store().kept())),
        Some(progress) => {
            let looked_at = format::count_u64(tail.looked_at());
            let dot = theme.glyphs.dot;
            let left = |left: Option<u64>| {
                left.map_or_else(String::new, |left| {
                    format!(" {dot} {} to go", format::count_u64(left))
                })
            };
            match progress {
                SearchProgress::Searching(to_go) => {
                    format!(" of {looked_at} so far{}", left(to_go))
                }
                SearchProgress::Stopped(to_go) => {
                    format!(" of {looked_at}{} {dot} stopped", left(to_go))
                }
                SearchProgress::Whole => format!(" of all {looked_at}"),
            }
        }
    };
    let text = |columns, kept: &str| {
        let query = format::cut(query, columns, theme.glyphs.cut);
        format!("/{query}  {matching} matching{kept}{to_go}{undecided}")
    };
    Some(TitleSegment {
        short: Some(text(20, &kept)),
        shortest: Some(text(12, "")),
        ..TitleSegment::new(0, text(40, &kept), theme.matched)
    })
}

/// Following, frozen or scrolled back, and how far the screen is behind.
fn mode(app: &App, tail: &Tail, height: usize, theme: &Theme) -> TitleSegment {
    let behind = tail.view().behind(tail.store(), height);
    // A poll is older than the last chunk: how much is not read is shown only where reading has stopped.
    let is_stopped = matches!(
        tail.stream_search_progress(app.truth()),
        Some(SearchProgress::Stopped(_))
    );
    let is_full = tail.is_throttled() && !is_stopped;
    let unread = if is_full {
        usize::try_from(tail.unread(app.truth())).unwrap_or(usize::MAX)
    } else {
        0
    };
    // The cursor's own distance stands in the heads: of the row in view it would be another number.
    let rides = tail.followed_cursor().is_some();
    let messages = behind.messages.saturating_add(unread);
    let (messages, time) = if rides {
        (0, Duration::ZERO)
    } else {
        (messages, behind.time)
    };
    let (mode, style) = match tail.view().mode() {
        FollowMode::Following => ("following", theme.good),
        FollowMode::Frozen => ("frozen", theme.degraded),
        FollowMode::ScrolledBack => ("scrolled back", theme.title),
    };
    let (mode, style) = match tail.followed_cursor() {
        Some(name) => (format!("with cursor {name}"), theme.good),
        None => (mode.to_owned(), style),
    };
    let words = [
        Some(mode.clone()),
        (messages > 0).then(|| format!("{} behind", format::count_usize(messages))),
        (time > Duration::ZERO).then(|| format::latency(time)),
        is_full.then(|| "memory full".to_owned()),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    let text = words.join(&format!(" {} ", theme.glyphs.dot));
    TitleSegment {
        short: (messages > 0).then_some(mode),
        ..TitleSegment::new(NEEDED - 1, text, style)
    }
}

fn state(app: &App, tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let some = |count: usize| match tail.partitions().len() {
        all if all == count => String::new(),
        all => format!("{count} of {all} "),
    };
    if let Some(created) = tail.replaced() {
        let age = format::ago(created, app.now());
        let text = format!("deleted; another one was made {age} ago");
        return Some(TitleSegment::new(0, text, theme.degraded));
    }
    let (text, style) = match (tail.failure(), tail.state()) {
        (Some(failure), _) => (failure.sentence.clone(), theme.broken),
        (None, TailState::Live) => return None,
        (None, TailState::Opening) if waits_for_leader(app, tail) => {
            ("waiting for a leader".to_owned(), theme.degraded)
        }
        (None, TailState::Opening) => ("opening".to_owned(), theme.muted),
        (None, TailState::Resuming { attempt, since, .. }) => {
            let cut = format::ago(since, app.now());
            let short = format!("cut off {cut}, attempt {attempt}");
            return Some(TitleSegment {
                short: Some(short),
                ..TitleSegment::new(0, outage(app, tail, attempt, &cut), theme.degraded)
            });
        }
        (None, TailState::Ended { reason, .. }) => {
            // Whether reading ended as was to be expected.
            let style = match reason {
                EndReason::StopReached | EndReason::ReadonlyEnd => theme.muted,
                EndReason::Deleted
                | EndReason::Replaced { .. }
                | EndReason::Paused
                | EndReason::Fenced
                | EndReason::Unavailable(_)
                | EndReason::Failed(_) => theme.degraded,
            };
            let mut ends = ends(tail.partitions()).into_iter();
            let first = ends.next();
            let first = first.map(|(count, reason)| format!("{}{}", some(count), end_text(reason)));
            let others = ends.map(|(count, reason)| format!("{count} {}", end_word(reason)));
            let all: Vec<String> = first.into_iter().chain(others).collect();
            return Some(TitleSegment {
                short: all.first().cloned().filter(|_| all.len() > 1),
                ..TitleSegment::new(0, all.join(", "), style)
            });
        }
    };
    Some(TitleSegment::new(0, text, style))
}

/// Which partitions are cut off, from whom, and since when: `orders:1,2: leader node-1 silent 13s, attempt 6`.
fn outage(app: &App, tail: &Tail, attempt: u32, cut: &str) -> String {
    let truth = app.truth();
    let resuming = tail.partitions().iter().filter(|one| one.is_resuming());
    let resuming: Vec<_> = resuming.collect();
    let places = partition_names(resuming.iter().copied());
    let leader_of = |one: &&TailPartition| {
        let partition = truth.partition(&one.stream, one.partition)?;
        partition.leader.clone()
    };
    let first = resuming.first().and_then(leader_of);
    let shared = first.filter(|first| {
        resuming
            .iter()
            .all(|one| leader_of(one).as_ref() == Some(first))
    });
    let Some(leader) = shared else {
        return format!("{places}: cut off {cut}, attempt {attempt}");
    };
    let broker = truth.broker(&leader);
    let silent = broker.and_then(|broker| broker.reach.silent_since());
    match silent {
        Some(since) => {
            let silent = format::ago(since, app.now());
            format!("{places}: leader {leader} silent {silent}, attempt {attempt}")
        }
        None => format!("{places}: cut off from leader {leader} {cut}, attempt {attempt}"),
    }
}

/// Whether a partition's leader is known not to answer.
fn waits_for_leader(app: &App, tail: &Tail) -> bool {
    tail.partitions().iter().any(|one| {
        let partition = app.truth().partition(&one.stream, one.partition);
        partition.is_some_and(|partition| partition.leader_reachable == Known::No)
    })
}

/// Why reading is over.
pub(super) fn end_text(reason: &EndReason) -> String {
    match reason {
        EndReason::StopReached => "read to its end".to_owned(),
        EndReason::Deleted => "the stream was deleted".to_owned(),
        EndReason::Replaced { .. } => "the stream was deleted and made anew".to_owned(),
        EndReason::Paused => "paused: the next publish resumes it".to_owned(),
        EndReason::ReadonlyEnd => "readonly: nothing more comes".to_owned(),
        EndReason::Fenced => "read by a newer member of the group".to_owned(),
        EndReason::Unavailable(failure) | EndReason::Failed(failure) => failure.sentence.clone(),
    }
}

/// The same in a word, of those beside others.
fn end_word(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::StopReached => "read to the end",
        EndReason::Deleted | EndReason::Replaced { .. } => "deleted",
        EndReason::Paused => "paused",
        EndReason::ReadonlyEnd => "readonly",
        EndReason::Fenced => "read by another member",
        EndReason::Unavailable(_) | EndReason::Failed(_) => "failed",
    }
}

fn removed(tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let removed = tail.removed();
    let text = format!("{} gone before they were read", format::count_u64(removed));
    (removed > 0).then(|| TitleSegment::new(3, text, theme.degraded))
}

/// Messages that came in between others, after these had been there for a while.
fn out_of_order(tail: &Tail, theme: &Theme) -> Option<TitleSegment> {
    let count = tail.out_of_order().count();
    let (sign, window) = (theme.glyphs.late, format::age(LATE_AFTER));
    let text = format!("{sign} {} over {window} late", format::count_u64(count));
    (count > 0).then(|| TitleSegment::new(3, text, theme.degraded))
}

fn kept(app: &App, tail: &Tail, theme: &Theme) -> TitleSegment {
    let store = tail.store();
    let (messages, bytes) = (
        format::count_usize(store.kept()),
        format::bytes_len(store.bytes()),
    );
    let budget = format::bytes_len(app.settings().tail_budget);
    let text = format!("kept {messages} {} {bytes} of {budget}", theme.glyphs.dot);
    // Who searches wants to know in how much.
    let rank = if tail.search().query().is_some() {
        NEEDED
    } else {
        5
    };
    let filling = format!("{bytes} of {budget}");
    TitleSegment {
        short: Some(filling),
        ..TitleSegment::new(rank, text, theme.muted)
    }
}
