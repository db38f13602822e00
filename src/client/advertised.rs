//! What is said of an address that a broker advertises and that nobody can reach: where it comes from and what to do.
//! It follows the error in one sentence, and a list of brokers says it once.

use crate::model::BrokerId;

/// What stands between the address and the broker.
const ADVERTISED_BY: &str = " is the address that broker ";

/// The sentence of an error at an address that this broker advertises to these seeds.
pub(super) fn explained(error: &str, address: &str, id: &BrokerId, seeds: &[&str]) -> String {
    let seeds = seeds.join(", ");
    format!(
        "{error}; {address}{ADVERTISED_BY}{id} advertises to {seeds}: where it is reached at another one, say \
         --advertise {address}=HOST:PORT"
    )
}

/// The error by itself, and what is said of the address, where that follows.
#[cfg(feature = "dashboard")]
pub(crate) fn split_advice(sentence: &str) -> (&str, Option<&str>) {
    let found = sentence.find(ADVERTISED_BY);
    let before = found.and_then(|at| sentence.get(..at)?.rfind("; "));
    let parts = before.and_then(|at| sentence.split_at_checked(at));
    match parts {
        Some((error, advice)) => (error, advice.strip_prefix("; ")),
        None => (sentence, None),
    }
}

/// What is said once of the addresses that these pieces of advice are about.
#[cfg(feature = "dashboard")]
pub(crate) fn advice_of_all(advice: &[&str]) -> Option<String> {
    let address = |one: &&str| Some(one.split_once(ADVERTISED_BY)?.0.to_owned());
    let mut addresses: Vec<String> = advice.iter().filter_map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    match (addresses.as_slice(), advice) {
        ([], _) | (_, []) => None,
        ([_], [first, ..]) => Some((*first).to_owned()),
        (all, _) => Some(format!(
            "{} are addresses that brokers advertise: for each that is reached at another one, say --advertise \
             ADDRESS=HOST:PORT",
            all.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_told_from_the_error_and_said_once() {
        let told = |address| explained("a; b", address, &"node-2".into(), &["seed:1"]);
        let [one, other] = ["h:1", "h:2"].map(told);
        let (error, advice) = split_advice(&one);
        assert_eq!(error, "a; b");
        let said = "h:1 is the address that broker node-2 advertises to seed:1: where it is reached at another one, \
            say --advertise h:1=HOST:PORT";
        assert_eq!(advice, Some(said));
        assert_eq!(split_advice("a; b"), ("a; b", None));
        let same = advice.into_iter().chain(advice).collect::<Vec<_>>();
        assert_eq!(advice_of_all(&same).as_deref(), Some(said));
        assert_eq!(advice_of_all(&[]), None);
        let both = [split_advice(&one).1, split_advice(&other).1];
        let both: Vec<&str> = both.into_iter().flatten().collect();
        let both = advice_of_all(&both).expect("two addresses");
        assert!(both.starts_with("h:1, h:2 are addresses"), "{both}");
    }
}
