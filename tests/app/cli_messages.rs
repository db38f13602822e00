//! Messages in and out: every way to publish, every form of a tail, records there and back.

use crate::cli_test_cluster::{TestCluster, normalised};
use crate::watchdog::end_of;

fn with_streams(names: &str) -> TestCluster {
    let test = TestCluster::new();
    for name in names.split(' ') {
        test.ok(&format!("create {name} --partitions 2"));
    }
    test
}

#[test]
fn a_value_comes_from_the_command_line_a_file_or_stdin() {
    let test = with_streams("t");
    let ack = test.ok("publish t one -k k1 -H a=b -p 1 --ack all --correlation-id c7");
    let expected = "{\"stream\":\"t\",\"partition\":1,\"offset\":0,\"subject\":\"t.1\",\"reception\":\"TIME\",\
        \"commit\":\"TIME\",\"correlation_id\":\"c7\"}\n";
    assert_eq!(normalised(&ack), expected);
    let file = test.home.path().join("value");
    std::fs::write(&file, "of\na file").expect("written");
    let file = file.to_str().expect("a plain path");
    assert_eq!(test.ok(&format!("publish t --file {file} -o raw")), "0\n");
    let stdin = test.feed("publish t -o raw", b"of\nstdin");
    assert_eq!((stdin.code, stdin.out.as_str()), (0, "1\n"));
    let hex = test.feed("publish t --hex --key 00ff -o raw", b"00 ff\n10\n");
    assert_eq!((hex.code, hex.out.as_str()), (0, "2\n"));
    assert_eq!(
        test.run(&["publish", "t", "-p0", "-H", "n==v", "-o", "raw", "--", "-x"])
            .out,
        "3\n"
    );
    let silent = test.ok("publish t none --ack none");
    assert_eq!(silent, "");
    let table = test.ok("publish-subject t.1 last -o table");
    let row = "t                                     1  t.1";
    assert_eq!(table.lines().nth(1), Some(row), "{table}");
    let printed = test.run(&["tail", "t", "--to", "end", "-f", "%p %o %k %v %h|"]);
    let expected = "1 0 k1 one a=b,subject=t.1,reply=|0 0  of\na file subject=t,reply=|\
        0 1  of\nstdin subject=t,reply=|";
    assert!(printed.out.starts_with(expected), "{}", printed.out);
}

#[test]
fn lines_are_published_in_order_and_told_of_in_order() {
    let test = with_streams("t");
    let lines: Vec<String> = (0..5_000).map(|number| format!("m{number}\r\n")).collect();
    let input = lines.concat();
    let output = test.feed("publish t --lines -o raw", input.as_bytes());
    assert_eq!((output.code, output.err.as_str()), (0, ""));
    let offsets: Vec<i64> = output
        .out
        .lines()
        .map(|line| line.parse().expect(line))
        .collect();
    assert!(offsets.iter().copied().eq(0..5_000), "offsets in order");
    let stored = test.ok("tail t:0 --to end -o raw");
    assert_eq!(stored, input.replace('\r', ""));
    let turns = test.feed("publish t --lines --round-robin -o csv", b"a\nb\n\nc");
    let partitions: Vec<&str> = turns
        .out
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    assert_eq!(partitions, ["0", "1", "0", "1"]);
    let log = test.objects("log");
    assert_eq!(
        log[1]["command"],
        "publish t --lines (5000 messages, 23890 B)"
    );
    assert_eq!(log[1]["detail"], "5000 messages stored");
}

#[test]
fn what_is_wrong_with_the_input_stops_after_what_came_before() {
    let test = with_streams("t readonly");
    let input = b"{\"value\":\"a\"}\n\n{\"value\":1,\"key\":{\"b\":2}}\n{\"valu\":\"c\"}\n{\"value\":\"d\"}\n";
    let output = test.feed("publish t --ndjson -o raw", input);
    assert_eq!((output.code, output.out.as_str()), (1, "0\n1\n"));
    let said = "line 4: a record has a \"value\" or a \"value_base64\", and this has neither; 2 messages stored\n";
    assert_eq!(output.err, said);
    let values = test.run(&["tail", "t", "--to", "end", "-f", "%k=%v\n"]);
    assert_eq!(values.out, "=a\n{\"b\":2}=1\n");
    test.ok("readonly readonly");
    let output = test.feed("publish readonly --lines", b"a\nb\nc\n");
    let said = "line 1: partition 0 of stream \"readonly\" is readonly: make it writable first; \
        0 messages stored, 1 not\n";
    assert_eq!((output.code, output.err.as_str()), (1, said));
    for (line, input, said) in [
        (
            "publish t --ndjson",
            &b"[]\n"[..],
            "line 1: a record is a JSON object, and this is none",
        ),
        ("publish t --ndjson", b"\xff\n", "line 1: this is no UTF-8"),
        (
            "publish t --hex --lines",
            b"00\nxy\n",
            "line 2: this is not hex",
        ),
        ("publish t --hex", b"0", "this is not hex"),
    ] {
        let output = test.feed(line, input);
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.starts_with(said), "{output:?}");
    }
}

