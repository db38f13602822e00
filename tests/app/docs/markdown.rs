//! Markdown as far as the tests of pages need it: pages, prose, code blocks, code spans, rows of tables.

use std::fs;
use std::path::PathBuf;

/// A page, by its path in the repository.
pub(super) struct Page {
    pub(super) name: String,
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).expect(name);
        Self {
            name: name.to_owned(),
            text,
        }
    }

    /// The lines that stand in no code block.
    pub(super) fn prose(&self) -> impl Iterator<Item = &str> {
        let mut inside = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.starts_with("```");
            inside ^= is_fence;
            !inside && !is_fence
        })
    }

    /// The lines of all code blocks of that language.
    pub(super) fn code(&self, language: &str) -> Vec<&str> {
        let mut lines = Vec::new();
        let mut inside = None;
        for line in self.text.lines() {
            match (line.strip_prefix("```"), inside) {
                (Some(of), None) => inside = Some(of),
                (Some(_), Some(_)) => inside = None,
                (None, Some(of)) if of == language => lines.push(line),
                (None, _) => {}
            }
        }
        lines
    }

    /// The lines of all code blocks, whatever their language.
    pub(super) fn all_code(&self) -> Vec<&str> {
        let mut inside = false;
        let is_code = |line: &&str| {
            let is_fence = line.starts_with("```");
            inside ^= is_fence;
            inside && !is_fence
        };
        self.text.lines().filter(is_code).collect()
    }

    /// The rows of the tables below a heading, each as its cells.
    pub(super) fn rows(&self, heading: &str) -> Vec<Vec<String>> {
        let below = self.prose().skip_while(|line| *line != heading).skip(1);
        let section = below.take_while(|line| !line.starts_with('#'));
        let rows = section.filter(|line| line.starts_with('|') && !line.starts_with("|---"));
        rows.skip(1).map(cells).collect()
    }
}

/// The folder of the repository.
pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The pages in `docs`, by name.
pub(super) fn guide() -> Vec<Page> {
    let files = fs::read_dir(root().join("docs")).expect("there are pages");
    let paths = files.map(|file| file.expect("a file").path());
    let pages = paths.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let names = pages.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    let pages = names.iter().map(|name| Page::read(&format!("docs/{name}")));
    pages.collect()
}

/// What stands between backticks in a line; in a table a bar is written `\|`.
pub(super) fn code_spans(line: &str) -> Vec<String> {
    let spans = line.split('`').skip(1).step_by(2);
    spans.map(|span| span.replace("\\|", "|")).collect()
}

fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\0");
    let cells = row.trim().trim_matches('|').split('|');
    cells.map(|cell| cell.trim().replace('\0', "|")).collect()
}
