//! The columns of a readable row: how wide each has to be, which are numbers and line up at their points, what is cut where
//! there is no room. Learns from the rows that it is shown, and widens only.

use super::format::{cut, cut_middle, pad, pad_left, width};
use crate::store::{CellKind, RowCell, RowField, RowTemplate};

/// Between two columns.
const GAP: &str = "  ";
/// Columns of a text that is not the last one, however long it is.
const TEXT_MOST: usize = 32;
/// Columns that the name of a field may claim for itself.
const HEAD_MOST: usize = 14;
/// Columns that the widest field keeps which takes what the others leave.
const REST_LEAST: usize = 10;
/// Columns that a text keeps where there is no room; then the row goes on beyond the edge.
const TEXT_LEAST: usize = 6;
/// Digits behind the point that are lined up; longer ones would push everything else away.
const FRACTION_MOST: usize = 9;

/// What is known of one column.
#[derive(Clone, Copy, Debug, Default)]
struct ColumnShape {
    /// The widest cell.
    text: usize,
    /// The most columns before a point.
    whole: usize,
    /// The most digits behind a point.
    fraction: usize,
    /// A cell that is no number was there.
    has_text: bool,
    has_number: bool,
}

impl ColumnShape {
    fn learn(&mut self, cell: &RowCell) {
        let columns = width(&cell.text);
        self.text = self.text.max(columns);
        match cell.kind {
            CellKind::Missing => {}
            CellKind::Text | CellKind::Bytes => self.has_text = true,
            CellKind::Number => {
                let (whole, fraction) = point(&cell.text);
                self.has_number = true;
                self.whole = self.whole.max(whole);
                self.fraction = self.fraction.max(fraction);
            }
        }
    }

    fn is_numbers(&self) -> bool {
        self.has_number && !self.has_text
    }

    /// Columns for the point and what is behind it, where these are lined up.
    fn behind(&self) -> usize {
        match self.fraction {
            fraction @ 1..=FRACTION_MOST => fraction + 1,
            _ => 0,
        }
    }

    fn width(&self) -> usize {
        if self.is_numbers() && self.behind() > 0 {
            self.text.max(self.whole + self.behind())
        } else {
            self.text
        }
    }
}

/// Columns of a number before its point, and digits behind it. A unit behind a number is no digit.
fn point(text: &str) -> (usize, usize) {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            (whole.len(), fraction.len())
        }
        _ => (width(text), 0),
    }
}

/// What is known of the columns of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowLayout {
    shapes: Vec<ColumnShape>,
}

impl RowLayout {
    /// Sees one more row.
    pub(crate) fn learn(&mut self, cells: &[RowCell]) {
        self.shapes
            .resize(cells.len().max(self.shapes.len()), ColumnShape::default());
        for (shape, cell) in self.shapes.iter_mut().zip(cells) {
            shape.learn(cell);
        }
    }

    /// The columns on so much room; `None`: as wide as they are. `fixed` have one width, whatever they hold.
    pub(crate) fn fit<'a>(
        &self,
        template: &'a RowTemplate,
        room: Option<usize>,
        fixed: &[(RowField, usize)],
    ) -> FittedRow<'a> {
        let unknown = std::iter::repeat(ColumnShape::default());
        let shapes = self.shapes.iter().copied().chain(unknown);
        let columns: Vec<_> = template.fields().zip(shapes).collect();
        let rest = rest_of(&columns);
        let text_most = if room.is_some() {
            TEXT_MOST
        } else {
            usize::MAX
        };
        let natural = columns.iter().enumerate().map(|(number, (field, shape))| {
            let natural = shape.width().max(width(&head_of(field)).min(HEAD_MOST));
            let is_whole = Some(number) == rest || shape.is_numbers();
            match fixed.iter().find(|(own, _)| own == *field) {
                Some((_, fixed)) => (*fixed, false),
                None if is_whole => (natural, !shape.is_numbers()),
                None => (natural.min(text_most), true),
            }
        });
        let (mut widths, shrinks): (Vec<usize>, Vec<bool>) = natural.unzip();
        let texts = template.texts().enumerate();
        let between: usize = texts.map(|(at, text)| width(between(at, text))).sum();
        let between = between + width(template.after());
        let mut beyond = 0;
        if let Some(room) = room {
            give(&mut widths, &shrinks, rest, room.saturating_sub(between));
            beyond = (between + widths.iter().sum::<usize>()).saturating_sub(room);
        }
        FittedRow {
            template,
            shapes: columns.into_iter().map(|(_, shape)| shape).collect(),
            widths,
            rest,
            beyond,
        }
    }
}

/// Gives out the room: each column what it needs, as long as there is room, and the one for the rest what is left.
fn give(widths: &mut [usize], shrinks: &[bool], rest: Option<usize>, room: usize) {
    if let Some(own) = rest.and_then(|rest| widths.get_mut(rest)) {
        *own = (*own).min(REST_LEAST);
    }
    while widths.iter().sum::<usize>() > room {
        let texts = widths
            .iter_mut()
            .zip(shrinks)
            .filter(|(_, shrinks)| **shrinks);
        let wide = texts.map(|(own, _)| own).filter(|own| **own > TEXT_LEAST);
        let Some(widest) = wide.max_by_key(|own| **own) else {
            break;
        };
        *widest -= 1;
    }
    let used: usize = widths.iter().sum();
    if let Some(own) = rest.and_then(|rest| widths.get_mut(rest)) {
        *own += room.saturating_sub(used);
    }
}

