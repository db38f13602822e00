//! Every row of wire-contract §4, and which test shows it of which cluster. The run says aloud how many rows are shown
//! of what, and whether a real cluster was among it. What a row says in full stands in the contract.

mod groups;
mod publishes;
mod streams;
mod subscribes;

use std::collections::BTreeSet;

use super::test_cluster::{ADDRESS, OfAnyCluster, aloud, real_addresses};

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
}

/// A row that a test shows of any cluster: what the test returns comes from no other.
const fn both(section: &'static str, fact: &'static str, _test: fn() -> OfAnyCluster) -> Row {
    Row {
        section,
        fact,
        mark: Mark::Both,
    }
}

const fn demo(section: &'static str, fact: &'static str, why: &'static str, _test: fn()) -> Row {
    Row {
        section,
        fact,
        mark: Mark::DemoOnly(why),
    }
}

const fn never(section: &'static str, fact: &'static str, why: &'static str) -> Row {
    Row {
        section,
        fact,
        mark: Mark::NotProvokable(why),
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
        match row.mark {
            Mark::Both => both += 1,
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
