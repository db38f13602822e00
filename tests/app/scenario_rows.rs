//! Readable rows: fields are chosen from those that messages have, line up by what they hold, give way to the raw messages at a
//! key, and are there again in the next run.

use std::collections::BTreeMap;
use std::sync::Arc;

use liftui::app::{KeptRow, RowSettings, Schemas};
use liftui::client::Client;
use liftui::demo::DemoCluster;
use liftui::model::{AckPolicy, Destination, Operation, PublishOptions};
use liftui::runtime::{Access, DashboardOptions, SavedState};
use liftui::store::decode::Schema;
use tokio::sync::watch;

use crate::driver::{Driver, client, cluster_with, session};

/// What the rows of streams are to show in the next run.
type Kept = BTreeMap<String, KeptRow>;

/// Where what is kept of rows comes out again.
struct SavedRows(watch::Sender<Kept>);

impl SavedState for SavedRows {
    fn save_row(&self, _cluster: &str, streams: &str, row: Option<KeptRow>) {
        self.0.send_modify(|kept| match row {
            Some(row) => drop(kept.insert(streams.to_owned(), row)),
            None => drop(kept.remove(streams)),
        });
    }
}

async fn publish(client: &Client, values: &[&str]) {
    for value in values {
        let to = Destination::Partition("orders".into(), 0);
        let message = PublishOptions {
            key: "user-7".into(),
            headers: vec![("unit".to_owned(), "EUR".into())],
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(to, (*value).to_owned())
        };
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
}

const VALUES: [&str; 4] = [
    r#"{"order":7,"customer":{"name":"Zoë"},"amount":12.5}"#,
    r#"{"order":100205,"customer":{"name":"Ada Lovelace"},"amount":3}"#,
    r#"{"order":12,"amount":1249.75}"#,
    r#"{"order":13,"customer":{"name":"\u001b[31mred\u0007"},"amount":"none"}"#,
];

/// A dashboard with these rows of the config file and of the run before; what it keeps comes out of the other end.
fn open(
    cluster: &DemoCluster,
    configured: &[(&str, &str)],
    kept: Kept,
) -> (Driver, watch::Receiver<Kept>) {
    let rows = configured.iter().map(|(stream, row)| {
        let row = row.parse().expect("a row");
        ((*stream).to_owned(), row)
    });
    let rows = RowSettings::new(rows).with_kept(kept.clone());
    let access = Access::Full(client(cluster.addresses()));
    let mut session = session(access, cluster.addresses());
    session.settings.rows = rows;
    let (keep, keeps) = watch::channel(kept);
    let mut options = DashboardOptions::new(session);
    options.saved_state = Arc::new(SavedRows(keep));
    (Driver::start(options), keeps)
}

/// The part of a row of the screen that begins with the first of these texts.
fn from(screen: &str, texts: &[&str]) -> Vec<String> {
    let starts = |row: &str| texts.iter().find_map(|text| row.find(text));
    let rows = screen.lines().filter_map(|row| row.get(starts(row)?..));
    let left = |row: &str| {
        row.split('▏')
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned()
    };
    rows.map(left).collect()
}

#[tokio::test]
async fn fields_are_typed_with_completion_and_line_up_by_what_they_hold() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &VALUES[..3]).await;
    let (mut dashboard, _) = open(&cluster, &[], Kept::new());
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["user-7", "\"order\":7"]).await;
    dashboard.press("c");
    dashboard.wait_for("row key value").await;
    dashboard.press("ctrl-u");
    dashboard.wait_for("tab: value.order  value.customer").await;
    dashboard.type_text("ord");
    dashboard.press("tab");
    dashboard.wait_for("row value.order").await;
    dashboard.type_text(" name");
    dashboard.press("tab");
    dashboard.type_text(" value.am");
    dashboard.press("tab");
    dashboard
        .wait_for("row value.order value.customer.name value.amount")
        .await;
    dashboard.type_text(" vlue");
    dashboard
        .wait_for("there is no field \"vlue\"; did you mean \"value\"?")
        .await;
    dashboard.press("backspace backspace backspace backspace backspace enter");
    let screen = dashboard
        .wait_for_row(&[" order  customer.name   amount"])
        .await;
    for row in [
        "     7  Zoë              12.5",
        "100205  Ada Lovelace      3",
        "    12  –              1249.75",
    ] {
        assert!(screen.contains(row), "{row}:\n{screen}");
    }
    assert!(
        !screen.contains("user-7  {"),
        "the raw value is gone:\n{screen}"
    );

    // What the broker sends is shown, not obeyed; a text among the numbers makes texts of all.
    publish(&client, &VALUES[3..]).await;
    dashboard.wait_for("13  ␛[31mred␇").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn the_row_of_the_config_gives_way_to_the_raw_messages_at_a_key_and_comes_back() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &VALUES[..3]).await;
    let configured = [("ord*", "#{value.order}: {value.amount} {header.unit}")];
    let (mut dashboard, keeps) = open(&cluster, &configured, Kept::new());
    dashboard.open_tail().await;
    dashboard.wait_for("#    12: 1249.75  EUR").await;
    dashboard.press("B");
    dashboard.wait_for("user-7      {\"order\":12,").await;
    dashboard.press("B");
    let screen = dashboard.wait_for("#100205:    3     EUR").await;
    assert!(!from(&screen, &["#"]).is_empty(), "{screen}");

    // One field more, and away again: as the file has it, so nothing is kept.
    dashboard.press("S");
    dashboard.wait_for_row(&["SIZE", "unit"]).await;
    assert_eq!(keeps.borrow().len(), 1);
    dashboard.press("S");
    dashboard.wait_while("SIZE").await;
    dashboard.shut_down().await;
    assert!(keeps.borrow().is_empty(), "{:?}", keeps.borrow());
}