/// The column that takes what the others leave: the whole value, or the last one where that is text.
fn rest_of(columns: &[(&RowField, ColumnShape)]) -> Option<usize> {
    let value = columns
        .iter()
        .position(|(field, _)| **field == RowField::Value);
    value.or_else(|| {
        let (field, shape) = columns.last()?;
        let is_text = shape.has_text && !matches!(field, RowField::Size | RowField::Time);
        is_text.then(|| columns.len() - 1)
    })
}

/// What stands before the column of that number.
fn between(number: usize, text: Option<&str>) -> &str {
    match text {
        Some(text) => text,
        None if number == 0 => "",
        None => GAP,
    }
}

/// The name of a field above its column.
fn head_of(field: &RowField) -> String {
    match field {
        RowField::Partition => "#".to_owned(),
        RowField::ValueAt(path) => path.to_string(),
        RowField::Header(name) => name.clone(),
        RowField::Stream
        | RowField::Offset
        | RowField::Time
        | RowField::Key
        | RowField::Value
        | RowField::Size
        | RowField::Subject => field.to_string().to_uppercase(),
    }
}

/// What a piece of a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// What the template has between fields.
    Between,
    /// The field of that number.
    Cell(usize, CellKind),
}

/// A piece of a row, padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowPiece {
    /// The text.
    pub(crate) text: String,
    /// What it is.
    pub(crate) kind: PieceKind,
}

/// The columns of a row as they are on a screen.
#[derive(Clone, Debug)]
pub(crate) struct FittedRow<'a> {
    template: &'a RowTemplate,
    shapes: Vec<ColumnShape>,
    widths: Vec<usize>,
    rest: Option<usize>,
    /// Columns that do not fit on the room.
    beyond: usize,
}

impl<'a> FittedRow<'a> {
    /// How many columns of the room the row goes beyond it.
    pub(crate) fn beyond(&self) -> usize {
        self.beyond
    }

    /// The fields in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'a RowField> {
        self.template.fields()
    }

    /// The names of the fields.
    pub(crate) fn head(&self, cut_sign: &str) -> String {
        let mut line = String::new();
        let texts = self.template.texts().enumerate();
        for ((number, text), field) in texts.zip(self.fields()) {
            line += &" ".repeat(width(between(number, text)));
            let (own, shape) = self.column(number);
            let name = head_of(field);
            let last = name.rsplit('.').next().unwrap_or(&name);
            let name = if width(&name) > own && width(last) < width(&name) {
                last
            } else {
                &name
            };
            let name = cut_middle(name, own, cut_sign);
            line += &if shape.is_numbers() {
                pad_left(&name, own)
            } else {
                pad(&name, own)
            };
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }

    /// A row; `none` stands where a field is missing, and the column that takes the rest is scrolled so far to the left.
    pub(crate) fn row(
        &self,
        cells: &[RowCell],
        [none, cut_sign]: [&str; 2],
        sideways: usize,
    ) -> Vec<RowPiece> {
        let mut pieces = Vec::with_capacity(cells.len() * 2 + 1);
        for ((number, text), cell) in self.template.texts().enumerate().zip(cells) {
            let text = between(number, text);
            if !text.is_empty() {
                let text = joined(pieces.last_mut(), text);
                pieces.push(RowPiece {
                    text,
                    kind: PieceKind::Between,
                });
            }
            let is_last = number + 1 == cells.len() && self.template.after().is_empty();
            let mut text = if self.rest == Some(number) && cell.kind != CellKind::Missing {
                // What is whole already has nothing more to show.
                let (own, shape) = self.column(number);
                let hidden = if shape.text > own { sideways } else { 0 };
                let shown: String = cell.text.chars().skip(hidden).collect();
                self.rest_cell(number, &shown, cut_sign)
            } else {
                self.cell(number, cell, none, cut_sign)
            };
            if is_last {
                // Blanks at the end would seem to go on beyond the edge.
                text.truncate(text.trim_end_matches(' ').len());
            }
            pieces.push(RowPiece {
                text,
                kind: PieceKind::Cell(number, cell.kind),
            });
        }
        if !self.template.after().is_empty() {
            pieces.push(RowPiece {
                text: self.template.after().to_owned(),
                kind: PieceKind::Between,
            });
        }
        pieces
    }

    fn column(&self, number: usize) -> (usize, ColumnShape) {
        let width = self.widths.get(number).copied().unwrap_or(0);
        (width, self.shapes.get(number).copied().unwrap_or_default())
    }

    fn rest_cell(&self, number: usize, text: &str, cut_sign: &str) -> String {
        let (own, _) = self.column(number);
        pad(&cut(text, own, cut_sign), own)
    }

    fn cell(&self, number: usize, cell: &RowCell, none: &str, cut_sign: &str) -> String {
        let (own, shape) = self.column(number);
        let text = if cell.kind == CellKind::Missing {
            none
        } else {
            &*cell.text
        };
        if !shape.is_numbers() {
            return pad(&cut_middle(text, own, cut_sign), own);
        }
        let behind = match (cell.kind, point(&cell.text)) {
            (CellKind::Missing, _) => 0,
            (_, (_, 0)) => shape.behind(),
            (_, (_, fraction)) => shape.behind().saturating_sub(fraction + 1),
        };
        let room = own.saturating_sub(behind);
        let behind = if width(text) > room {
            own.saturating_sub(width(text)).min(behind)
        } else {
            behind
        };
        let text = cut_middle(text, own.saturating_sub(behind), cut_sign);
        pad_left(&(text + &" ".repeat(behind)), own)
    }
}

