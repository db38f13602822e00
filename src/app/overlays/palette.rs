//! What stands in the menus: the palette, the clusters of the config file, what can be copied, the queries.

use std::sync::Arc;

use super::menu::{Menu, MenuAction, MenuEntry};
use crate::app::app_request::CopyEntry;
use crate::app::command::Command;
use crate::app::kept_queries::SavedQuery;
use crate::app::key_context::KeyContext;
use crate::app::settings::{ContextEntry, Settings};
use crate::health::Truth;

/// The palette: commands that mean something in these contexts, streams, brokers, contexts.
pub(in crate::app) fn palette(
    key_contexts: &[KeyContext],
    truth: &Truth,
    settings: &Settings,
) -> Menu {
    let commands = Command::ALL.iter().filter_map(|command| {
        let useful = !matches!(command, Command::Move(_));
        let keys = settings.keymap.hint(key_contexts, *command);
        let (detail, action) = (command.help().to_owned(), MenuAction::Command(*command));
        Some(MenuEntry {
            keys: Some(keys.filter(|_| useful)?),
            ..MenuEntry::new(command.name(), detail, action)
        })
    });
    let mut entries: Vec<MenuEntry> = commands.collect();
    entries.extend(truth.streams.iter().map(|stream| {
        let action = MenuAction::Stream(Arc::clone(&stream.name));
        MenuEntry::new(&stream.name, "stream".to_owned(), action)
    }));
    entries.extend(truth.brokers.iter().map(|broker| {
        let action = MenuAction::Broker(broker.name().to_owned());
        MenuEntry::new(broker.name(), format!("broker {}", broker.address), action)
    }));
    entries.extend(contexts(settings));
    Menu::new("go to", entries)
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
