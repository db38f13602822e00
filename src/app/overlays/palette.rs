//! What stands in the menus: the palette, the clusters of the config file, what can be copied, the queries.

use std::sync::Arc;

use super::menu::{Menu, MenuAction, MenuEntry};
use crate::app::app_request::CopyEntry;
use crate::app::command::Command;
use crate::app::kept_queries::SavedQuery;
use crate::app::key_context::KeyContext;
use crate::app::lists::column::ColumnChoice;
use crate::app::read_settings::ContextEntry;
use crate::app::row_key::PartitionKey;
use crate::app::screens::tails::{Tail, TailPartition};
use crate::app::settings::Settings;
use crate::health::Truth;

/// Partitions that the palette offers: of more there is no choosing by a few letters, and finding them takes a frame.
const MOST_PARTITIONS: usize = 10_000;

/// The palette: commands that mean something in these contexts, open tails, streams and their partitions, brokers,
/// cursors, contexts, themes. `refuses_changes`: in observer mode.
pub(in crate::app) fn palette(
    key_contexts: &[KeyContext],
    truth: &Truth,
    tails: &[Tail],
    settings: &Settings,
    refuses_changes: bool,
) -> Menu {
    let commands = Command::ALL.iter().filter_map(|command| {
        let useful = !matches!(command, Command::Move(_));
        let keys = settings.keymap.hint(key_contexts, *command);
        let (detail, action) = (command.help().to_owned(), MenuAction::Command(*command));
        Some(MenuEntry {
            keys: Some(keys.filter(|_| useful)?),
            is_refused: refuses_changes && command.changes_cluster(),
            ..MenuEntry::new(command.name(), detail, action)
        })
    });
    let mut entries: Vec<MenuEntry> = commands.collect();
    entries.extend(tails.iter().map(|tail| {
        let keys: Vec<PartitionKey> = tail.partitions().iter().map(TailPartition::key).collect();
        MenuEntry::new(&tail.name(), "tail".to_owned(), MenuAction::Tail(keys))
    }));
    entries.extend(truth.streams.iter().map(|stream| {
        let action = MenuAction::Stream(Arc::clone(&stream.name));
        MenuEntry::new(&stream.name, "stream".to_owned(), action)
    }));
    entries.extend(truth.brokers.iter().map(|broker| {
        let action = MenuAction::Broker(broker.name().to_owned());
        MenuEntry::new(broker.name(), format!("broker {}", broker.address), action)
    }));
    entries.extend(partitions(truth).take(MOST_PARTITIONS));
    entries.extend(truth.cursors.iter().map(|cursor| {
        let entry = &cursor.entry;
        let detail = format!("cursor on {}:{}", entry.stream, entry.partition);
        let action = MenuAction::Cursor(cursor.entry.key());
        MenuEntry::new(&entry.id, detail, action)
    }));
    entries.extend(contexts(settings));
    entries.extend(themes(settings));
    Menu::new("go to", entries)
}

fn partitions(truth: &Truth) -> impl Iterator<Item = MenuEntry> {
    truth.streams.iter().flat_map(|stream| {
        stream.partitions.iter().map(|partition| {
            let label = format!("{}:{}", stream.name, partition.id);
            let action = MenuAction::Partition(Arc::clone(&stream.name), partition.id);
            MenuEntry::new(&label, "partition".to_owned(), action)
        })
    })
}

/// The menu of clusters, where the config file names any.
pub(in crate::app) fn contexts_menu(settings: &Settings) -> Option<Menu> {
    let entries: Vec<MenuEntry> = contexts(settings).collect();
    (!entries.is_empty()).then(|| Menu::new("contexts", entries))
}

fn contexts(settings: &Settings) -> impl Iterator<Item = MenuEntry> {
    let entry = |context: &ContextEntry| {
        let is_here = context.name == settings.cluster;
        let here = if is_here { " · here" } else { "" };
        let observer = if context.observer {
            " · observing"
        } else {
            ""
        };
        let detail = format!("context {}{observer}{here}", context.addresses.join(","));
        let action = MenuAction::Context(context.name.clone());
        MenuEntry::new(&context.name, detail, action)
    };
    settings.contexts.iter().map(entry)
}

/// What the menu of columns is a list of.
pub(super) const COLUMNS: &str = "columns";

/// The menu of the columns of a list, each with what is to be said of it.
pub(in crate::app) fn columns_menu(columns: &[ColumnChoice], details: Vec<String>) -> Menu {
    let entry = |(number, (column, detail)): (usize, (&ColumnChoice, String))| {
        MenuEntry::new(column.title, detail, MenuAction::Column(number))
    };
    let columns = columns.iter().zip(details).enumerate();
    Menu::new(COLUMNS, columns.map(entry).collect())
}

/// The menu of themes.
pub(in crate::app) fn themes_menu(settings: &Settings) -> Menu {
    Menu::new("themes", themes(settings).collect())
}

fn themes(settings: &Settings) -> impl Iterator<Item = MenuEntry> {
    settings.themes.iter().map(|name| {
        let is_here = *name == settings.theme;
        let here = if is_here { " · here" } else { "" };
        let action = MenuAction::Theme(name.clone());
        MenuEntry::new(name, format!("theme{here}"), action)
    })
}

/// The menu of texts to copy.
pub(in crate::app) fn copy_menu(entries: Vec<CopyEntry>) -> Menu {
    let entry = |entry: CopyEntry| {
        // A menu shows a line of it.
        let detail = entry.text.replace('\n', "  ");
        let action = if entry.lacks_cluster {
            MenuAction::CopyCommand(entry.text)
        } else {
            MenuAction::Copy(entry.text)
        };
        MenuEntry::new(entry.label, detail, action)
    };
    Menu::new("copy", entries.into_iter().map(entry).collect())
}

/// The menu of queries: the saved ones with what they are for, then those typed, the newest first.
pub(in crate::app) fn query_menu(saved: Vec<SavedQuery>, typed: Vec<String>) -> Menu {
    let saved = saved.into_iter().map(|query| {
        let detail = format!("{}  {}", query.scope(), query.query);
        MenuEntry::new(&query.name.clone(), detail, MenuAction::SavedQuery(query))
    });
    let typed = typed.into_iter().map(|line| {
        let detail = "typed before".to_owned();
        MenuEntry::new(&line.clone(), detail, MenuAction::TypedQuery(line))
    });
    Menu::new("queries", saved.chain(typed).collect())
}