/// The text behind a cell: a word that follows the cell at once, such as a colon, stands before the blanks that fill the cell.
fn joined(cell: Option<&mut RowPiece>, text: &str) -> String {
    let word = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(word);
    let Some(cell) = cell.filter(|_| !word.is_empty() && !rest.is_empty()) else {
        return text.to_owned();
    };
    let kept = cell.text.trim_end_matches(' ').len();
    let blanks = cell.text.split_off(kept);
    format!("{word}{blanks}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(texts: &[&str]) -> Vec<RowCell> {
        let cell = |text: &&str| RowCell {
            text: (*text).to_owned(),
            kind: match *text {
                "" => CellKind::Missing,
                text if text.parse::<f64>().is_ok() => CellKind::Number,
                _ => CellKind::Text,
            },
        };
        texts.iter().map(cell).collect()
    }

    /// The head and the rows on so many columns.
    fn lines(template: &str, rows: &[&[&str]], room: usize) -> Vec<String> {
        let template: RowTemplate = template.parse().unwrap();
        let rows: Vec<_> = rows.iter().map(|row| cells(row)).collect();
        let mut layout = RowLayout::default();
        for row in &rows {
            layout.learn(row);
        }
        let fitted = layout.fit(&template, Some(room), &[]);
        let row = |cells: &Vec<RowCell>| {
            let pieces = fitted.row(cells, ["–", "…"], 0).into_iter();
            pieces.map(|piece| piece.text).collect::<String>()
        };
        let mut lines = vec![fitted.head("…")];
        lines.extend(rows.iter().map(row));
        lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn numbers_stand_right_and_their_points_in_one_line() {
        let rows: [&[&str]; 4] = [
            &["7", "Zoë", "12.5"],
            &["100205", "Ada", "3"],
            &["12", "", "1249.75"],
            &["", "Bo", ""],
        ];
        let shown = lines("value.order value.customer.name value.amount", &rows, 60);
        assert_eq!(
            shown,
            [
                " order  customer.name   amount",
                "     7  Zoë              12.5",
                "100205  Ada               3",
                "    12  –              1249.75",
                "     –  Bo                   –",
            ]
        );
    }

    #[test]
    fn text_between_fields_stays_and_the_last_text_takes_the_rest() {
        let rows: [&[&str]; 2] = [
            &["7", "paid"],
            &["1000", "waiting for the payment to arrive"],
        ];
        let named = lines(
            "{value.state}: {value.n}",
            &[&["paid", "1"], &["waiting", "2"]],
            30,
        );
        assert_eq!(named, ["state    n", "paid:    1", "waiting: 2"]);
        let shown = lines("#{value.order}: {value.state}", &rows, 30);
        assert_eq!(
            shown,
            [
                " order  state",
                "#    7: paid",
                "# 1000: waiting for the payme…"
            ]
        );
    }

    #[test]
    fn only_a_text_that_is_cut_is_scrolled() {
        let template: RowTemplate = "value.n value.text".parse().unwrap();
        let row = cells(&["1", "abcdefghijklmnop"]);
        let mut layout = RowLayout::default();
        layout.learn(&row);
        let shown = |room| {
            let fitted = layout.fit(&template, Some(room), &[]);
            let pieces = fitted.row(&row, ["–", "…"], 4).into_iter();
            pieces.map(|piece| piece.text).collect::<String>()
        };
        assert_eq!(shown(40), "1  abcdefghijklmnop");
        assert_eq!(shown(13), "1  efghijklm…");
    }

    #[test]
    fn texts_give_way_and_what_does_not_fit_goes_beyond_the_edge_whole() {
        let rows: [&[&str]; 2] = [
            &[
                "a long text that is wide",
                "123456",
                "another long text",
                "1.25",
            ],
            &["x", "1", "y", "1000000.5"],
        ];
        for room in 36..80 {
            for line in lines("value.a value.b value.c value.d", &rows, room) {
                assert!(width(&line) <= room, "{room}: {line:?}");
            }
        }
        let narrow = lines("value.a value.b value.c value.d", &rows, 20);
        assert!(
            narrow[1].starts_with("a l…de  123456  ano…xt"),
            "{narrow:?}"
        );
        assert!(narrow[2].ends_with("1000000.5"), "{narrow:?}");
    }
}
