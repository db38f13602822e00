//! What observer mode and recordings refuse: the commands that change the cluster.

use super::App;
use super::command::{ClusterCommand, Command, TailCommand};

impl App {
    /// Whether nothing that changes the cluster is sent.
    pub(crate) fn refuses_changes(&self) -> bool {
        self.context.refuses_changes()
    }
}

impl Command {
    /// Whether it changes the cluster, now or once that is confirmed.
    pub(crate) fn changes_cluster(self) -> bool {
        match self {
            Self::Cluster(command) => match command {
                ClusterCommand::Publish
                | ClusterCommand::Pause
                | ClusterCommand::Readonly
                | ClusterCommand::Create
                | ClusterCommand::Delete
                | ClusterCommand::MoveCursor => true,
                ClusterCommand::Tail
                | ClusterCommand::Table
                | ClusterCommand::Statistics
                | ClusterCommand::Verify
                | ClusterCommand::Subjects
                | ClusterCommand::Favourite
                | ClusterCommand::WhatIf
                | ClusterCommand::RestartPlan
                | ClusterCommand::Balance
                | ClusterCommand::Replicas
                | ClusterCommand::Acknowledge => false,
            },
            Self::Tail(command) => command == TailCommand::PublishAgain,
            Self::Go(_)
            | Self::Move(_)
            | Self::List(_)
            | Self::Pane(_)
            | Self::Query(_)
            | Self::Form(_)
            | Self::Text(_)
            | Self::Confirm(_)
            | Self::App(_)
            | Self::Replay(_) => false,
        }
    }
}