#[tokio::test]
async fn what_was_chosen_is_there_in_the_next_run_until_the_config_says_something_else() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &VALUES[..3]).await;
    let (mut dashboard, keeps) = open(&cluster, &[], Kept::new());
    dashboard.open_tail().await;
    dashboard.press(":");
    dashboard.type_text("row value.amount key");
    dashboard.press("enter");
    dashboard.wait_for("1249.75  user-7").await;
    // A field of the inspected message joins them.
    dashboard.press("enter j a esc");
    dashboard.wait_for_row(&["amount", "KEY", "order"]).await;
    dashboard.shut_down().await;
    let kept = keeps.borrow().clone();

    let (mut dashboard, keeps) = open(&cluster, &[], kept.clone());
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["amount", "KEY", "order"]).await;
    // An empty line forgets it.
    dashboard.press("c ctrl-u enter");
    dashboard.wait_for_row(&["KEY", "VALUE"]).await;
    dashboard.shut_down().await;
    assert!(keeps.borrow().is_empty());

    let (mut dashboard, _) = open(&cluster, &[("orders", "value.order")], kept);
    dashboard.open_tail().await;
    let screen = dashboard.wait_for("100205").await;
    assert!(!screen.contains("user-7  "), "{screen}");
    dashboard.shut_down().await;
}

