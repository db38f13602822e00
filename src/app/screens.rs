//! The screens: each owns what it shows, and answers the commands of its panes.

pub(crate) mod activity;
pub(crate) mod brokers;
pub(crate) mod cursors;
pub(crate) mod incidents;
pub(crate) mod key_table;
pub(crate) mod overview;
pub(crate) mod streams;
pub(crate) mod tails;

mod copies;
pub(super) mod operations;
mod screen_state;

use std::collections::HashSet;

pub(super) use screen_state::ScreenState;

use activity::Activity;
use brokers::Brokers;
use cursors::Cursors;
use incidents::Incidents;
use key_table::KeyTables;
use overview::Overview;
use streams::Streams;
use tails::Tails;

use super::command::{ClusterCommand, Command, ListCommand, TailCommand};
use super::context::Context;
use super::focus::{Pane, Screen};
use super::notice::Level;
use super::settings::Settings;
use crate::health::Truth;

/// All screens.
#[derive(Clone, Debug)]
pub(super) struct Screens {
    /// Findings, and a summary of the brokers.
    pub(super) overview: Overview,
    /// The brokers.
    pub(super) brokers: Brokers,
    /// The streams, and the partitions of the selected one.
    pub(super) streams: Streams,
    /// Cursors and consumer groups.
    pub(super) cursors: Cursors,
    /// What was done to the cluster.
    pub(super) activity: Activity,
    /// The open tails.
    pub(super) tails: Tails,
    /// What went wrong, and when.
    pub(super) incidents: Incidents,
    /// A stream as a table.
    pub(super) table: KeyTables,
    /// The screens that hide rows without faults.
    pub(super) faults_only: HashSet<Screen>,
}

impl Screens {
    /// All screens, empty; values are read by the types of the settings.
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            overview: Overview::default(),
            brokers: Brokers::default(),
            streams: Streams::default(),
            cursors: Cursors::default(),
            activity: Activity::default(),
            tails: Tails::new(settings),
            incidents: Incidents::new(settings),
            table: KeyTables::default(),
            faults_only: HashSet::new(),
        }
    }

    /// Shows its own rows in the order, and with the selection and the filters, of others; tails and tables are as they are.
    pub(super) fn show_like(&mut self, others: &Self) {
        // Their rows follow from what holds, and are worked out again.
        self.overview = others.overview.clone();
        self.brokers = others.brokers.clone();
        self.streams = others.streams.clone();
        self.incidents = others.incidents.clone();
        self.cursors.show_like(&others.cursors);
        self.activity.show_like(&others.activity);
        self.faults_only.clone_from(&others.faults_only);
    }

    /// The screen that a pane is part of.
    pub(super) fn of(&self, pane: Pane) -> &dyn ScreenState {
        match pane.screen() {
            Screen::Overview => &self.overview,
            Screen::Brokers => &self.brokers,
            Screen::Streams => &self.streams,
            Screen::Cursors => &self.cursors,
            Screen::Activity => &self.activity,
            Screen::Tails => &self.tails,
            Screen::Incidents => &self.incidents,
            Screen::Table => &self.table,
        }
    }

    /// The screen that a pane is part of, to change.
    pub(super) fn of_mut(&mut self, pane: Pane) -> &mut dyn ScreenState {
        match pane.screen() {
            Screen::Overview => &mut self.overview,
            Screen::Brokers => &mut self.brokers,
            Screen::Streams => &mut self.streams,
            Screen::Cursors => &mut self.cursors,
            Screen::Activity => &mut self.activity,
            Screen::Tails => &mut self.tails,
            Screen::Incidents => &mut self.incidents,
            Screen::Table => &mut self.table,
        }
    }

    /// Carries out a command in the pane in focus, or on the screen that it always concerns.
    pub(super) fn run(
        &mut self,
        pane: Pane,
        command: Command,
        truth: &Truth,
        context: &mut Context,
    ) {
        match (command, pane.screen()) {
            (Command::Tail(TailCommand::Export), Screen::Table) => self.table.export("", context),
            (Command::Tail(TailCommand::FollowCursor), _) => {
                self.tails.follow_cursor(None, truth, context);
            }
            (Command::Tail(command), _) => self.tails.run_tail_command(command, context),
            (Command::Pane(command), _) => self.tails.run_pane_command(command, context),
            (Command::Query(command), _) => self.tails.run_query_command(command, context),
            (Command::Cluster(ClusterCommand::Favourite), Screen::Streams) => {
                self.streams.toggle_favourite(context);
            }
            (Command::Cluster(ClusterCommand::Favourite), _) => context.notify(
                Level::Note,
                "favourites are chosen on the screen of streams",
            ),
            (Command::Cluster(ClusterCommand::Delete), screen) => {
                self.of_mut(pane).keep_selected(pane);
                // Of several marked streams the selected one: each asks for its own name.
                let targets = if screen == Screen::Streams {
                    self.streams.selected(pane).into_iter().collect()
                } else {
                    self.of(pane).targets(pane)
                };
                operations::delete(&targets, truth, context);
            }
            (
                Command::List(ListCommand::FaultsOnly),
                screen @ (Screen::Overview | Screen::Brokers | Screen::Streams),
            ) => {
                if !self.faults_only.remove(&screen) {
                    self.faults_only.insert(screen);
                }
            }
            (Command::List(ListCommand::FaultsOnly), _) => context.notify(
                Level::Note,
                "only findings, brokers and streams can be narrowed to faults",
            ),
            (Command::List(ListCommand::Internal), Screen::Streams) => {
                self.streams.toggle_internal();
            }
            (Command::List(ListCommand::Internal), _) => context.notify(
                Level::Note,
                "Liftbridge's own streams are shown and hidden on the screen of streams",
            ),
            (Command::List(ListCommand::Deleted), screen) if screen != Screen::Table => context
                .notify(
                    Level::Note,
                    "only a table has deleted keys to show or to hide",
                ),
            (_, _) => self.of_mut(pane).run(pane, command, truth, context),
        }
    }

    /// Brings the rows of the screen in view up to date.
    pub(super) fn update_rows(&mut self, pane: Pane, truth: &Truth, context: &Context) {
        let faults_only = self.faults_only.contains(&pane.screen());
        let viewport = &context.viewport;
        self.of_mut(pane).update_rows(truth, faults_only, viewport);
    }
}
