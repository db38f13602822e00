//! What the rows of each stream show: by the config file, and as the user last left it, which counts until the file says
//! something else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::health::best_match;
use crate::store::RowTemplate;

/// What a row shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChoice {
    template: RowTemplate,
    /// The key and the whole value are shown for a while, in place of the template.
    raw: bool,
}

impl RowChoice {
    /// What is shown now. A template that is nothing else than the raw row has no other side.
    pub fn shown(&self) -> &RowTemplate {
        if self.raw { raw() } else { &self.template }
    }

    /// Whether the template is put aside.
    pub fn is_raw(&self) -> bool {
        self.raw
    }

    /// The template, shown or put aside.
    pub(super) fn template(&self) -> &RowTemplate {
        &self.template
    }

    /// A row of that template.
    pub(super) fn of(template: RowTemplate) -> Self {
        Self {
            template,
            raw: false,
        }
    }

    /// Puts the template aside, or takes it back; `false` where there is none but the raw one.
    pub(super) fn toggle_raw(&mut self) -> bool {
        if self.template == *raw() {
            return false;
        }
        self.raw = !self.raw;
        true
    }
}

fn raw() -> &'static RowTemplate {
    static RAW: std::sync::LazyLock<RowTemplate> = std::sync::LazyLock::new(RowTemplate::default);
    &RAW
}

/// A row as the user left it, as it is kept for later runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRow {
    /// The template.
    row: String,
    /// Whether it was put aside.
    #[serde(default)]
    raw: bool,
    /// What the config file said then: where it says something else by now, that counts.
    #[serde(default)]
    configured: Option<String>,
}

/// The rows of all streams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSettings {
    configured: Vec<(String, RowTemplate)>,
    kept: BTreeMap<String, KeptRow>,
}

impl RowSettings {
    /// Rows by stream name or by pattern, in which `*` stands for any letters.
    pub fn new(configured: impl IntoIterator<Item = (String, RowTemplate)>) -> Self {
        Self {
            configured: configured.into_iter().collect(),
            kept: BTreeMap::new(),
        }
    }

    /// The same with what was kept of earlier runs, by the names of streams.
    #[must_use]
    pub fn with_kept(self, kept: BTreeMap<String, KeptRow>) -> Self {
        Self { kept, ..self }
    }

    /// The config file says this from now on.
    pub(super) fn set_configured(&mut self, read: Self) {
        self.configured = read.configured;
    }

    /// What the config file says of these streams: of several where it says the same of all.
    pub fn configured<'a>(
        &self,
        streams: impl IntoIterator<Item = &'a str>,
    ) -> Option<&RowTemplate> {
        let of_one = |stream| {
            let configured = self.configured.iter();
            best_match(configured.map(|(pattern, row)| (&**pattern, row)), stream)
        };
        let mut rows = streams.into_iter().map(of_one);
        let first = rows.next()??;
        rows.all(|row| row == Some(first)).then_some(first)
    }

    /// The row of a tail of these streams.
    pub(super) fn choice(&self, streams: &BTreeSet<&str>) -> RowChoice {
        let configured = self.configured(streams.iter().copied());
        let kept = self.kept.get(&key(streams));
        let kept = kept.filter(|kept| kept.configured == configured.map(ToString::to_string));
        let own = kept.and_then(|kept| {
            let template = kept.row.parse().ok()?;
            let raw = kept.raw;
            Some(RowChoice { template, raw })
        });
        own.unwrap_or_else(|| RowChoice::of(configured.cloned().unwrap_or_default()))
    }

    /// Takes what the user chose for a tail of these streams; returns what is to be kept of it for later runs, and under
    /// which name. `None`: nothing, it is as it would be anyway.
    pub(super) fn choose(
        &mut self,
        streams: &BTreeSet<&str>,
        choice: &RowChoice,
    ) -> (String, Option<KeptRow>) {
        let (key, configured) = (key(streams), self.configured(streams.iter().copied()));
        let usual = RowChoice::of(configured.cloned().unwrap_or_default());
        let kept = (*choice != usual).then(|| KeptRow {
            row: choice.template.to_string(),
            raw: choice.raw,
            configured: configured.map(ToString::to_string),
        });
        match &kept {
            Some(kept) => self.kept.insert(key.clone(), kept.clone()),
            None => self.kept.remove(&key),
        };
        (key, kept)
    }
}

/// The names of the streams: no name has a blank in it.
fn key(streams: &BTreeSet<&str>) -> String {
    let names: Vec<&str> = streams.iter().copied().collect();
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> RowTemplate {
        text.parse().expect("a template")
    }

    fn settings(configured: &[(&str, &str)]) -> RowSettings {
        let one = |(name, row): &(&str, &str)| ((*name).to_owned(), template(row));
        RowSettings::new(configured.iter().map(one))
    }

    fn shown(settings: &RowSettings, streams: &[&str]) -> String {
        let choice = settings.choice(&streams.iter().copied().collect());
        choice.shown().to_string()
    }

    #[test]
    fn the_closest_name_counts_and_several_streams_have_one_row_only_where_all_agree() {
        let rows = settings(&[
            ("orders.*", "value.id"),
            ("orders.eu", "value.order"),
            ("*", "key"),
        ]);
        assert_eq!(shown(&rows, &["orders.eu"]), "value.order");
        assert_eq!(shown(&rows, &["orders.us"]), "value.id");
        assert_eq!(shown(&rows, &["clicks"]), "key");
        assert_eq!(shown(&rows, &["orders.us", "orders.de"]), "value.id");
        assert_eq!(shown(&rows, &["orders.us", "orders.eu"]), "key value");
        assert_eq!(shown(&settings(&[]), &["clicks"]), "key value");
    }

    #[test]
    fn what_the_user_chose_counts_until_the_file_says_something_else() {
        let mut rows = settings(&[("orders", "value.id")]);
        let orders = BTreeSet::from(["orders"]);
        let (key, kept) = rows.choose(&orders, &RowChoice::of(template("value.amount key")));
        assert_eq!(shown(&rows, &["orders"]), "value.amount key");
        let kept = BTreeMap::from([(key, kept.expect("it is kept"))]);
        let later = settings(&[("orders", "value.id")]).with_kept(kept.clone());
        assert_eq!(shown(&later, &["orders"]), "value.amount key");
        let other = settings(&[("orders", "value.order")]).with_kept(kept);
        assert_eq!(shown(&other, &["orders"]), "value.order");
        let (_, kept) = rows.choose(&orders, &RowChoice::of(template("value.id")));
        assert_eq!(kept, None, "as the file has it");
    }

    #[test]
    fn the_raw_row_comes_and_goes() {
        let mut choice = RowChoice::of(template("value.id"));
        assert!(choice.toggle_raw());
        assert_eq!(choice.shown().to_string(), "key value");
        assert!(choice.toggle_raw());
        assert_eq!(choice.shown().to_string(), "value.id");
        assert!(!RowChoice::default().toggle_raw());
    }
}
