//! What differs between two decoded values, line by line.
//! Which values, and how a difference looks, is the inspector's.

use super::decode::{Class, Lines};

/// Beyond so many differing lines no shortest way from one to the other is looked for.
const MOST_STEPS: usize = 1000;

/// One line of a comparison, by its number on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineChange {
    /// A line of both sides.
    Same(usize, usize),
    /// On the left alone.
    Left(usize),
    /// On the right alone.
    Right(usize),
}

/// The lines of both, those that are the same side by side. Commas at line ends count for nothing, so that a member
/// added after the last one changes one line. Where more than a thousand lines differ, only the start and the end are
/// matched, and all between counts as changed.
pub fn diff(left: &Lines, right: &Lines) -> Vec<LineChange> {
    let left: Vec<String> = (0..left.len()).map(|line| comparable(left, line)).collect();
    let right: Vec<String> = (0..right.len())
        .map(|line| comparable(right, line))
        .collect();
    let same = |(left, right): &(&String, &String)| left == right;
    let head = left.iter().zip(&right).take_while(same).count();
    let (left_rest, right_rest) = (&left[head..], &right[head..]);
    let tail = left_rest
        .iter()
        .rev()
        .zip(right_rest.iter().rev())
        .take_while(same)
        .count();
    let middle = (
        &left_rest[..left_rest.len() - tail],
        &right_rest[..right_rest.len() - tail],
    );
    let mut changes: Vec<LineChange> = (0..head).map(|line| LineChange::Same(line, line)).collect();
    let between =
        shortest(middle.0, middle.1).unwrap_or_else(|| all_changed(middle.0.len(), middle.1.len()));
    changes.extend(between.into_iter().map(|change| shifted(change, head)));
    let ends = (left.len() - tail, right.len() - tail);
    changes.extend((0..tail).map(|line| LineChange::Same(ends.0 + line, ends.1 + line)));
    changes
}

fn comparable(lines: &Lines, line: usize) -> String {
    let mut text = format!("{} ", lines.depth(line));
    let tokens = lines
        .tokens(line)
        .filter(|token| *token != (Class::Punctuation, ","));
    text.extend(tokens.map(|(_, token)| token));
    text
}

fn shifted(change: LineChange, by: usize) -> LineChange {
    match change {
        LineChange::Same(left, right) => LineChange::Same(left + by, right + by),
        LineChange::Left(left) => LineChange::Left(left + by),
        LineChange::Right(right) => LineChange::Right(right + by),
    }
}

fn all_changed(left: usize, right: usize) -> Vec<LineChange> {
    (0..left)
        .map(LineChange::Left)
        .chain((0..right).map(LineChange::Right))
        .collect()
}

/// The shortest way from left to right, found by going as far as possible along each diagonal with one step more each
/// round (E. Myers, 1986). `None` where it has too many steps.
fn shortest(left: &[String], right: &[String]) -> Option<Vec<LineChange>> {
    let most = (left.len() + right.len()).min(MOST_STEPS);
    let center = most + 1;
    let goal = (center + left.len()).checked_sub(right.len());
    let mut reached = vec![0; 2 * most + 3];
    let mut rounds = Vec::new();
    for steps in 0..=most {
        rounds.push(reached.clone());
        for diagonal in (center - steps..=center + steps).step_by(2) {
            let down = goes_down(&reached, center, steps, diagonal);
            let mut x = if down {
                reached[diagonal + 1]
            } else {
                reached[diagonal - 1] + 1
            };
            while x < left.len() && left.get(x) == right.get(x + center - diagonal) {
                x += 1;
            }
            reached[diagonal] = x;
            if Some(diagonal) == goal && x >= left.len() {
                return Some(walk_back(&rounds, center, left.len(), right.len()));
            }
        }
    }
    None
}

/// Whether the furthest point on this diagonal is reached from the one above it: by a line of the right side.
fn goes_down(reached: &[usize], center: usize, steps: usize, diagonal: usize) -> bool {
    let lowest = diagonal == center - steps;
    let highest = diagonal == center + steps;
    lowest || (!highest && reached[diagonal - 1] < reached[diagonal + 1])
}

/// The way that led to the end, from what was reached before each round.
fn walk_back(rounds: &[Vec<usize>], center: usize, left: usize, right: usize) -> Vec<LineChange> {
    let (mut x, mut y) = (left, right);
    let mut changes = Vec::new();
    for (steps, reached) in rounds.iter().enumerate().rev() {
        let diagonal = center + x - y;
        let down = goes_down(reached, center, steps, diagonal);
        let from = if down { diagonal + 1 } else { diagonal - 1 };
        let start = if steps == 0 {
            0
        } else {
            reached[from] + usize::from(!down)
        };
        while x > start {
            (x, y) = (x - 1, y - 1);
            changes.push(LineChange::Same(x, y));
        }
        if steps == 0 {
            break;
        }
        if down {
            y -= 1;
            changes.push(LineChange::Right(y));
        } else {
            x -= 1;
            changes.push(LineChange::Left(x));
        }
    }
    changes.reverse();
    changes
}
