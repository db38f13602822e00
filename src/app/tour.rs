//! The tour of the demo: a broker dies and comes back, with captions, until a key is pressed.
//!
//! Goes by ticks and by what health knows. What it does anybody could type; where the cluster does not do what a slide waits
//! for, the next one comes all the same.

use std::time::Duration;

use super::App;
use super::command::{AppCommand, ClusterCommand, Command, GoCommand};
use super::notice::Level;
use crate::health::{BrokerTruth, Rule, Truth};
use crate::model::{Target, Timestamp};

/// One caption, and what is done beneath it.
struct TourSlide {
    caption: &'static str,
    steps: &'static [TourAction],
    /// What has to have come about before its time begins.
    awaits: fn(&Truth) -> bool,
    /// How long that is waited for, in seconds.
    patience: u64,
    /// How long it is shown then, in seconds.
    shown: u64,
}

/// What a slide does at its beginning.
enum TourAction {
    /// A command, as by its key.
    Run(Command),
    /// A line for the demo cluster's console.
    Fault(&'static str),
}

const CLOSE: TourAction = TourAction::Run(Command::App(AppCommand::Escape));
const OVERVIEW: TourAction = TourAction::Run(Command::Go(GoCommand::Overview));

/// Brokers that it needs: two of three are left to elect leaders.
pub const TOUR_BROKERS: usize = 3;

const SLIDES: [TourSlide; 8] = [
    TourSlide {
        caption: "1: three brokers, and what is wrong, worst first",
        steps: &[OVERVIEW],
        awaits: |truth| truth.as_of.is_some(),
        patience: 30,
        shown: 6,
    },
    TourSlide {
        caption: ":fault kill 2 takes a broker away, and each is asked by itself",
        steps: &[TourAction::Fault("kill 2")],
        awaits: |truth| second(truth).is_some_and(|broker| broker.reach.is_silent()),
        patience: 15,
        shown: 4,
    },
    TourSlide {
        caption: "what follows from one fault is one finding, with its evidence",
        steps: &[],
        awaits: |_| true,
        patience: 0,
        shown: 6,
    },
    TourSlide {
        caption: "P: may another broker be restarted now? not while this one is missing",
        steps: &[TourAction::Run(Command::Cluster(
            ClusterCommand::RestartPlan,
        ))],
        awaits: |_| true,
        patience: 0,
        shown: 6,
    },
    TourSlide {
        caption: "3: leaders are elected within some 15s; who leads, who is in sync",
        steps: &[CLOSE, TourAction::Run(Command::Go(GoCommand::Streams))],
        awaits: |truth| !has_any(truth, &[Rule::LeaderUnreachable, Rule::Leaderless]),
        patience: 25,
        shown: 5,
    },
    TourSlide {
        caption: ":fault restart 2 brings it back, and it has to catch up",
        steps: &[OVERVIEW, TourAction::Fault("restart 2")],
        awaits: |truth| second(truth).is_some_and(|broker| is_well(broker, truth)),
        patience: 60,
        shown: 4,
    },
    TourSlide {
        caption: "7: what happened is kept, with its times and what it touched",
        steps: &[TourAction::Run(Command::Go(GoCommand::Incidents))],
        awaits: |_| true,
        patience: 0,
        shown: 8,
    },
    TourSlide {
        caption: "the dashboard is yours: ? shows its keys, :fault what can be broken",
        steps: &[OVERVIEW],
        awaits: |_| true,
        patience: 0,
        shown: 10,
    },
];

/// The broker that dies.
fn second(truth: &Truth) -> Option<&BrokerTruth> {
    truth.brokers.get(1)
}

fn is_well(broker: &BrokerTruth, truth: &Truth) -> bool {
    let is_about =
        |target: &Target| matches!(target, Target::Broker(name) if **name == *broker.name());
    broker.is_answering() && !truth.findings.iter().any(|found| is_about(&found.target))
}

fn has_any(truth: &Truth, rules: &[Rule]) -> bool {
    truth
        .findings
        .iter()
        .any(|found| rules.contains(&found.rule))
}

/// How far the tour has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tour {
    slide: usize,
    /// When the slide began; `None` before the first tick.
    began: Option<Timestamp>,
    /// When what the slide waits for had come about, or was waited for long enough.
    reached: Option<Timestamp>,
}

impl Tour {
    /// The tour before its first slide.
    pub(super) fn new() -> Self {
        Self {
            slide: 0,
            began: None,
            reached: None,
        }
    }
}

impl App {
    /// What is said of the slide of the tour that is shown; `None` where there is no tour, or no more.
    pub(crate) fn tour_caption(&self) -> Option<&'static str> {
        let tour = self.tour.as_ref()?;
        SLIDES.get(tour.slide).map(|slide| slide.caption)
    }

    /// Goes on with the tour, where there is one.
    pub(super) fn play_tour(&mut self) {
        let now = self.now();
        let Some(mut tour) = self.tour else {
            return;
        };
        let Some(slide) = SLIDES.get(tour.slide) else {
            return self.tour = None;
        };
        let Some(began) = tour.began else {
            tour.began = Some(now);
            self.tour = Some(tour);
            return slide.steps.iter().for_each(|step| self.play(step));
        };
        let waited = began.age(now);
        if (slide.awaits)(self.truth()) || waited >= Duration::from_secs(slide.patience) {
            tour.reached.get_or_insert(now);
        }
        let shown = tour.reached.map(|reached| reached.age(now));
        if shown.is_some_and(|shown| shown >= Duration::from_secs(slide.shown)) {
            let slide = tour.slide + 1;
            tour = Tour {
                slide,
                ..Tour::new()
            };
        }
        self.tour = Some(tour);
    }

    /// Whoever presses a key wants to look around.
    pub(super) fn end_tour(&mut self) {
        if self.tour.take().is_some() {
            let text = "the tour is over: the dashboard is yours";
            self.context.notify(Level::Note, text);
        }
    }

    fn play(&mut self, step: &TourAction) {
        match step {
            TourAction::Run(command) => self.run(*command),
            TourAction::Fault(line) => self.run_with(AppCommand::Fault.into(), line),
        }
    }
}
