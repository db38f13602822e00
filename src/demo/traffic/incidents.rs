//! Plays the company's incidents: one every few minutes, or one after the other.
//! What their steps do is the faults' business, but for those that change the traffic.

use std::sync::Arc;

use tokio::time::Instant;

use super::Workload;
use super::script::IncidentScript;
use crate::demo::faults::Faults;
use crate::demo::timings;

/// Plays incidents.
#[derive(Debug)]
pub(super) struct Incidents {
    workload: Arc<Workload>,
    faults: Faults,
    storm: bool,
}

impl Incidents {
    /// The incidents of that company; in a storm without time between them.
    pub(super) fn new(company: Arc<Workload>, faults: Faults, storm: bool) -> Self {
        Self {
            workload: company,
            faults,
            storm,
        }
    }

    /// Plays one after the other, for ever.
    pub(super) async fn play(self) {
        let every = self
            .workload
            .cluster
            .timings
            .scaled(self.workload.script.every);
        let mut next = Instant::now() + every;
        for incident in self.workload.script.incidents.iter().cycle() {
            if !self.storm {
                timings::wait_until(Some(next)).await;
                next += every;
            }
            tracing::info!("incident: {}", incident.title);
            self.play_one(incident).await;
        }
    }

    async fn play_one(&self, incident: &IncidentScript) {
        let begin = Instant::now();
        for step in &incident.steps {
            let at = begin + self.workload.cluster.timings.scaled(step.0);
            timings::wait_until(Some(at)).await;
            if self.workload.change_traffic(&step.1) {
                continue;
            }
            // A step that makes no sense now, such as moving a leader to a broker that somebody killed, is left out.
            if let Err(refused) = self.faults.run(&step.1) {
                tracing::info!("incident: {}: {refused}", step.1);
            }
        }
    }
}

impl Workload {
    /// Does a step that changes the traffic; false where it is no such step.
    fn change_traffic(&self, step: &str) -> bool {
        let words: Vec<&str> = step.split(' ').collect();
        let until = |text: &str| {
            let duration = timings::parse(text).unwrap_or_default();
            Instant::now() + self.cluster.timings.scaled(duration)
        };
        let mut mood = self.state();
        match words[..] {
            ["poison", stream] => mood.poison.push(stream.to_owned()),
            ["burst", stream, factor, time] => {
                let factor = factor.parse().unwrap_or(1.0);
                mood.burst = Some((stream.to_owned(), factor, until(time)));
            }
            ["stick", cursor, time] => mood.stuck = Some((cursor.to_owned(), until(time))),
            _ => return false,
        }
        true
    }
}
