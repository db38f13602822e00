//! Where letters stand on keyboards of other scripts, so that a key is known by its place though another letter is typed.
//!
//! Terminals send the letter, not the key: the place follows from a table of layouts, as X11's `xkeyboard-config` has them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

/// The keys of an American keyboard, row by row, and what they type with shift: what the keymap is written in.
const PLAIN: &str = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./";
const SHIFTED: &str = "~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?";

/// What the keys type in another layout, in the same order; a space where that is the same, or nothing.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    name: &'static str,
    plain: &'static str,
    shifted: &'static str,
}

/// The layouts by which places are found. Where one letter stands in several, the one that is preferred decides, then the
/// one by which the last letter was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "KeyboardChoice", from = "KeyboardChoice")]
pub struct KeyboardLayouts {
    preferred: Option<&'static Layout>,
    last: Option<&'static Layout>,
    is_off: bool,
}

/// What was chosen, as it is recorded.
#[derive(Serialize, Deserialize)]
struct KeyboardChoice {
    preferred: Option<String>,
    is_off: bool,
}

impl From<KeyboardLayouts> for KeyboardChoice {
    fn from(layouts: KeyboardLayouts) -> Self {
        Self {
            preferred: layouts.preferred.map(|layout| layout.name.to_owned()),
            is_off: layouts.is_off,
        }
    }
}

impl From<KeyboardChoice> for KeyboardLayouts {
    fn from(choice: KeyboardChoice) -> Self {
        let preferred = choice.preferred.as_deref();
        let layouts = preferred.and_then(Self::preferring).unwrap_or_default();
        Self {
            is_off: choice.is_off,
            ..layouts
        }
    }
}

impl KeyboardLayouts {
    /// Keys are the letters that they type, and nothing else.
    pub fn off() -> Self {
        Self {
            is_off: true,
            ..Self::default()
        }
    }

    /// The layouts with this one before all others.
    pub fn preferring(name: &str) -> Option<Self> {
        let preferred = LAYOUTS.iter().find(|layout| layout.name == name)?;
        Some(Self {
            preferred: Some(preferred),
            ..Self::default()
        })
    }

    /// The names of all layouts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LAYOUTS.iter().map(|layout| layout.name)
    }

    /// The key that an American keyboard has where this one typed something else. A letter of another script tells its
    /// layout; what all scripts share, such as a full stop, tells none and has its place in the layout that is known.
    pub(in crate::app) fn by_place(&mut self, event: KeyEvent) -> Option<KeyEvent> {
        let KeyCode::Char(letter) = event.code else {
            return None;
        };
        if self.is_off {
            return None;
        }
        let with_shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let known = self.preferred.into_iter().chain(self.last);
        let others = LAYOUTS.iter().filter(|_| !letter.is_ascii());
        let (layout, key) = known
            .chain(others)
            .find_map(|layout| Some((layout, layout.key_of(letter, with_shift)?)))?;
        if !letter.is_ascii() {
            self.last = Some(layout);
        }
        Some(KeyEvent {
            code: KeyCode::Char(key),
            ..event
        })
    }
}

impl Layout {
    fn key_of(&self, letter: char, with_shift: bool) -> Option<char> {
        let place = |row: &str| row.chars().position(|one| one == letter);
        let (place, with_shift) = match place(self.plain).filter(|_| letter != ' ') {
            Some(place) => (place, with_shift),
            None => (place(self.shifted).filter(|_| letter != ' ')?, true),
        };
        let keys = if with_shift { SHIFTED } else { PLAIN };
        keys.chars().nth(place)
    }
}

