//! Every row of wire-contract §4, and which test shows it of which cluster. The run says aloud how many rows are shown
//! of what, and whether a real cluster was among it. What a row says in full stands in the contract.

mod groups;
mod publishes;
mod streams;
mod subscribes;

use std::collections::BTreeSet;

use super::test_cluster::{ADDRESS, aloud, real_addresses};

/// Of which cluster a row is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Of the demo cluster in every run, and of a real one where it is named.
    Both,
    /// Of the demo cluster alone, for this reason.
    DemoOnly(&'static str),
    /// Of neither, for this reason.
    NotProvokable(&'static str),
}

/// One row of the contract.
struct Row {
    section: &'static str,
    fact: &'static str,
    mark: Mark,
    test: Option<Test>,
}

/// A test by its name; that it exists is the compiler's word.
#[derive(Clone, Copy)]
struct Test {
    name: &'static str,
    #[expect(
        dead_code,
        reason = "that it compiles is its use: no row names a test that is not there"
    )]
    run: fn(),
}

/// The test of that path.
macro_rules! test {
    ($module:ident :: $name:ident) => {
        $crate::rows::Test {
            name: concat!(stringify!($module), "::", stringify!($name)),
            run: $crate::$module::$name,
        }
    };
}
use test;

const fn both(section: &'static str, fact: &'static str, test: Test) -> Row {
    Row {
        section,
        fact,
        mark: Mark::Both,
        test: Some(test),
    }
}

const fn demo(section: &'static str, fact: &'static str, why: &'static str, test: Test) -> Row {
    Row {
        section,
        fact,
        mark: Mark::DemoOnly(why),
        test: Some(test),
    }
}

const fn never(section: &'static str, fact: &'static str, why: &'static str) -> Row {
    Row {
        section,
        fact,
        mark: Mark::NotProvokable(why),
        test: None,
    }
}

fn all() -> impl Iterator<Item = &'static Row> {
    let parts = [
        streams::ROWS,
        publishes::ROWS,
        subscribes::ROWS,
        groups::ROWS,
    ];
    parts.into_iter().flatten()
}

/// The body of a test, by the path of its name.
fn body_of(test: Test) -> String {
    let (module, name) = test.name.split_once("::").unwrap();
    let file = format!("{}/tests/contract/{module}.rs", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(file).unwrap();
    let (before, rest) = source.split_once(&format!("fn {name}() {{\n")).unwrap();
    let (_, attribute) = before.trim_end().rsplit_once("#[").unwrap();
    assert!(attribute.contains("test"), "{} is no test", test.name);
    rest.split("\n}\n").next().unwrap_or_default().to_owned()
}

#[test]
fn every_row_of_the_contract_is_shown_or_says_why_not() {
    let (mut both, mut demo, mut never) = (0, 0, 0);
    let mut facts = BTreeSet::new();
    for row in all() {
        assert!(
            facts.insert((row.section, row.fact)),
            "{} is there twice",
            row.fact
        );
        let of_any = row
            .test
            .is_some_and(|test| body_of(test).contains("TestCluster::any"));
        match row.mark {
            Mark::Both => {
                both += 1;
                assert!(of_any, "{}: its test is not of any cluster", row.fact);
            }
            Mark::DemoOnly(why) => {
                demo += 1;
                assert!(!why.is_empty(), "{}: why?", row.fact);
            }
            Mark::NotProvokable(why) => {
                never += 1;
                assert!(!why.is_empty(), "{}: why?", row.fact);
            }
        }
    }
    let sections: BTreeSet<&str> = all().map(|row| row.section).collect();
    let wanted = [
        "4.1", "4.10", "4.11", "4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", "4.9",
    ];
    assert!(sections.into_iter().eq(wanted));
    let rows = both + demo + never;
    aloud(&format!(
        "{rows} rows of wire-contract §4: {both} both, {demo} demo only, {never} not provokable"
    ));
    match real_addresses() {
        Some(addresses) => aloud(&format!(
            "the {both} rows of both are asserted of {}; what needs faults stays with the demo cluster",
            addresses.join(",")
        )),
        None => aloud(&format!(
            "NO REAL CLUSTER WAS TESTED: {ADDRESS} is not set, so all of it is shown of the demo cluster alone"
        )),
    }
}