#[test]
fn a_line_that_would_cut_the_call_of_all_is_not_sent() {
    let test = with_streams("t");
    let mut input = b"a\n".to_vec();
    input.resize((4 << 20) + 10, b'x');
    input.extend(b"\nb\n");
    let output = test.feed("publish t --lines -o raw", &input);
    let said = "line 2: the message has 4194312 B, and no server takes a request of more than 4194304; \
        1 message stored\n";
    assert_eq!(
        (output.code, output.out.as_str(), output.err.as_str()),
        (5, "0\n", said)
    );
    assert_eq!(test.ok("tail t --count"), "1\n");
}

#[test]
fn offsets_that_are_expected_go_up_line_by_line() {
    let test = TestCluster::new();
    test.ok("create checked --concurrency-control");
    let output = test.feed(
        "publish checked --lines --expect-offset 0 -o raw",
        b"a\nb\nc\n",
    );
    assert_eq!(
        (output.code, output.out.as_str()),
        (0, "0\n1\n2\n"),
        "{output:?}"
    );
    let output = test.feed(
        "publish checked --lines --expect-offset 2 -o raw",
        b"d\ne\n",
    );
    assert_eq!((output.code, output.out.as_str()), (1, ""), "{output:?}");
}

#[test]
fn records_come_back_as_they_were_whatever_their_bytes() {
    let test = with_streams("from to");
    let bytes: Vec<u8> = (0..=255).collect();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.concat();
    for arguments in [
        &[
            "publish",
            "from",
            "--hex",
            "-k",
            "fffe",
            "-H",
            "bin=00ff",
            "-p",
            "1",
            hex.as_str(),
        ][..],
        &[
            "publish",
            "from",
            "",
            "-k",
            "",
            "-H",
            "text=é\n\"",
            "-H",
            "empty=",
        ],
        &[
            "publish",
            "from",
            "{\"n\":12345678901234567890}",
            "-k",
            "雪",
        ],
    ] {
        assert_eq!(test.run(arguments).code, 0, "{arguments:?}");
    }
    let records = test.ok("tail from --to end -o ndjson");
    let output = test.feed("publish to --ndjson -o raw", records.as_bytes());
    assert_eq!(output.code, 0, "{output:?}");
    let without_place = |text: &str| {
        let mut lines = crate::cli_test_cluster::parse_lines(text);
        for line in &mut lines {
            let fields = line.as_object_mut().expect("a record");
            for name in ["stream", "timestamp", "subject", "reply_subject"] {
                fields.shift_remove(name);
            }
            let headers = fields["headers"].as_object_mut().expect("headers");
            headers.shift_remove("subject");
        }
        lines.sort_by_key(|line| (line["partition"].as_i64(), line["offset"].as_i64()));
        lines
    };
    let copies = test.ok("tail to --to end -o ndjson");
    assert_eq!(without_place(&copies), without_place(&records));
    assert!(copies.contains("\"key_base64\":\"//4=\""), "{copies}");
    assert!(copies.contains("\"bin\":{\"base64\":\"AP8=\"}"), "{copies}");
}

