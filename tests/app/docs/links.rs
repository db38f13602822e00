//! Links of pages: each leads to a file that there is and to a heading in it, and every page is in the index.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;

use super::markdown::{Page, guide, root};

/// Pages besides those of the guide.
const PAGES: [&str; 5] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "tests/README.md",
];

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_there_are() {
    let pages = PAGES.iter().map(|name| Page::read(name)).chain(guide());
    let mut looked_at = 0;
    for page in pages {
        for target in links(&page) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let folder = Path::new(&page.name).parent().expect("a path has one");
            let path = match file {
                "" => page.name.clone(),
                file => folder.join(file).display().to_string(),
            };
            let (name, exists) = (&page.name, root().join(&path).exists());
            assert!(exists, "{name} links to {target}, which is not there");
            let is_heading = || anchors(&Page::read(&path)).contains(anchor);
            assert!(
                anchor.is_empty() || is_heading(),
                "{name} links to {target}, and no heading of {path} is that"
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 30, "{looked_at} links");
}

#[test]
fn every_page_of_the_guide_is_in_its_index() {
    let index = links(&Page::read("docs/README.md"));
    for page in guide() {
        let file = page.name.strip_prefix("docs/").expect("they are in docs");
        let is_listed = file == "README.md" || index.contains(&file.to_owned());
        assert!(is_listed, "docs/README.md does not link to {file}");
    }
}

/// Targets within the repository.
fn links(page: &Page) -> Vec<String> {
    let pattern = Regex::new(r#"\]\(([^)\s]+)\)|(?:src|href)="([^"]+)""#).expect("it is one");
    let lines = page.prose().map(without_code);
    let mut within = Vec::new();
    for line in lines {
        let found = pattern.captures_iter(&line);
        let targets = found.filter_map(|found| found.get(1).or(found.get(2)));
        within.extend(targets.map(|target| target.as_str().to_owned()));
    }
    within.retain(|target| !target.contains("://") && !target.starts_with("mailto:"));
    within
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// Headings as GitHub names them in links.
fn anchors(page: &Page) -> BTreeSet<String> {
    let headings = page.prose().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter_map(|char| match char {
            ' ' => Some('-'),
            '-' | '_' => Some(char),
            _ => char.is_alphanumeric().then_some(char),
        });
        kept.collect()
    };
    headings.map(slug).collect()
}
