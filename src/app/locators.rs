//! Opens what a locator leads to: a screen, messages of a stream, one message; in this cluster, or in another context.

use super::App;
use super::effect::LoopEffect;
use super::focus::{Pane, Screen};
use super::named_partitions::existing_partitions;
use super::notice::Level;
use super::settings::Settings;
use super::shell_commands::shell_words;
use super::typed_command::Awaited;
use crate::model::{
    Locator, MessagePlace, Place, StreamName, did_you_mean, parse_addresses, parse_start,
};
use crate::store::Query;

impl App {
    /// Opens what a typed locator leads to.
    pub(super) fn open_typed(&mut self, text: &str) {
        // What is copied is a command.
        let text = text.trim();
        let words = text.strip_prefix("liftui open ").map(shell_words);
        let word = match words.as_deref() {
            Some([word]) => word,
            _ => text,
        };
        match word.parse() {
            Ok(locator) => self.open_locator(locator),
            Err(sentence) => self.context.notify(Level::Error, sentence),
        }
    }

    /// Opens the locator that the dashboard was started with, once there is something to look for it in.
    pub(super) fn open_first(&mut self) {
        let first = &mut self.context.settings.open;
        if first.is_some()
            && self.cluster.truth().as_of.is_some()
            && let Some(locator) = first.take()
        {
            self.open_locator(locator);
        }
    }

    fn open_locator(&mut self, locator: Locator) {
        let settings = &self.context.settings;
        if let Some(cluster) = &locator.cluster
            && !is_of(cluster, settings)
        {
            if settings.context(cluster).is_some() {
                let (name, place) = (cluster.clone(), locator.place);
                let cluster = None;
                let there = Locator { cluster, place };
                return self
                    .context
                    .emit(LoopEffect::SwitchContext(name, Some(Box::new(there))));
            }
            let text = format!(
                "this dashboard shows {}, not {cluster}: `liftui open` shows it in another one",
                settings.cluster
            );
            return self.context.notify(Level::Error, text);
        }
        match locator.place {
            Place::Screen(name) => self.open_screen(&name),
            Place::Messages(place) => self.look_for_stream(Awaited::Open(place)),
        }
    }

    fn open_screen(&mut self, name: &str) {
        match Screen::named(name) {
            Ok(screen) => {
                self.overlays.close();
                self.show_screen(screen);
            }
            Err(sentence) => self.context.notify(Level::Error, sentence),
        }
    }

    /// Opens messages of a stream that is there.
    pub(super) fn open_messages(&mut self, place: &MessagePlace, stream: &StreamName) {
        let (now, zone) = (self.context.now, &self.context.times.zone);
        let start = place.seek.as_deref();
        let start = start.map(|text| parse_start(text, now, zone)).transpose();
        let query = place.query.as_deref().map(Query::parse).transpose();
        let partitions = self.cluster.truth().stream(stream);
        let partitions = partitions.map_or(Ok(Vec::new()), |stream| {
            existing_partitions(stream, &place.partitions)
        });
        let (start, query, ids) = match (start, query, partitions) {
            (Ok(start), Ok(query), Ok(ids)) => (start, query, ids),
            (Err(sentence), _, _) | (_, _, Err(sentence)) => {
                return self.context.notify(Level::Error, sentence);
            }
            (_, Err(error), _) => return self.context.notify(Level::Error, error.sentence),
        };
        let keys = ids.into_iter().map(|id| (StreamName::clone(stream), id));
        let start = start.zip(place.seek.clone());
        let tails = &mut self.screens.tails;
        tails.open_at(keys.collect(), start, query, &mut self.context);
        self.overlays.close();
        self.descend(Pane::Tail);
        if let Some((_, offset)) = place.message() {
            self.screens.tails.want_message(offset);
            self.descend(Pane::Inspector);
        }
    }
}

/// Whether it is the cluster that is shown, by its name or by one of its addresses.
fn is_of(cluster: &str, settings: &Settings) -> bool {
    if settings.context(cluster).is_some() {
        let shown = settings.shown_context();
        return shown.is_some_and(|context| context.name == cluster);
    }
    let addresses = parse_addresses(cluster).unwrap_or_default();
    let mut addresses = addresses.iter();
    cluster == settings.cluster || addresses.any(|one| settings.addresses.contains(one))
}

impl Screen {
    /// The screen of that name.
    ///
    /// # Errors
    /// A sentence with the name that was probably meant.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.title() == name);
        found.ok_or_else(|| {
            let titles = Self::ALL.into_iter().map(Self::title);
            let hint = did_you_mean(name, titles.clone());
            let all: Vec<&str> = titles.collect();
            let all = if hint.is_empty() {
                format!("; there are {}", all.join(", "))
            } else {
                hint
            };
            format!("there is no screen \"{name}\"{all}")
        })
    }
}