#[test]
fn a_tail_prints_ranges_in_every_form() {
    let test = with_streams("t empty");
    test.feed("publish t --lines", b"a\nb\nc\nd\n");
    test.ok("publish t e -p 1 -k key");
    for (line, printed) in [
        ("tail t:0 --from 1 --to 2 -o raw", "b\nc\n"),
        ("tail t:0 --from -2 --to end -o raw", "c\nd\n"),
        ("tail t:0 --from latest --to end -o raw", "d\n"),
        ("tail t:0 --from new --to end -o raw", ""),
        ("tail t:0 --from @-1h --to end -o raw -n 1", "a\n"),
        ("tail t:0 --from @2020-01-01 --to @-1h -o raw", ""),
        ("tail t:0,1 --to end --count", "5\n"),
        ("tail t --count", "5\n"),
        ("tail t --count -q key:key", "1\n"),
        ("tail empty --to end", ""),
        ("tail empty --to end -o json", "[]\n"),
        ("tail t empty --to end --count", "5\n"),
        ("tail t:0 -n 2 -o raw", "a\nb\n"),
        ("tail t:0 -n 0 -o raw", ""),
        ("tail t:0 --to end -o raw -q offset>2", "d\n"),
        ("tail t:0 --to end -o raw -q nothing", ""),
        ("tail t --isr-replica --to end --count", "5\n"),
    ] {
        assert_eq!(test.ok(line), printed, "{line}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&test.ok("tail t --to end -o json")).expect("one document");
    assert_eq!(json.as_array().map(Vec::len), Some(5));
    let csv = test.ok("tail t:1 --to end -o csv");
    let mut lines = csv.lines();
    let head = lines.next().unwrap_or_default();
    assert!(
        head.starts_with("stream,partition,offset,timestamp,key,value,headers,"),
        "{head}"
    );
    assert!(
        lines.next().is_some_and(|line| line.starts_with("t,1,0,")),
        "{csv}"
    );
    let table = test.ok("tail t:1 --to end -o table");
    assert!(
        table.starts_with("  #     OFFSET  TIME          KEY             VALUE\n"),
        "{table}"
    );
    let keyed = test.line("tail t --key key --to end -o raw");
    let place = "key \"key\" belongs to partition ";
    assert!(keyed.code == 0 && keyed.err.starts_with(place), "{keyed:?}");
    let progress = test.line("tail t:0 --progress --to end -o raw");
    assert!(
        progress.err.ends_with("4 printed, 0 out of order\n"),
        "{progress:?}"
    );
    let escapes = test.run(&[
        "tail",
        "t:1",
        "--to",
        "end",
        "-f",
        "%t\\t%p\\t%o\\t%k\\t%v\\n",
    ]);
    assert_eq!(escapes.out, "t\t1\t0\tkey\te\n");
}

#[test]
fn a_paused_partition_is_told_of_and_woken_where_asked() {
    let test = with_streams("t");
    test.ok("publish t a");
    test.ok("pause t");
    let output = test.line("tail t:0 --to end -o raw");
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("is paused"), "{output:?}");
    assert_eq!(test.ok("tail t:0 --resume --to end -o raw"), "a\n");
}

#[test]
fn a_gap_is_told_with_the_last_offset_that_is_gone() {
    let test = TestCluster::new();
    test.ok("create t --retention-messages 20 --segment-bytes 1024 --cleaner-interval 50ms");
    let input = format!("{}\n", "x".repeat(100)).repeat(60);
    assert_eq!(
        test.feed("publish t --lines -o raw", input.as_bytes()).code,
        0
    );
    let mut before = None;
    let output = loop {
        let output = test.run(&["tail", "t", "--from", "5", "--to", "end", "-f", "%o\n"]);
        let first: i64 = output.out.lines().next().map_or(0, |o| o.parse().expect(o));
        // Retention has done its work when nothing more goes away.
        if first > 20 && before.replace(first) == Some(first) {
            break output;
        }
    };
    let last = before.expect("it was seen twice") - 1;
    let said = format!(
        "partition 0 of stream \"t\": offsets 5 to {last} were removed before they could be read\n"
    );
    assert_eq!((output.code, output.err), (0, said));
}

#[test]
fn a_place_past_the_end_is_told_and_is_no_silent_beginning_at_the_new() {
    let test = TestCluster::new();
    test.ok("create orders");
    for value in ["a", "b"] {
        test.ok(&format!("publish orders {value} --ack all"));
    }
    for (from, says) in [
        ("99", "there is no offset 99 yet: partition 0 of stream"),
        (
            "@2100-01-01T00:00:00Z",
            "2100-01-01 00:00:00 UTC is yet to come: partition 0 of stream",
        ),
    ] {
        let output = test.line(&format!("tail orders:0 --from {from} --to end"));
        assert_eq!((output.code, &*output.out), (0, ""), "{output:?}");
        assert!(output.err.contains(says), "{output:?}");
    }
    let output = test.line("tail orders:0 --from 2 --to end");
    assert_eq!((&*output.out, &*output.err), ("", ""));
}

#[test]
fn a_range_beyond_the_end_is_done_at_once_and_prints_nothing_of_what_lies_elsewhere() {
    let test = TestCluster::new();
    test.ok("create orders");
    for value in ["a", "b"] {
        test.ok(&format!("publish orders {value} --ack all"));
    }
    for (from, to) in [(99, 99), (99, 200), (2, 9)] {
        let says = format!(
            "there is no offset {from} yet: partition 0 of stream \"orders\" ends at offset 1\n"
        );
        for command in ["tail orders", "tail orders --count", "bench tail orders"] {
            let output = test.line(&format!("{command} --from {from} --to {to}"));
            assert_eq!(output.code, 0, "{command}: {output:?}");
            if command == "tail orders" {
                assert_eq!((&*output.out, &*output.err), ("", &*says));
            }
        }
    }
}

#[test]
fn a_sentence_on_stderr_stands_in_a_line_of_its_own_beside_an_array() {
    let test = TestCluster::new();
    test.ok("create orders");
    let path = test.home.path().join("both");
    let both = std::fs::File::create(&path).expect("created");
    let words = ["tail", "orders", "--from", "7", "--to", "9", "-o", "json"];
    let mut command = test.command(&words);
    command.stdout(both.try_clone().expect("a second handle"));
    let child = command.stderr(both).spawn();
    let status = end_of(&mut child.expect("it runs"));
    let written = std::fs::read_to_string(path).expect("read");
    let said =
        "there is no offset 7 yet: partition 0 of stream \"orders\" is empty\n[]\n".to_owned();
    assert_eq!((status.success(), written), (true, said));
}

#[test]
fn what_has_come_is_printed_where_others_keep_a_range_waiting_for_ever() {
    let test = TestCluster::new();
    test.ok("create here");
    test.ok("create there --partitions 3");
    for number in 0..3 {
        test.ok(&format!(
            "publish here came-{number} -H trace-id=t --ack all"
        ));
    }
    let leader =
        |partition: &serde_json::Value| partition["leader"].as_str().expect("a leader").to_owned();
    let here = leader(&test.objects("partitions here -o ndjson")[0]);
    let others = test.objects("partitions there -o ndjson");
    let silent = others.iter().map(leader).find(|id| *id != here);
    let silent = silent.expect("three partitions have more than one leader");
    let number = silent.rsplit('-').next().expect("a number");
    let kill = format!("kill {number}");
    test.cluster().faults().run(&kill).expect("it dies");
    for command in [
        "tail here there --to end -f %v\\n",
        "trace header.trace-id:t",
    ] {
        let cut_off = test.line(&format!("{command} --timeout 6s"));
        assert_eq!(cut_off.code, 1, "{cut_off:?}");
        let printed = cut_off.out.matches("came-").count();
        assert_eq!(printed, 3, "{command}: {cut_off:?}");
        // What the other stream brought is none of theirs.
        assert!(cut_off.err.contains("nothing came"), "{cut_off:?}");
        assert!(cut_off.err.contains("given up before"), "{cut_off:?}");
        assert!(cut_off.err.contains(" read whole"), "{cut_off:?}");
    }
}

#[test]
fn a_record_with_broken_base_64_is_told_by_its_field() {
    let test = TestCluster::new();
    test.ok("create orders");
    for (record, said) in [
        (
            r#"{"value_base64":"!!"}"#,
            "\"value_base64\" is not base 64: its character 1 cannot stand there",
        ),
        (
            r#"{"key_base64":"YQ","value":""}"#,
            "\"key_base64\" is not base 64: its length or its padding is wrong",
        ),
        (
            r#"{"value":"v","headers":{"h":{"base64":"a!=="}}}"#,
            "the base64 of header \"h\" is not base 64: its character 2 cannot stand there",
        ),
    ] {
        let output = test.feed("publish orders --ndjson", record.as_bytes());
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.contains(said), "{output:?}");
    }
}