static LAYOUTS: [Layout; 17] = [
    Layout {
        name: "russian",
        plain: "ё            йцукенгшщзхъ фывапролджэячсмитьбю.",
        shifted: "Ё \"№; :?     ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,",
    },
    Layout {
        name: "ukrainian",
        plain: "'            йцукенгшщзхїґфівапролджєячсмитьбю.",
        shifted: "ʼ \"№; :?     ЙЦУКЕНГШЩЗХЇҐФІВАПРОЛДЖЄЯЧСМИТЬБЮ,",
    },
    Layout {
        name: "belarusian",
        plain: "ё            йцукенгшўзх' фывапролджэячсмітьбю.",
        shifted: "Ё \"№; :?     ЙЦУКЕНГШЎЗХ /ФЫВАПРОЛДЖЭЯЧСМІТЬБЮ,",
    },
    Layout {
        name: "serbian",
        plain: "           '+љњертзуиопшђжасдфгхјклчћѕџцвбнм  -",
        shifted: "  \"   &/()=?*ЉЊЕРТЗУИОПШЂЖАСДФГХЈКЛЧЋЅЏЦВБНМ;:_",
    },
    Layout {
        name: "macedonian",
        plain: "             љњертѕуиопшѓжасдфгхјклчќзџцвбнм",
        shifted: "             ЉЊЕРТЅУИОПШЃЖАСДФГХЈКЛЧЌЗЏЦВБНМ;:",
    },
    Layout {
        name: "kazakh",
        plain: "(\"әіңғ,.үұқөһйцукенгшщзхъ фывапролджэячсмитьбю№",
        shifted: ") ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ",
    },
    Layout {
        name: "mongolian",
        plain: "=          ещфцужэнгшүзкъ!йыбөахролдпячёсмитьвю",
        shifted: "+№-\" :._,%?ЕЩФЦУЖЭНГШҮЗКЪ ЙЫБӨАХРОЛДПЯЧЁСМИТЬВЮ",
    },
    Layout {
        name: "bulgarian",
        plain: "(           .,уеишщксдзц; ьяаожгтнвмчюйъэфхпрлб",
        shifted: ") ?+\" =:/ №$ ыУЕИШЩКСДЗЦ  ѝЯАОЖГТНВМЧЮЙЪЭФХПРЛБ",
    },
    Layout {
        name: "bulgarian-phonetic",
        plain: "ч            явертъуиопшщюасдфгхйкл  зьцжбнм",
        shifted: "Ч  №         ЯВЕРТЪУИОПШЩЮАСДФГХЙКЛ  ЗѝЦЖБНМ",
    },
    Layout {
        name: "greek",
        plain: "             ;ςερτυθιοπ   ασδφγηξκλ  ζχψωβνμ",
        shifted: "             : ΕΡΤΥΘΙΟΠ   ΑΣΔΦΓΗΞΚΛ  ΖΧΨΩΒΝΜ",
    },
    Layout {
        name: "hebrew",
        plain: ";            /'\u{5e7}\u{5e8}\u{5d0}\u{5d8}\u{5d5}\u{5df}\u{5dd}\u{5e4}][ \u{5e9}\u{5d3}\u{5d2}\u{5db}\u{5e2}\u{5d9}\u{5d7}\u{5dc}\u{5da}\u{5e3},\u{5d6}\u{5e1}\u{5d1}\u{5d4}\u{5e0}\u{5de}\u{5e6}\u{5ea}\u{5e5}.",
        shifted: "         )(            }{                   ><",
    },
    Layout {
        name: "arabic",
        plain: "\u{630}            \u{636}\u{635}\u{62b}\u{642}\u{641}\u{63a}\u{639}\u{647}\u{62e}\u{62d}\u{62c}\u{62f} \u{634}\u{633}\u{64a}\u{628}\u{644}\u{627}\u{62a}\u{646}\u{645}\u{643}\u{637}\u{626}\u{621}\u{624}\u{631}\u{fefb}\u{649}\u{629}\u{648}\u{632}\u{638}",
        shifted: "\u{651}        )(  \u{64e}\u{64b}\u{64f}\u{64c}\u{fef9}\u{625}`   <> \u{650}\u{64d}][\u{fef7}\u{623}\u{640} /  ~\u{652}}{\u{fef5}\u{622}',.",
    },
    Layout {
        name: "persian",
        plain: " ۱۲۳۴۵۶۷۸۹۰  \u{636}\u{635}\u{62b}\u{642}\u{641}\u{63a}\u{639} \u{62e}\u{62d}\u{62c}\u{686} \u{634}\u{633}\u{6cc}\u{628}\u{644}\u{627}\u{62a}\u{646}\u{645}\u{6a9}\u{6af}\u{638}\u{637}\u{632}\u{631}\u{630}\u{62f}\u{67e}\u{648}",
        shifted: "         )(\u{640} \u{652}\u{64c}\u{64d}\u{64b}\u{64f}\u{650}\u{64e}\u{651}][}{ \u{624}\u{626}\u{64a}\u{625}\u{623}\u{622}\u{629}    \u{643}\u{653}\u{698}\u{670} \u{654}\u{621}><",
    },
    Layout {
        name: "georgian",
        plain: "             ქწერტყუიოპ   ასდფგჰჯკლ  ზხცვბნმ",
        shifted: "              ჭ ღთ         შ    ჟ    ძ ჩ",
    },
    Layout {
        name: "armenian",
        plain: " ֆձ ,    )օէղճփբսմուկըթծց ջվգեանիտհպրժդչյզլքխշռ",
        shifted: " ՖՁ   %և  ՕԷՂՃՓԲՍՄՈՒԿԸԹԾՑ ՋՎԳԵԱՆԻՏՀՊՐԺԴՉՅԶԼՔԽՇՌ",
    },
    Layout {
        name: "thai",
        plain: "_ๅ/-ภถ\u{e38}\u{e36}คตจขชๆไำพะ\u{e31}\u{e35}รนยบลฃฟหกดเ\u{e49}\u{e48}าสวงผปแอ\u{e34}\u{e37}ทมใฝ",
        shifted: "%+๑๒๓๔\u{e39} ๕๖๗๘๙๐\"ฎฑธ\u{e4d}\u{e4a}ณฯญฐ,ฅฤฆฏโฌ\u{e47}\u{e4b}ษศซ.()ฉฮ\u{e3a}\u{e4c}?ฒฬฦ",
    },
    Layout {
        name: "korean",
        plain: "             ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ   ㅁㄴㅇㄹㅎㅗㅓㅏㅣ  ㅋㅌㅊㅍㅠㅜㅡ",
        shifted: "             ㅃㅉㄸㄲㅆ   ㅒㅖ",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What an American keyboard types where these letters are typed.
    fn keys_of(mut layouts: KeyboardLayouts, letters: &str) -> String {
        let key = |letter| {
            let event = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
            let found = layouts.by_place(event).map(|found| found.code);
            let found = found.and_then(|code| code.as_char());
            found.unwrap_or('.')
        };
        letters.chars().map(key).collect()
    }

    #[test]
    fn letters_of_each_script_are_the_keys_at_their_place() {
        let any = KeyboardLayouts::default();
        for (letters, keys) in [
            ("йцукен", "qwerty"),
            ("ЯЧСМИТЬБЮ", "ZXCVBNM<>"),
            ("хъжэ", "[];'"),
            ("іїє", "s]'"),
            ("ςερτυ", "werty"),
            ("ΑΣΔ", "ASD"),
            ("קראט", "erty"),
            ("שדגכ", "asdf"),
            ("ضصثق", "qwer"),
            ("شسيب", "asdf"),
            ("ئءؤرﻻىة", "zxcvbnm"),
            ("ქწერტყ", "qwerty"),
            ("ฟหกด", "asdf"),
            ("ㅂㅈㄷㄱ", "qwer"),
            ("ㅃ", "Q"),
            ("é漢q.", "...."),
            ("й.,;", "q/?$"),
            ("ђжљ", "]\\q"),
        ] {
            assert_eq!(keys_of(any, letters), keys, "{letters}");
        }
    }

    #[test]
    fn the_layout_that_is_named_decides_where_several_have_the_letter() {
        for (name, letters, keys) in [
            ("russian", "уд", "el"),
            ("bulgarian", "удфй", "wobx"),
            ("bulgarian-phonetic", "яверт", "qwert"),
            ("serbian", "љњерт", "qwert"),
            ("belarusian", "іў", "bo"),
            ("persian", "ظطزرذدپ", "zxcvbnm"),
            ("arabic", "ظز", "/."),
            ("greek", ";", "q"),
            ("hebrew", "/'", "qw"),
        ] {
            let layouts = KeyboardLayouts::preferring(name).expect(name);
            assert_eq!(keys_of(layouts, letters), keys, "{name}");
        }
        assert_eq!(KeyboardLayouts::preferring("klingon"), None);
        assert_eq!(keys_of(KeyboardLayouts::off(), "йц"), "..");
    }

    #[test]
    fn shift_counts_where_the_script_has_no_capitals() {
        let event = KeyEvent::new(KeyCode::Char('ש'), KeyModifiers::SHIFT);
        let found = KeyboardLayouts::default().by_place(event);
        assert_eq!(found.map(|found| found.code), Some(KeyCode::Char('A')));
        let event = KeyEvent::new(KeyCode::Char('ת'), KeyModifiers::SHIFT);
        let found = KeyboardLayouts::default().by_place(event);
        assert_eq!(found.map(|found| found.code), Some(KeyCode::Char('<')));
    }

    #[test]
    fn each_layout_names_a_letter_once_and_no_more_keys_than_there_are() {
        for layout in &LAYOUTS {
            let rows = [layout.plain, layout.shifted];
            let letters: Vec<char> = rows.concat().chars().filter(|one| *one != ' ').collect();
            let mut once = letters.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), letters.len(), "{}", layout.name);
            let says_itself = |one: &char| one.is_ascii_alphanumeric();
            assert!(!letters.iter().any(says_itself), "{}", layout.name);
            for row in rows {
                assert!(row.chars().count() <= PLAIN.len(), "{}", layout.name);
            }
        }
        assert_eq!(PLAIN.len(), SHIFTED.len());
    }
}
