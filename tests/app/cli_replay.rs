//! Files that `liftui replay` does not open: one sentence, and the code to exit with.

use std::fs;

use crate::cli_test_cluster::{bare, finish};

#[test]
fn what_is_no_recording_is_refused_with_a_sentence_about_what_it_is() {
    let home = tempfile::tempdir().expect("a folder");
    let files: [(&str, &[u8], &str); 4] = [
        ("notes.txt", b"some notes", "this is no recording"),
        ("empty.rec", b"", "this is no recording"),
        (
            "cut.rec",
            b"liftui-rec\x01\x00",
            "is damaged before its first event",
        ),
        (
            "newer.rec",
            b"liftui-rec\x09\x00",
            "a newer liftui made this recording (format 9, here 1)",
        ),
    ];
    for (name, content, sentence) in files {
        let path = home.path().join(name);
        fs::write(&path, content).expect("it is written");
        let path = path.to_string_lossy();
        let output = finish(bare(home.path(), &["replay", &path]), b"");
        assert_eq!(output.code, 1, "{output:?}");
        assert!(output.err.contains(&format!("{path}: ")), "{output:?}");
        assert!(output.err.contains(sentence), "{output:?}");
    }
    let arguments = ["streams", "--record", "storm.rec"];
    let output = finish(bare(home.path(), &arguments), b"");
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.err.contains("this command has none"), "{output:?}");
    let output = finish(bare(home.path(), &["replay", "nowhere.rec"]), b"");
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.err.contains("nowhere.rec: "), "{output:?}");
}
