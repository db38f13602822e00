//! The columns of the list in focus: which are shown, and which letter with shift sorts by which.

use super::App;
use super::command::{Command, TailCommand};
use super::focus::{Pane, Screen};
use super::input::keys::Key;
use super::lists::column::ColumnChoice;
use super::lists::table::Listing;
use super::notice::Level;
use super::overlays::{Overlay, columns_menu};

impl App {
    /// Finds the letters that sort anew: keys have other meanings now.
    pub(super) fn find_sort_letters(&mut self) {
        let keymap = &self.context.settings.keymap;
        for pane in Pane::all() {
            if let Some(list) = self.screens.of_mut(pane).list_in_mut(pane) {
                list.set_sort_letters(pane.key_contexts(), keymap);
            }
        }
    }

    /// Sorts the list in focus by the column whose letter was pressed with shift; `false` where it is none.
    pub(super) fn sort_by_letter(&mut self, pressed: Key) -> bool {
        if self.overlays.open().is_some() || self.pressed.len() > 1 {
            return false;
        }
        let pane = self.focus.pane();
        let Some(list) = self.screens.of_mut(pane).list_in_mut(pane) else {
            return false;
        };
        let mut columns = list.columns().into_iter();
        let column = columns.position(|column| column.letter.map(Key::letter) == Some(pressed));
        let Some(column) = column else {
            return false;
        };
        list.keep_selected();
        list.sort_by_number(column);
        self.pressed.clear();
        true
    }

    /// Lets the columns of the list in focus be chosen; `chosen` is the number of the one that was chosen last.
    pub(super) fn open_columns(&mut self, chosen: Option<usize>) {
        let pane = self.focus.pane();
        if pane.screen() == Screen::Tails {
            return self.run(Command::Tail(TailCommand::Row));
        }
        let columns = self.columns_of(pane);
        if columns.len() < 2 {
            let text = "there are no columns to choose from here";
            return self.context.notify(Level::Note, text);
        }
        let mut menu = columns_menu(&columns, self.column_details(pane, &columns));
        if let Some(chosen) = chosen {
            menu.select(chosen, self.context.viewport.overlay_rows());
        }
        self.overlays.show(Overlay::Menu(menu));
    }

    /// The columns of the list of a pane, those that are hidden too.
    fn columns_of(&self, pane: Pane) -> Vec<ColumnChoice> {
        let list = self.screens.of(pane).list_in(pane);
        list.map_or_else(Vec::new, Listing::columns)
    }

    /// Of each column whether it is shown, and which letter sorts by it.
    fn column_details(&self, pane: Pane, columns: &[ColumnChoice]) -> Vec<String> {
        let viewport = &self.context.viewport;
        let detail = |(number, column): (usize, &ColumnChoice)| {
            let state = match (column.is_fixed, column.is_shown) {
                (true, _) => "always shown".to_owned(),
                (false, false) => "hidden".to_owned(),
                (false, true) if column.is_scrolled_away => "scrolled away".to_owned(),
                (false, true) if viewport.has_column(pane, number) => "shown".to_owned(),
                (false, true) => format!("no room at {} columns", viewport.width),
            };
            let sorts = column
                .letter
                .map(|letter| format!(" · {letter} sorts by it"));
            format!("{state}{}", sorts.unwrap_or_default())
        };
        columns.iter().enumerate().map(detail).collect()
    }

    /// The layout is another: which columns have room may have changed.
    pub(super) fn describe_columns_anew(&mut self) {
        let pane = self.focus.pane();
        let details = self.column_details(pane, &self.columns_of(pane));
        if let Some(menu) = self.overlays.columns_menu() {
            menu.set_details(details);
        }
    }

    /// Shows a column of the list in focus, or hides it; the menu stays.
    pub(super) fn toggle_column(&mut self, number: usize) {
        let pane = self.focus.pane();
        if let Some(list) = self.screens.of_mut(pane).list_in_mut(pane) {
            list.toggle_column(number);
        }
        self.open_columns(Some(number));
    }
}
