//! The way out: back to the root and beyond, and what is asked before something is lost.

use std::time::Duration;

use super::App;
use super::command::ReplayCommand;
use super::effect::LoopEffect;
use super::notice::Level;
use crate::model::counted;

/// Within this time a second ctrl-c quits, or a second q where something would be lost.
const INTERRUPT_TWICE: Duration = Duration::from_secs(3);

impl App {
    pub(super) fn back(&mut self) {
        if self.overlays.leave(&mut self.context) || self.focus.back() {
            return;
        }
        // The root of the past is now.
        if self.is_past() {
            return self.context.emit(LoopEffect::Replay(ReplayCommand::Return));
        }
        let lost = self.lost_by_quitting();
        if lost.is_empty() {
            return self.context.emit(LoopEffect::Quit);
        }
        self.quit_at_second_press(&format!(
            "q again to quit: {} would be lost",
            lost.join(", ")
        ));
    }

    /// What is only in memory.
    fn lost_by_quitting(&self) -> Vec<String> {
        let tails = &self.screens.tails;
        let open = tails.all().len();
        let export = tails.exported_so_far().map(|written| {
            let messages = usize::try_from(written).unwrap_or(usize::MAX);
            format!("an export of {} so far", counted(messages, "message"))
        });
        let draft = self.overlays.has_draft().then(|| "a draft".to_owned());
        let tails = (open > 0).then(|| counted(open, "open tail"));
        [export, draft, tails].into_iter().flatten().collect()
    }

    pub(super) fn interrupt(&mut self) {
        self.quit_at_second_press("ctrl-c again to quit");
    }

    fn quit_at_second_press(&mut self, otherwise: &str) {
        let now = self.context.now;
        let before = self.interrupted.replace(now);
        if before.is_some_and(|before| before.age(now) < INTERRUPT_TWICE) {
            return self.context.emit(LoopEffect::Quit);
        }
        self.context.notify(Level::Warning, otherwise);
    }
}
