//! A tail in each of its states, the inspector in each of its views, and the lines that ask.

use std::time::Duration;

use liftui::app::Event;
use liftui::ui::{self, RowCache, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::messages::{
    arrive, cut, late, line, opening, paused, tailing, type_query, with_cursors,
};
use crate::world::World;

use super::{SIZES, after, find, frame, golden, shows, text};

#[test]
fn a_tail() {
    golden(
        "tail",
        tailing(),
        r#"
            60 orders-eu:0-3 ▏following
            60 2.0/s
            60 OFFSET # TIME ±1s KEY VALUE
            60 ▸ 48,051 1 12:10:06.000 user-21 {"order":100205,"cu
            60 orders-eu:1 @ 48,051
            60 value json · 136 B b view
            60 ▾ "customer": {
            80 from -50
            80 kept 206 · 46 KiB of 512 MiB
            120 headers content-type application/json
            120 size 191 B · key 7 B · headers 48 B
            120 "name": "Zoë"
            200 received 206"#,
    );
    let mut world = after(tailing(), "space");
    world.run(Duration::from_secs(1));
    arrive(&mut world, 206..210);
    world.run(Duration::from_secs(3));
    arrive(&mut world, 210..214);
    shows(
        world,
        "
            60 orders-eu:0-3 ▏frozen
            60 1.0/s
            60 ▸ 48,051 1 12:10:06.000 user-21
            200 kept 214 · 48 KiB of 512 MiB
            200 received 214",
    );
}

#[test]
fn a_tail_scrolled_marked_and_split_into_columns() {
    shows(
        after(tailing(), "k k k ctrl-u"),
        r#"
            60 scrolled back
            60 orders-eu:3 @ 48,046
            60 ▸ 48,046 3 12:10:00.004 user-3
            60 "order": 100187,
            120 orders.eu.3"#,
    );
    let narrow = frame(&mut after(tailing(), "k k"), 60, 20, &Theme::default());
    find(&narrow, "scrolled back · 2 behind · 666ms");
    shows(
        after(tailing(), "m k k m"),
        "
            60 scrolled back
            60 ◆▸ 48,050 3 12:10:05.334 user-19
            60 orders-eu:3 @ 48,050",
    );
    shows(
        after(tailing(), "right right"),
        r#"
            60 ▸ 48,051 1 12:10:06.000 user-21 "customer":{"id":"c
            60 following
            200 "customer":{"id":"c-1003","name":"Zoë"},"items":["screen","keyboard"]"#,
    );
    shows(
        after(tailing(), "enter j a j j a esc"),
        "
            60 TIME ±1s KEY order
            60 user-21 100205 c-1005
            200 customer.id
            200 100152",
    );
}

#[test]
fn a_readable_row_keeps_its_numbers_whatever_the_room() {
    let mut world = tailing();
    choose_row(
        &mut world,
        "value.order value.customer.name value.amount header.trace-id value.items value.gone",
    );
    shows(
        world,
        "
            60 amount
            60 100205 Zoë 397.05
            200 order customer.name amount
            200 gone
            200 –",
    );
    let mut world = tailing();
    choose_row(
        &mut world,
        "#{value.order} {value.customer.name}: {value.amount} {value.currency}",
    );
    golden(
        "tail-row",
        world,
        "
            60 ▸ 48,051 1 12:10:06.000 #100205
            80 #100205 Zoë",
    );
}

/// Types what rows are to show.
fn choose_row(world: &mut World, row: &str) {
    world.press("c ctrl-u");
    world.event(Event::Paste(row.to_owned()));
    world.press("enter");
}

#[test]
fn each_message_in_sight_is_read_once_and_no_other() {
    let mut world = after(tailing(), "");
    let mut rows = RowCache::default();
    let mut read = |world: &World| {
        let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
        let theme = Theme::default();
        terminal
            .draw(|frame| drop(ui::draw(frame, &world.app, &theme, &mut rows)))
            .unwrap();
        rows.rows_read()
    };
    let height = read(&world);
    assert!(
        (10..40).contains(&height),
        "{height} rows are in sight of 206"
    );
    assert_eq!(read(&world), height, "nothing is read twice");
    world.run(Duration::from_secs(1));
    arrive(&mut world, 206..210);
    let grown = read(&world);
    assert!(
        (height + 4..height + 8).contains(&grown),
        "{grown}: only what is new"
    );
    world.press("right");
    let scrolled = read(&world);
    assert!(
        scrolled < height + 8,
        "{scrolled}: what was scrolled a little is there"
    );
    assert_eq!(read(&world), scrolled, "nothing is read twice");
    choose_row(&mut world, "value.order");
    let other = read(&world);
    assert_eq!(other, scrolled + height, "another row is read anew");
    world.press("ctrl-u");
    assert!(read(&world) <= other + height, "what has come into sight");
}

#[test]
fn the_newest_message_comes_first_when_asked_for() {
    let mut world = after(tailing(), "v");
    for (width, height) in SIZES {
        let buffer = frame(&mut world, width, height, &Theme::default());
        let rows = ["▸  48,051", "   48,051", "   48,050"].map(|text| find(&buffer, text).1);
        assert!(rows.is_sorted(), "{}", text(&buffer));
    }
    shows(
        world,
        "
            60 following
            60 ▸ 48,051 1 12:10:06.000 user-21
            60 orders-eu:1 @ 48,051",
    );
}

#[test]
fn several_tails_and_none() {
    let mut world = after(tailing(), "3 j l");
    world.press("<");
    shows(
        world,
        "
            60 orders-eu:0-3
            60 payments-eu:0,1",
    );
    shows(
        after(World::seasoned(), "6"),
        "
            60 TAIL
            60 no tail is open
            60 MESSAGE
            60 no message is chosen
            80 3 shows the streams; l there tails the chosen stream or partition",
    );
}

#[test]
fn how_reading_goes() {
    shows(
        opening(World::seasoned()),
        "
            60 opening
            60 kept 0 · 0 B of 512 MiB
            60 opening the subscription
            80 received 0",
    );
    shows(
        opening(World::seasoned().without_node_two()),
        "
            60 waiting for a leader
            60 orders-eu:1 has no reachable leader
            80 node-2 does not answer; the tail opens once another one leads",
    );
    shows(
        cut(),
        "
            80 orders-eu:1: cut off from leader node-2 5s, attempt 3",
    );
    shows(paused(), "60 paused: the next publish resumes it");
    shows(
        late(),
        "
            60 ↥ 3 over 1s late
            60 12:10:08.334↥ user-4
            60 12:10:09.669↥ user-22
            60 ▸ 48,053 1 12:10:12.000
            60 orders-eu:1 @ 48,053
            80 12:10:07.002↥ user-0",
    );
}

#[test]
fn cursors_stand_in_a_tail() {
    golden(
        "tail-cursors",
        with_cursors(),
        "
            60 ◂ 48,050 2
            80 ◂ 48,049 1
            80 2 48,049 0
            80 ◂ audit unknown for 3m
            200 ◂ audit unknown for 3m · ◂ picking 3 behind · ◂ fraud 2 behind +1",
    );
}

#[test]
fn what_is_asked_of_a_tail() {
    let mut world = tailing();
    line(&mut world, "/", "cel: value.amount > 800");
    world.run(Duration::from_secs(1));
    shows(
        world,
        r#"
            60 24 matching
            60 ▸ 48,048 2 12:10:02.335 user-10
            60 48,036 1 12:09:46.018 user-7
            80 /cel: value.amount > 800
            80 24 matching of 206
            120 "amount": 890.94,"#,
    );
    let mut world = tailing();
    line(&mut world, "/", "nowhere");
    world.run(Duration::from_secs(1));
    shows(
        world,
        "
            60 /nowhere
            60 0 matching of 206
            60 none of 206 messages matches
            60 these are orders-eu:0-3, 12:08:57.733 to 12:10:06.000
            60 alt-f looks through the whole stream
            60 esc shows these messages
            60 no message is chosen",
    );
    shows(
        after(tailing(), "/"),
        "
            60 ~regex
            60 key:T
            60 header.NAME:T
            60 offset>N
            60 age<5m
            60 enter search
            60 ↑ earlier ones
            60 esc close
            200 cel: value.amount > 500",
    );
}

#[test]
fn a_query_is_helped_by_what_messages_have() {
    let mut world = tailing();
    type_query(&mut world, "cel: value.curr");
    shows(
        world,
        r#"
            60 tab (by 206 messages): value.currency text ("EUR")"#,
    );
    let mut world = tailing();
    type_query(&mut world, "cel: value.customer.name ==");
    shows(
        world,
        r#"
            60 tab (by 206 messages): "
            120 in 42
            200 "Zoë" in"#,
    );
    let mut world = tailing();
    type_query(&mut world, "cel: value.ammount > 5");
    shows(
        world,
        "
            60 no message of 206 has value.ammount; value.amount?",
    );
    let mut world = tailing();
    type_query(&mut world, "cel: value.amount == \"5\"");
    shows(
        world,
        "
            60 value.amount is a number
            60 never text
            80 value.amount is a number in each of 206 messages, never text",
    );
}

#[test]
fn the_help_of_a_tail_says_what_the_head_of_its_times_means() {
    shows(
        after(tailing(), "?"),
        "
            200 TIME ±1s Above rows of several partitions",
    );
}

#[test]
fn what_is_typed_of_a_tail() {
    let mut world = after(tailing(), "/");
    world.write("key:a ~[b");
    shows(
        world,
        "
            60 / key:a ~[b
            60 ^ this is no regular expression: unclosed character class",
    );
    let mut world = after(tailing(), "s");
    world.write("@-15m");
    shows(
        world,
        "
            60 from @-15m
            60 earliest latest new
            60 @10:30
            60 enter go there esc close
            80 @2026-11-22T10:30:00Z",
    );
    let mut world = after(tailing(), "x");
    world.write("orders.csv");
    shows(
        world,
        "
            60 export the 206 rows shown to orders.csv
            60 a file name; .csv, .raw, or NDJSON
            60 enter write tab other rows
            80 tab: the",
    );
    let mut world = tailing();
    line(&mut world, "x", "orders.csv");
    shows(
        world,
        "
            60 exporting 0s · as of 0s
            60 exported 0
            120 x stop the export",
    );
}

#[test]
fn the_inspector() {
    golden(
        "message",
        after(tailing(), "enter"),
        r#"
            60 scrolled back
            60 key user-21
            60 value json · 136 B b view
            60 "order": 100205,
            60 [ previous ] next
            60 enter fold
            60 = diff
            120 R publish again
            120 "express": false"#,
    );
    shows(
        after(tailing(), "enter j j enter"),
        r#"
            60 "order": 100205,
            60 ▸ "customer": {2}"#,
    );
    shows(
        after(tailing(), "enter b"),
        r#"
            60 value text · 136 B b view
            60 express":false}
            120 express":false}"#,
    );
    shows(
        after(tailing(), "enter b b"),
        "
            60 value hex · 136 B b view
            60 00000000 7b 22 6f 72 64 65 72 22
            120 00000030 3a 22 5a 6f c3 ab 22 7d
            120 00000080 22 3a 66 61 6c 73 65 7d",
    );
    shows(
        after(tailing(), "enter b b b"),
        r#"
            60 shown 2 headers
            60 "trace-id": "4bf92f18c563"
            60 "content-type": "application/json""#,
    );
    shows(
        after(tailing(), "enter b w right"),
        r#"
            60 value text · 136 B b view
            60 "customer":{"id":"c-1005"
            200 r":100205,"customer":{"id":"c-1005","name":"Zoë"},"items":["keyboard","screen""#,
    );
}

#[test]
fn beside_the_inspector() {
    shows(
        after(tailing(), "m k ="),
        r#"
            60 compared
            60 - orders-eu:1 @ 48,051 user-21
            60 + orders-eu:0 @ 48,051 user-20
            60 - "order": 100205,
            60 + "order": 100204,
            120 + "name": "山 田 "
            120 - "amount": 397.05,
            120 + "express": true"#,
    );
    shows(
        after(tailing(), "enter Y"),
        "
            60 copy 7 of 7
            60 place orders-eu:1 @ 48051
            60 as a liftui command
            80 liftui tail orders-eu:1 --from 48051 --to …",
    );
    shows(
        after(tailing(), "enter ?"),
        "
            60 Keys
            60 a message
            60 enter Fold or unfold this JSON node
            60 a tail
            80 / Show the messages that match a query.",
    );
    shows(
        after(tailing(), "?"),
        "
            60 Keys
            60 a tail
            60 f Follow the newest message.
            60 s Go to an offset or a time.
            200 in every list",
    );
}
