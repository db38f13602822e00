//! Queries that are kept: saved under a name, chosen from a menu, replaced and deleted after a question, remembered.

use std::sync::{Arc, Mutex};

use liftui::app::{KeptQueries, QueryChange, SavedQuery};
use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::runtime::{Access, DashboardOptions, SavedState};

use crate::driver::{Driver, client, cluster_with, publish_to, session};

/// What was handed over to be kept.
type Changes = Arc<Mutex<Vec<QueryChange>>>;

struct SavedQueries(Changes);

impl SavedState for SavedQueries {
    fn save_query(&self, cluster: &str, change: &QueryChange) {
        assert_eq!(cluster, "demo");
        self.0.lock().expect("nobody broke").push(change.clone());
    }
}

async fn cluster() -> (DemoCluster, Client) {
    let (cluster, client) = cluster_with(&["orders", "payments"]).await;
    for value in ["apple", "pear"] {
        publish_to(&client, 0, value.to_owned()).await;
    }
    (cluster, client)
}

/// A dashboard to which these queries were kept, and what it keeps.
fn open(cluster: &DemoCluster, kept: KeptQueries) -> (Driver, Changes) {
    let access = Access::Full(client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    options.session.settings.queries = kept;
    let changes = Changes::default();
    options.saved_state = Arc::new(SavedQueries(Arc::clone(&changes)));
    (Driver::start(options), changes)
}

fn saved(name: &str, stream: Option<&str>, query: &str) -> SavedQuery {
    SavedQuery {
        name: name.to_owned(),
        stream: stream.map(str::to_owned),
        query: query.to_owned(),
    }
}

/// What was kept, once the dashboard has ended.
async fn kept(dashboard: Driver, changes: Changes) -> Vec<QueryChange> {
    dashboard.shut_down().await;
    changes.lock().expect("nobody broke").clone()
}

#[tokio::test]
async fn a_query_is_saved_for_its_stream_or_for_all_and_chosen_by_a_few_letters() {
    let (cluster, _client) = cluster().await;
    let (mut dashboard, changes) = open(&cluster, KeptQueries::default());
    dashboard.open_tail().await;
    dashboard.press("/");
    dashboard.type_text("apple");
    dashboard.press("ctrl-s");
    dashboard.wait_for("Save a query").await;
    dashboard.press("enter");
    dashboard.wait_for("a name is needed").await;
    dashboard.type_text("fruit");
    dashboard.press("enter");
    dashboard.wait_for("saved \"fruit\" for orders").await;
    // The box is still there, with what was typed.
    dashboard.press("ctrl-u");
    dashboard.type_text("pear");
    dashboard.press("ctrl-s");
    dashboard.wait_for("Save a query").await;
    dashboard.type_text("juicy");
    dashboard.press("tab enter");
    dashboard.wait_for("saved \"juicy\" for all streams").await;

    dashboard.press("ctrl-o");
    dashboard.wait_for_row(&["fruit", "orders", "apple"]).await;
    dashboard
        .wait_for_row(&["juicy", "all streams", "pear"])
        .await;
    dashboard.type_text("fr");
    dashboard.wait_for("1 of 2").await;
    dashboard.press("enter");
    dashboard.wait_for("/apple  1 matching").await;

    // Of another stream only what is for all.
    dashboard.press(":");
    dashboard.type_text("tail payments");
    dashboard.press("enter");
    dashboard.wait_for("payments:0-2").await;
    dashboard.press("ctrl-o");
    let menu = dashboard.wait_for_row(&["juicy", "all streams"]).await;
    assert!(!menu.contains("fruit"), "{menu}");
    dashboard.press("enter");
    dashboard.wait_for("/pear  0 matching").await;
    let expected = [
        QueryChange::Saved(saved("fruit", Some("orders"), "apple")),
        QueryChange::Saved(saved("juicy", None, "pear")),
        QueryChange::Typed("apple".to_owned()),
        QueryChange::Typed("pear".to_owned()),
    ];
    assert_eq!(kept(dashboard, changes).await, expected);
}

#[tokio::test]
async fn replacing_and_deleting_are_asked_in_words() {
    let (cluster, _client) = cluster().await;
    let mut before = KeptQueries::default();
    before.apply(&QueryChange::Saved(saved("fruit", Some("orders"), "apple")));
    before.apply(&QueryChange::Typed("key:secret".to_owned()));
    let (mut dashboard, changes) = open(&cluster, before);
    dashboard.open_tail().await;
    let replace = "Replace \"fruit\" of orders?";
    for answer in ["n", "y"] {
        dashboard.press("/ ctrl-u");
        dashboard.type_text("pear");
        dashboard.press("ctrl-s");
        dashboard.wait_for("Save a query").await;
        dashboard.type_text("fruit");
        dashboard.press("enter");
        let question = dashboard.wait_for(replace).await;
        assert!(question.contains("It is saved as"), "{question}");
        assert!(question.contains("apple") && question.contains("pear"));
        dashboard.wait_for("other button").await;
        dashboard.press(answer);
        dashboard.wait_while(replace).await;
        dashboard.press("esc");
    }
    dashboard.wait_for("saved \"fruit\" for orders").await;

    dashboard.press("ctrl-o");
    dashboard.wait_for_row(&["fruit", "orders", "pear"]).await;
    dashboard.press("ctrl-x");
    dashboard.wait_for("Delete \"fruit\" of orders?").await;
    dashboard.wait_for("other button").await;
    dashboard.press("enter");
    dashboard.wait_for("deleted \"fruit\" of orders").await;
    dashboard.press("ctrl-o");
    let menu = dashboard.wait_for_row(&["key:secret"]).await;
    assert!(!menu.contains("fruit  "), "{menu}");
    dashboard.press("ctrl-x");
    dashboard.wait_for("Forget this query?").await;
    dashboard.wait_for("other button").await;
    dashboard.press("y");
    dashboard.wait_for("the query is forgotten").await;
    dashboard.press("ctrl-o");
    dashboard.wait_for("no query was typed or saved yet").await;
    let replaced = saved("fruit", Some("orders"), "pear");
    let expected = [
        QueryChange::Saved(replaced.clone()),
        QueryChange::Deleted(replaced),
        QueryChange::Forgotten("key:secret".to_owned()),
    ];
    assert_eq!(kept(dashboard, changes).await, expected);
}

#[tokio::test]
async fn queries_of_earlier_runs_come_back_and_a_wrong_one_is_not_saved() {
    let (cluster, _client) = cluster().await;
    let mut before = KeptQueries::default();
    for line in ["apple", "pear"] {
        before.apply(&QueryChange::Typed(line.to_owned()));
    }
    let (mut dashboard, changes) = open(&cluster, before);
    dashboard.open_tail().await;
    dashboard.press("/ up up");
    dashboard.wait_for_row(&["apple"]).await;
    dashboard.press("enter");
    dashboard.wait_for("/apple  1 matching").await;
    dashboard.press("/ ctrl-u");
    dashboard.type_text("~[");
    dashboard.press("ctrl-s");
    dashboard.wait_for("not saved:").await;
    dashboard.press("ctrl-u ctrl-s");
    dashboard.wait_for("there is no query to save yet").await;
    // A burst answers no question.
    dashboard.press("esc ctrl-o ctrl-x y");
    dashboard.wait_for("Forget this query?").await;
    dashboard.press("esc");
    dashboard.wait_while("Forget this query?").await;
    let expected = [QueryChange::Typed("apple".to_owned())];
    assert_eq!(kept(dashboard, changes).await, expected);
}