/// An order as Avro writes it: its number, its state, and the amount in cents.
const AVRO: &str = r#"{"type":"record","name":"Order","fields":[
    {"name":"order","type":"long"},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","PAID"]}},
    {"name":"amount","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#;

#[tokio::test]
async fn values_of_avro_are_read_by_the_schema_of_their_stream() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    for value in [
        // As a registry has them, and alone; both look like text in part.
        &[0, 0, 0, 0, 42, 14, 2, 4, 0x04, 0xd2][..],
        &[0x70, 0, 2, 0x63],
        &[0x70, 9],
    ] {
        let to = Destination::Partition("orders".into(), 0);
        let message = PublishOptions {
            ack_policy: AckPolicy::All,
            ..PublishOptions::new(to, value.to_vec())
        };
        let publish = Operation::Publish(Box::new(message));
        client.perform(publish).await.expect("it is stored");
    }
    let access = Access::Full(self::client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    let schema = Schema::avro(AVRO).expect("it is one");
    options.session.settings.schemas = Schemas::new([("ord*".to_owned(), schema)]);
    let mut dashboard = Driver::start(options);
    dashboard.open_tail().await;
    dashboard
        .wait_for_row(&["0 ", "{\"order\": 7, \"state\": \"PAI"])
        .await;
    dashboard
        .wait_for_row(&["1 ", "{\"order\": 56, \"state\": \"OP"])
        .await;
    dashboard.wait_for_row(&["▸", "2 "]).await;
    dashboard.resize(240, 36);
    dashboard.press("enter");
    dashboard
        .wait_for("this is no Order: an enum has no symbol -5 in field state")
        .await;
    dashboard.press("[ [");
    dashboard.wait_for("orders:0 @ 0").await;
    dashboard
        .wait_for("value    avro · 10 B · 5 bytes before")
        .await;
    dashboard.wait_for("\"amount\": 12.34").await;
    dashboard.wait_for("name schema 42 of a registry").await;
    dashboard.resize(120, 36);
    dashboard.press("c ctrl-u");
    dashboard.type_text("value.state value.amount");
    dashboard.press("enter");
    dashboard.wait_for_row(&["PAID", "12.34"]).await;
    dashboard.wait_for_row(&["OPEN", "0.99"]).await;
    // A query reads values as rows do, and what is no such value has none of its fields.
    for (query, found, left_out) in [
        ("cel: value.state == \"PAID\"", "12.34", "0.99"),
        ("cel: value.amount < 1.0", "0.99", "12.34"),
    ] {
        dashboard.press("/ ctrl-u");
        dashboard.type_text(query);
        dashboard.press("enter");
        dashboard.wait_while(left_out).await;
        let shown = dashboard.wait_for("1 matching of 3").await;
        assert!(shown.contains(found), "{shown}");
    }
    dashboard.press("/ ctrl-u");
    dashboard.type_text("cel: value.sta");
    dashboard.press("tab");
    dashboard.wait_for("cel: value.state").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn a_field_that_no_message_has_is_told_and_tab_knows_fields_where_no_message_is_shown() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &VALUES[..3]).await;
    let (mut dashboard, _keeps) = open(&cluster, &[], Kept::new());
    dashboard.open_tail().await;
    dashboard.wait_for_row(&["user-7", "1249.75"]).await;
    dashboard.press("c ctrl-u");
    dashboard.type_text("value.ammount");
    dashboard.press("enter");
    dashboard
        .wait_for("no message of 3 has value.ammount; value.amount?")
        .await;
    dashboard.press("/");
    dashboard.type_text("nowhere");
    dashboard.press("enter");
    dashboard.wait_for("none of 3 messages matches").await;
    dashboard.press("c ctrl-u");
    dashboard.type_text("value.cu");
    dashboard.wait_for("tab: value.customer").await;
    dashboard.shut_down().await;
}

#[tokio::test]
async fn what_the_key_for_a_column_does_to_rows_is_said() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    publish(&client, &VALUES[..1]).await;
    let (mut dashboard, _keeps) = open(&cluster, &[], Kept::new());
    dashboard.open_tail().await;
    dashboard.wait_for("\"name\": \"Zoë\"").await;
    dashboard.press("enter j");
    for said in ["rows show value.", "rows no longer show value."] {
        dashboard.press("a");
        dashboard.wait_for(said).await;
    }
    // A header becomes a column of the header, and not of a field by its name.
    while !dashboard.picture().text.contains("▏ shown ") {
        let before = dashboard.picture().text;
        dashboard.press("b");
        dashboard
            .wait_until("another view", |screen| screen != before)
            .await;
    }
    dashboard.press("g j a");
    dashboard.wait_for("rows show header.unit now").await;
    dashboard.shut_down().await;
}

/// A key, a header and a field that are longer than what is read of them at once.
#[tokio::test]
async fn the_end_of_what_is_cut_in_its_middle_is_its_own() {
    let (cluster, client) = cluster_with(&["orders"]).await;
    let words: Vec<String> = (0..150).map(|number| format!("w{number:03}")).collect();
    let long = words.join(" ");
    let message = PublishOptions {
        key: long.clone().into(),
        headers: vec![("unit".to_owned(), long.replace('w', "h").into())],
        ack_policy: AckPolicy::All,
        ..PublishOptions::new(
            Destination::Partition("orders".into(), 0),
            format!("{{\"text\":\"{}\",\"last\":\"x\"}}", long.replace('w', "v")),
        )
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
    let rows = [("orders", "{key} {header.unit} {value.text} {value.last}")];
    let (mut dashboard, _) = open(&cluster, &rows, Kept::new());
    dashboard.open_tail().await;
    let screen = dashboard.wait_for_row(&["w000"]).await;
    for end in ["w149 ", "h149 ", "v149 "] {
        assert!(screen.contains(end), "{end}:\n{screen}");
    }
    dashboard.shut_down().await;
}
