//! The section `[decode]` of the config file: by what the values of some streams are decoded.
//! Files are read, and programs are run, elsewhere.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::folders::expand_home;

/// By what values are decoded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "DecodeKeys")]
pub enum DecodeRule {
    /// A protobuf type.
    Protobuf {
        /// A file of descriptors, as `protoc --descriptor_set_out` writes it.
        file: PathBuf,
        /// The full name of the type.
        message: String,
    },
    /// A file with an Avro schema.
    Avro(PathBuf),
    /// A program that is handed one value after the other.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
        /// The folder that it runs in: that of the config file.
        folder: PathBuf,
    },
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecodeKeys {
    protobuf: Option<PathBuf>,
    message: Option<String>,
    avro: Option<PathBuf>,
    command: Option<Vec<String>>,
}

impl TryFrom<DecodeKeys> for DecodeRule {
    type Error = &'static str;

    fn try_from(keys: DecodeKeys) -> Result<Self, Self::Error> {
        match (keys.protobuf, keys.message, keys.avro, keys.command) {
            (Some(file), Some(message), None, None) => Ok(Self::Protobuf { file, message }),
            (None, None, Some(file), None) => Ok(Self::Avro(file)),
            (None, None, None, Some(words)) => match words.first().map(|program| program.trim()) {
                None | Some("") => {
                    Err("the command names no program; write command = [\"PROGRAM\", \"ARGUMENT\"]")
                }
                Some(_) => Ok(Self::Command {
                    words,
                    folder: PathBuf::new(),
                }),
            },
            _ => Err(
                "name avro = \"FILE\", or command = [\"PROGRAM\", \"ARGUMENT\"], or protobuf = \"FILE\" and message = \"TYPE\"",
            ),
        }
    }
}

impl DecodeRule {
    /// Files are looked for in that folder, and a program that is named with a folder too.
    pub(super) fn place(&mut self, folder: &Path) {
        match self {
            Self::Protobuf { file, .. } | Self::Avro(file) => {
                *file = folder.join(expand_home(file));
            }
            Self::Command { words, folder: own } => {
                // No program runs in a folder without a name.
                let folder = std::path::absolute(folder.join("."));
                *own = folder.unwrap_or_else(|_| PathBuf::from("."));
                for word in words.iter_mut().filter(|word| word.starts_with('~')) {
                    let expanded = expand_home(Path::new(word.as_str()));
                    *word = expanded.to_string_lossy().into_owned();
                }
                // A bare name is one of $PATH.
                if let Some(program) = words.first_mut()
                    && Path::new(program.as_str()).components().count() > 1
                {
                    let path: PathBuf = own.join(program.as_str()).components().collect();
                    *program = path.to_string_lossy().into_owned();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConfigFile;
    use super::*;

    /// The words of that command in a config file, whose folder is called HERE.
    fn placed(command: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("config.toml");
        let text = format!("[decode]\norders = {{ command = {command} }}\n");
        std::fs::write(&path, text).expect("written");
        let file = ConfigFile::read(&path).expect("read");
        let DecodeRule::Command { words, folder: own } = &file.decode["orders"] else {
            panic!("{command} is a command");
        };
        assert_eq!(own, folder.path());
        let here = folder.path().display().to_string();
        let words = words.iter().map(|word| word.replace(&here, "HERE"));
        words.collect()
    }

    #[test]
    fn a_program_is_found_beside_the_config_file_in_the_home_or_by_its_name() {
        let home = etcetera::home_dir().expect("a home");
        for (text, expected) in [
            (
                r#"["avro-decode", "o.avsc", "~x"]"#,
                [
                    "avro-decode".to_owned(),
                    "o.avsc".to_owned(),
                    "~x".to_owned(),
                ],
            ),
            (
                r#"["./decode.py", "-s", "~/o.avsc"]"#,
                [
                    "HERE/decode.py".to_owned(),
                    "-s".to_owned(),
                    home.join("o.avsc").display().to_string(),
                ],
            ),
            (
                r#"["~/bin/decode", "a b", ""]"#,
                [
                    home.join("bin/decode").display().to_string(),
                    "a b".to_owned(),
                    String::new(),
                ],
            ),
        ] {
            assert_eq!(placed(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_of_one_kind_and_what_is_none_is_named_with_its_line() {
        for (rule, why) in [
            ("{}", "name avro = \"FILE\", or command"),
            ("{ protobuf = \"x.binpb\" }", "name avro"),
            ("{ avro = \"a\", message = \"x.Y\" }", "name avro"),
            ("{ avro = \"a\", command = [\"b\"] }", "name avro"),
            ("{ command = [] }", "names no program; write command = ["),
            ("{ command = [\" \", \"x\"] }", "names no program"),
            (
                "{ command = \"decode.py\" }",
                "a list belongs: [\"decode.py\"]",
            ),
            ("{ comand = [\"x\"] }", "did you mean \"command\"?"),
        ] {
            let text = format!("theme = \"dark\"\n\n[decode]\n\"orders.*\" = {rule}\n");
            let error = ConfigFile::parse(&text, Path::new("config.toml")).unwrap_err();
            let sentence = error.to_string();
            assert!(sentence.starts_with("config.toml line 4: "), "{sentence}");
            assert!(sentence.contains(why), "{rule}: {sentence}");
        }
    }
}
