//! Plays the script's incidents: one every few minutes, or one after the other.
//! What their steps do is the faults' business, but for those that change the traffic.

use std::sync::Arc;

use tokio::time::Instant;

use super::Workload;
use super::script::IncidentScript;
use crate::demo::faults::Faults;
use crate::demo::timings;
use crate::model::parse_duration;

/// Plays incidents.
#[derive(Debug)]
pub(super) struct Incidents {
    workload: Arc<Workload>,
    faults: Faults,
    /// Whether no time passes between them.
    storm: bool,
}

impl Incidents {
    /// The incidents of that workload.
    pub(super) fn new(workload: Arc<Workload>, storm: bool) -> Self {
        let faults = Faults::new(Arc::clone(&workload.cluster));
        Self {
            workload,
            faults,
            storm,
        }
    }

    /// Plays one after the other, for ever.
    pub(super) async fn run(self) {
        let script = &self.workload.script;
        let every = self.workload.cluster.timings.scaled(script.every);
        let mut next = Instant::now() + every;
        for incident in script.incidents.iter().cycle() {
            if !self.storm {
                timings::wait_until(Some(next)).await;
                next += every;
            }
            tracing::info!("incident: {}", incident.title);
            self.play(incident).await;
        }
    }

    async fn play(&self, incident: &IncidentScript) {
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
    /// Runs a step that changes the traffic; false where it is no such step.
    fn change_traffic(&self, step: &str) -> bool {
        let words: Vec<&str> = step.split(' ').collect();
        let until = |text: &str| {
            let duration = parse_duration(text).unwrap_or_default();
            Instant::now() + self.cluster.timings.scaled(duration)
        };
        let mut state = self.state();
        match words[..] {
            ["poison", stream] => state.poison.push(stream.to_owned()),
            ["burst", stream, factor, time] => {
                let factor = factor.parse().unwrap_or(1.0);
                state.burst = Some((stream.to_owned(), factor, until(time)));
            }
            ["stick", cursor, time] => state.stuck = Some((cursor.to_owned(), until(time))),
            _ => return false,
        }
        true
    }
}
