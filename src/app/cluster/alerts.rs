//! Alerts to people: what is to be told of findings outside of the screen, where the settings say that something is.
//! Which findings count, and when, is decided in `health`.

use crate::app::context::Context;
use crate::app::effect::{Announcement, Effect, LoopEffect};
use crate::app::settings::AlertSettings;
use crate::health::{Alert, AlertKind, AlertTracker, Severity, Truth};
use crate::model::sanitise;

/// Characters of a notification at most.
const MAX_TEXT: usize = 200;

/// What was told so far.
#[derive(Clone, Debug)]
pub(super) struct Alerts {
    settings: AlertSettings,
    tracker: AlertTracker,
    /// The title that the terminal has.
    title: Option<String>,
}

impl Alerts {
    /// Nothing was told yet.
    pub(super) fn new(settings: AlertSettings) -> Self {
        Self {
            tracker: AlertTracker::new(settings.policy.clone()),
            settings,
            title: None,
        }
    }

    /// Tells what there is to tell of the truth.
    pub(super) fn update(&mut self, truth: &Truth, context: &mut Context) {
        self.update_title(truth, context);
        let AlertSettings {
            bell,
            desktop,
            outside,
            ..
        } = self.settings;
        let on_terminal = bell || desktop.is_some();
        if !on_terminal && !outside {
            return;
        }
        let alerts =
            self.tracker
                .observe(truth.root_findings(), truth.findings.iter(), context.now);
        // One bell and one notification, however many there are.
        if let (true, Some(worst)) = (on_terminal, alerts.first()) {
            let text = sentence(worst, alerts.len() - 1, &context.settings.cluster);
            context.emit(LoopEffect::Announce(Announcement {
                bell,
                desktop,
                text,
            }));
        }
        if outside {
            let alerts = alerts.into_iter();
            alerts.for_each(|alert| context.emit(Effect::Alert(Box::new(alert))));
        }
    }

    fn update_title(&mut self, truth: &Truth, context: &mut Context) {
        // Before a broker has answered nothing is known.
        if !self.settings.title || truth.as_of.is_none_or(|at| !at.is_set()) {
            return;
        }
        let title = title(truth, &context.settings.cluster);
        if self.title.as_ref() != Some(&title) {
            self.title = Some(title.clone());
            context.emit(LoopEffect::SetTitle(title));
        }
    }
}

/// `prod: broker node-2 does not answer, and 2 more`.
fn sentence(worst: &Alert, others: usize, cluster: &str) -> String {
    let over = match worst.kind {
        AlertKind::Raised => "",
        AlertKind::Resolved => "over: ",
    };
    let more = match others {
        0 => String::new(),
        others => format!(", and {others} more"),
    };
    let message: String = worst.finding.message.chars().take(MAX_TEXT).collect();
    let text = format!("{cluster}: {over}{message}{more}");
    sanitise::line(&text).into_owned()
}

fn title(truth: &Truth, cluster: &str) -> String {
    let count = |severity| {
        let findings = truth.root_findings();
        findings.filter(|one| one.severity == severity).count()
    };
    let counts = [
        (count(Severity::Critical), "critical"),
        (count(Severity::Warning), "warning"),
    ];
    let words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let state = if words.is_empty() {
        truth.no_findings().to_string()
    } else {
        words.join(", ")
    };
    sanitise::line(&format!("liftui {cluster}: {state}")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{BrokerTruth, Reach};

    #[test]
    fn a_title_says_that_all_is_well_only_where_every_broker_answers() {
        let broker = |id: &str, reach| BrokerTruth {
            id: Some(id.into()),
            reach,
            ..BrokerTruth::default()
        };
        let of = |second| Truth {
            brokers: vec![broker("a", Reach::Answering), broker("b", second)],
            ..Truth::default()
        };
        let unasked = title(&of(Reach::NotAskedYet), "prod");
        assert_eq!(unasked, "liftui prod: 1 not heard yet");
        let well = title(&of(Reach::Answering), "prod");
        assert_eq!(well, "liftui prod: all well");
    }
}
