//! Which keyboard layout keys are known by: the one of the config file, or that of the locale's language.
//! What stands where on a keyboard is `app`'s.

use super::exit::{CliError, Result};
use crate::app::KeyboardLayouts;
use crate::model::did_you_mean;

/// Languages whose usual layout has letters where others of their script have different ones.
const LANGUAGES: [(&str, &str); 8] = [
    ("be", "belarusian"),
    ("bg", "bulgarian"),
    ("fa", "persian"),
    ("kk", "kazakh"),
    ("mk", "macedonian"),
    ("mn", "mongolian"),
    ("sr", "serbian"),
    ("uk", "ukrainian"),
];

/// The layouts that a setting names.
///
/// # Errors
/// There is no such layout.
pub(super) fn layouts(name: &str) -> Result<KeyboardLayouts> {
    match name {
        "none" => Ok(KeyboardLayouts::off()),
        "auto" => Ok(of_locale(&super::theme::locale())),
        name => KeyboardLayouts::preferring(name).ok_or_else(|| unknown(name)),
    }
}

fn of_locale(locale: &str) -> KeyboardLayouts {
    let language = locale.split(['_', '.', '@']).next();
    let known = LANGUAGES.iter().find(|(code, _)| Some(*code) == language);
    let preferred = known.and_then(|(_, layout)| KeyboardLayouts::preferring(layout));
    preferred.unwrap_or_default()
}

fn unknown(name: &str) -> CliError {
    let names: Vec<&str> = ["auto", "none"]
        .into_iter()
        .chain(KeyboardLayouts::names())
        .collect();
    let hint = did_you_mean(name, names.iter().copied());
    let names = names.join(", ");
    CliError::usage(format!("keyboard \"{name}\" is none of {names}{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_locale_says_which_layout_comes_first() {
        for (locale, layout) in [
            ("bg_BG.UTF-8", "bulgarian"),
            ("uk_UA", "ukrainian"),
            ("sr_RS@latin", "serbian"),
        ] {
            let expected = KeyboardLayouts::preferring(layout);
            assert_eq!(Some(of_locale(locale)), expected, "{locale}");
        }
        for locale in ["", "C", "en_US.UTF-8", "POSIX"] {
            assert_eq!(of_locale(locale), KeyboardLayouts::default(), "{locale}");
        }
        for (_, layout) in LANGUAGES {
            assert!(KeyboardLayouts::preferring(layout).is_some(), "{layout}");
        }
    }

    #[test]
    fn a_layout_that_there_is_not_is_named_with_the_nearest() {
        let sentence = layouts("bulgarain").unwrap_err().sentence.unwrap();
        assert!(
            sentence.contains("did you mean \"bulgarian\""),
            "{sentence}"
        );
        assert_eq!(layouts("none").unwrap(), KeyboardLayouts::off());
    }
}
