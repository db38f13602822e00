//! Which context counts: the one that is named, or the only one of the file where nobody named a cluster.

use std::collections::BTreeMap;

use super::{
    ConfigError, ConfigFile, ContextSection, Environment, Overrides, Setting, SettingSource,
};
use crate::model::did_you_mean;

/// The context to use: the one that is named, or the only one.
pub(super) fn context_name(
    flags: &Overrides,
    environment: &Environment,
    file: &ConfigFile,
) -> Setting<Option<String>> {
    let names = [
        (
            flags.context.clone().map(Some),
            SettingSource::Flag("--context"),
        ),
        (file.current_context.clone().map(Some), SettingSource::File),
        (
            only_context(flags, environment, file).map(Some),
            SettingSource::File,
        ),
    ];
    Setting::choose(names, None)
}

/// The one context of the file, where nobody named a cluster: there is nothing to choose.
fn only_context(flags: &Overrides, environment: &Environment, file: &ConfigFile) -> Option<String> {
    let in_environment = environment.addr.as_deref().unwrap_or_default();
    let mut names = file.contexts.keys().cloned();
    let first = names.next().filter(|_| names.next().is_none());
    first.filter(|_| flags.addr.is_empty() && in_environment.is_empty())
}

/// The context of that name, or an empty one where none is named.
pub(super) fn named_context(
    name: Option<&str>,
    contexts: &BTreeMap<String, ContextSection>,
) -> Result<ContextSection, ConfigError> {
    let Some(name) = name else {
        return Ok(ContextSection::default());
    };
    contexts.get(name).cloned().ok_or_else(|| {
        let hint = did_you_mean(name, contexts.keys().map(String::as_str));
        ConfigError::new(format!(
            "there is no context \"{name}\" in the config file{hint}"
        ))
    })
}