#[test]
fn a_range_that_ends_before_it_begins_is_refused_and_a_partition_that_is_not_there_is_told() {
    let test = with_streams("t copies");
    test.ok("publish t a --ack all");
    for line in [
        "tail t --from @-15m --to @-20m",
        "tail t --from 5 --to 4",
        "trace a t --from @-15m --to @-20m",
        "stats t --from @-15m --to @-20m",
        "bench tail t --from 5 --to 4",
        "redrive t copies --from @-15m --to @-20m --dry-run",
    ] {
        let (code, said) = test.fails(line);
        assert_eq!(code, 2, "{line}: {said}");
        assert!(
            said.starts_with("the range ends before it begins: "),
            "{line}: {said}"
        );
    }
    assert_eq!(test.line("tail t --from @-15m --to @-15m").code, 0);
    let said = "the query asks for partition 9, which is not among those that are read\n";
    for line in [
        "tail t --to end -q partition:9 --count",
        "stats t -q partition:9 -o json",
        "table t -q partition:9",
    ] {
        let output = test.line(line);
        assert!(output.err.starts_with(said), "{line}: {output:?}");
    }
    assert_eq!(test.ok("tail t:0 --to end -q partition:0 --count"), "1\n");
    assert_eq!(test.ok("tail t --to end -q !partition:9 --count"), "1\n");
}
