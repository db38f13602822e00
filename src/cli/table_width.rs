//! Fits a table into a terminal: columns of names give way, whose cells are cut in the middle then.

use std::borrow::Cow;

use crate::ui::format;

/// A name keeps so many columns, though the table does not fit then.
const LEAST: usize = 8;

/// Sentences at the end of a line wrap: names need not give way to more of them than this.
const LEAST_TEXT: usize = 20;

/// Stands where something is cut out.
const CUT: &str = "…";

/// Between two columns.
const GAP: usize = 2;

/// A column as wide as its widest cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedWidth {
    pub(super) columns: usize,
    /// What it has at least: its head, or what cells have that are not cut any further.
    pub(super) least: usize,
    /// Whether it is text, which may wrap at the end of the line.
    pub(super) is_text: bool,
}

/// What names the cells of a column are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Of none that may be cut.
    None,
    /// Of one.
    One,
    /// Of several, side by side.
    Several,
}

impl Names {
    /// The columns that a cell has at least.
    pub(super) fn least_of(self, cell: &str) -> usize {
        let least = |name: &str| format::width(name).min(LEAST);
        match self {
            Self::None => format::width(cell),
            Self::One => least(cell),
            Self::Several => {
                let names = cell.split(' ');
                names.map(|name| least(name) + 1).sum::<usize>() - 1
            }
        }
    }

    /// The cell in so many columns, with its names cut where it is wider.
    pub(super) fn cut(self, cell: &str, columns: usize) -> Cow<'_, str> {
        let is_narrow = format::width(cell) <= columns;
        if is_narrow || self == Self::None {
            return Cow::Borrowed(cell);
        }
        if self == Self::One {
            return Cow::Owned(format::cut_middle(cell, columns, CUT));
        }
        let cut = |most: usize| {
            let names = cell.split(' ');
            let names = names.map(|name| format::cut_middle(name, most, CUT));
            names.collect::<Vec<_>>().join(" ")
        };
        let fits = |most: &usize| format::width(&cut(*most)) <= columns;
        let most = (LEAST..columns).rev().find(fits);
        Cow::Owned(cut(most.unwrap_or(LEAST)))
    }
}

/// The widths of columns in so many columns of a terminal: the widest names are cut first.
pub(super) fn fit(wanted: &[WantedWidth], most: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = wanted.iter().map(|one| one.columns).collect();
    let wraps = wanted
        .last()
        .filter(|last| last.is_text && last.least == last.columns);
    let unneeded = wraps.map_or(0, |last| last.columns.saturating_sub(LEAST_TEXT));
    let gaps = GAP * wanted.len().saturating_sub(1);
    loop {
        let taken = widths.iter().sum::<usize>() + gaps;
        let excess = taken.saturating_sub(unneeded).saturating_sub(most);
        let names = widths.iter_mut().zip(wanted);
        let names = names.filter(|(width, one)| **width > one.least);
        let Some((widest, one)) = names.max_by_key(|(width, _)| **width) else {
            return widths;
        };
        if excess == 0 {
            return widths;
        }
        // A part of it at a time, so that names of one width stay of one width.
        let part = excess.div_ceil(wanted.len()).max(1);
        *widest = widest.saturating_sub(part).max(one.least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(columns: usize) -> WantedWidth {
        WantedWidth {
            columns,
            least: 8,
            is_text: true,
        }
    }

    fn number(columns: usize) -> WantedWidth {
        WantedWidth {
            columns,
            least: columns,
            is_text: false,
        }
    }

    fn text(columns: usize) -> WantedWidth {
        WantedWidth {
            is_text: true,
            ..number(columns)
        }
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(fit(&[name(30), number(5), name(40)], 79), [30, 5, 40]);
        assert_eq!(fit(&[], 10), [0_usize; 0]);
    }

    #[test]
    fn the_widest_names_are_cut_until_the_rest_fits() {
        let widths = fit(&[name(250), number(5), name(20), text(9)], 80);
        assert_eq!(widths.iter().sum::<usize>() + 6, 80);
        assert_eq!(widths[1..], [5, 20, 9]);
        let widths = fit(&[name(100), name(100)], 82);
        assert_eq!(widths, [40, 40]);
    }

    #[test]
    fn of_several_names_each_is_cut() {
        let cell = "broker-one.example.com broker-two.example.com node-3";
        let cut = Names::Several.cut(cell, 30);
        assert_eq!(format::width(&cut), 30, "{cut}");
        assert!(
            cut.ends_with("com node-3") && cut.matches('…').count() == 2,
            "{cut}"
        );
        assert_eq!(Names::Several.least_of(cell), 8 + 1 + 8 + 1 + 6);
        assert_eq!(Names::Several.cut("a b", 30), "a b");
        assert_eq!(Names::None.cut(cell, 30), cell);
    }

    #[test]
    fn a_sentence_at_the_end_takes_no_name_away_and_no_name_is_cut_to_nothing() {
        assert_eq!(fit(&[name(30), text(300)], 80), [30, 300]);
        assert_eq!(fit(&[name(90), text(300)], 80), [58, 300]);
        assert_eq!(fit(&[name(90), number(70)], 40), [8, 70]);
    }
}
