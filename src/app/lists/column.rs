//! The columns of a list: how each head reads, and which end of its order comes first.

/// The head of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnHead {
    /// The text.
    pub(crate) title: &'static str,
    /// Whether the column holds numbers, which stand on the right.
    pub(crate) is_number: bool,
    /// Whether its order begins with the greatest, the newest or the worst.
    pub(crate) greatest_first: bool,
}

impl ColumnHead {
    /// A column of words, the first letters of the alphabet first.
    pub(crate) const fn text(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
            greatest_first: false,
        }
    }

    /// A column of words whose order begins with the newest or the worst.
    pub(crate) const fn worst_first(title: &'static str) -> Self {
        Self {
            greatest_first: true,
            ..Self::text(title)
        }
    }

    /// A column of numbers, the greatest first.
    pub(crate) const fn number(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::worst_first(title)
        }
    }

    /// A column of numbers that are names, the least first.
    pub(crate) const fn ordinal(title: &'static str) -> Self {
        Self {
            is_number: true,
            ..Self::text(title)
        }
    }
}

/// A column as it can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    /// Its head.
    pub(crate) title: &'static str,
    /// The letter that sorts by it when it is pressed with shift.
    pub(crate) letter: Option<char>,
    /// Whether it is shown, where the list is wide enough.
    pub(crate) is_shown: bool,
    /// Whether it is scrolled away to the left.
    pub(crate) is_scrolled_away: bool,
    /// Whether it cannot be hidden: the first one says which row it is.
    pub(crate) is_fixed: bool,
}

/// The columns of a table.
pub trait Column: Copy + PartialEq + 'static {
    /// All columns, from left to right.
    const ALL: &'static [Self];

    /// The head of the column.
    fn head(self) -> ColumnHead;
}

/// Makes an enum of columns from their heads, from left to right.
macro_rules! columns {
    ($(#[doc = $about:literal])+ $visible:vis enum $name:ident {
        $( $(#[doc = $doc:literal])+ $column:ident = $head:ident($title:literal), )+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name {
            $( $(#[doc = $doc])+ $column, )+
        }

        impl $crate::app::lists::column::Column for $name {
            const ALL: &'static [Self] = &[$( Self::$column, )+];

            fn head(self) -> $crate::app::lists::column::ColumnHead {
                match self {
                    $( Self::$column => $crate::app::lists::column::ColumnHead::$head($title), )+
                }
            }
        }
    };
}

pub(crate) use columns;
