//! Names of the cluster complete in the real bash, zsh and fish, and what a shell would act on is quoted.

use std::path::Path;
use std::process::Command;

use portable_pty::CommandBuilder;

use super::{NOBODY, Terminal, end_of, has};
use crate::cli_test_cluster::{CliOutput, TestCluster, bare, finish};
use crate::watchdog::run_program;

/// A name that does something where a shell reads it as code.
const HOSTILE: &str = "$(touch pwned)";
/// Another one, which begins as a name does.
const SLY: &str = "pay;`touch pwned`$(touch pwned)&'\"";

fn with_streams() -> TestCluster {
    let test = TestCluster::new();
    for (name, subject) in [
        ("orders", "orders"),
        (HOSTILE, "hostile"),
        ("two words", "two"),
        (SLY, "sly"),
    ] {
        let created = test.run(&["create", name, "--subject", subject]);
        assert_eq!(created.code, 0, "{created:?}");
    }
    test.ok("publish orders x");
    test.ok("cursor set billing orders:0 0");
    test
}

fn names(test: &TestCluster, line: &str) -> Vec<String> {
    let output = test.run(&["__names", line]);
    assert_eq!((output.code, output.err.as_str()), (0, ""), "{line}");
    output.out.lines().map(str::to_owned).collect()
}

#[test]
fn each_argument_completes_what_it_names_and_all_others_nothing() {
    let test = with_streams();
    for (line, wanted) in [
        ("liftui tail or", vec!["orders"]),
        ("liftui --timeout 2s tail 'or", vec!["orders"]),
        ("liftui tail two\\ w", vec!["two words"]),
        ("liftui tail orders -q x t", vec!["two words"]),
        ("/usr/bin/liftui publish o", vec!["orders"]),
        ("liftui redrive orders $", vec![HOSTILE]),
        ("liftui exporter --streams o", vec!["orders"]),
        ("liftui cursor get b", vec!["billing"]),
        ("liftui cursor set billing or", vec!["orders"]),
        (
            "liftui restart-plan demo-1 ",
            vec!["demo-1", "demo-2", "demo-3"],
        ),
        ("cd x; liftui tail or", vec!["orders"]),
        ("liftui streams | /bin/liftui tail or", vec!["orders"]),
        ("liftui -c nobody tail or", vec![]),
        ("liftui -cnobody tail or", vec![]),
        ("liftui --context=nobody tail or", vec![]),
        ("liftui create o", vec![]),
        ("liftui tail --from ", vec![]),
        ("liftui tail orders --", vec![]),
        ("liftui ", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(names(&test, line), wanted, "{line}");
    }
    let all = names(&test, "liftui tail ");
    assert!(all.contains(&HOSTILE.to_owned()) && all.contains(&"__cursors".to_owned()));
}

#[test]
fn who_cannot_be_asked_completes_nothing_and_says_nothing() {
    let home = tempfile::tempdir().expect("a scratch folder");
    let ask = |line: &str| -> CliOutput {
        let mut command = bare(home.path(), &["__names", line]);
        command.env("LIFTUI_ADDR", NOBODY);
        finish(command, b"")
    };
    for line in [
        "liftui tail o",
        "liftui --config /nonexistent tail o",
        "liftui --context nobody tail o",
        "liftui --addr :::: tail o",
    ] {
        let output = ask(line);
        let said = (output.code, output.out.as_str(), output.err.as_str());
        assert_eq!(said, (0, "", ""), "{line}");
    }
    let kept = std::fs::read_dir(home.path()).expect("it is there");
    assert_eq!(kept.count(), 0, "nothing is kept");
}

#[test]
fn bash_completes_the_names_of_streams_and_runs_none_of_them() {
    if !is_there("bash") {
        eprintln!("SKIPPED: this machine has no bash");
        return;
    }
    let test = with_streams();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let script = finish(bare(folder.path(), &["completions", "bash"]), b"").out;
    let start = folder.path().join("start.bash");
    std::fs::write(&start, format!("{script}\nPS1='READY> '\n")).expect("it is written");
    let mut command = CommandBuilder::new("bash");
    command.args(["--noprofile", "--rcfile"]);
    command.arg(&start);
    command.arg("-i");
    let mut terminal = Terminal::spawn(on(&test, folder.path(), command));
    complete_streams(&mut terminal);
    terminal.type_keys("liftui tail $\t");
    terminal.wait(
        "a hostile name",
        has("READY> liftui tail \\$\\(touch\\ pwned\\)"),
    );
    // The line as the shell takes it.
    terminal.type_keys("\u{1}echo \r");
    terminal.wait("the words", has("\nliftui tail $(touch pwned)"));
    terminal.type_keys("exit\r");
    let ended = end_of(&mut *terminal.child);
    assert_eq!(ended.exit_code(), 0);
    assert!(!folder.path().join("pwned").exists(), "a name was run");
}

/// Completes names of streams at the prompt, and has the shell print the sly one as it takes it.
fn complete_streams(terminal: &mut Terminal) {
    terminal.wait("the prompt", has("READY> "));
    terminal.type_keys("liftui tail or\t");
    terminal.wait("the name", has("liftui tail orders"));
    terminal.type_keys("\u{15}liftui tail tw\t");
    terminal.wait("a name with a blank", has("liftui tail two\\ words"));
    terminal.type_keys("\u{15}liftui tail pay\t");
    terminal.wait("a sly name", has("liftui tail pay\\;"));
    terminal.type_keys("\u{1}printf '%s\\n' \r");
    terminal.wait("the sly name as it is", has(SLY));
}

/// Whether that shell can be run here.
fn is_there(shell: &str) -> bool {
    run_program(Command::new(shell).arg("--version")).is_some()
}

/// The same shell in that folder, with the binary in its path and the cluster in its environment.
fn on(test: &TestCluster, folder: &Path, mut command: CommandBuilder) -> CommandBuilder {
    command.cwd(folder);
    command.env("PATH", format!("{}:/usr/bin:/bin", binaries()));
    command.env("HOME", folder);
    command.env("ZDOTDIR", folder);
    command.env("LIFTUI_ADDR", test.addresses().join(","));
    command
}

fn binaries() -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_liftui"));
    let folder = binary.parent().expect("it is in a folder");
    folder.display().to_string()
}

#[test]
fn zsh_completes_the_names_of_streams_and_runs_none_of_them() {
    if !is_there("zsh") {
        eprintln!("SKIPPED: this machine has no zsh");
        return;
    }
    let test = with_streams();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let script = finish(bare(folder.path(), &["completions", "zsh"]), b"").out;
    let start = format!(
        "autoload -Uz compinit\ncompinit -u -D\n{script}\ncompdef _liftui liftui\nPS1='READY> '\n"
    );
    std::fs::write(folder.path().join(".zshrc"), start).expect("it is written");
    let mut command = CommandBuilder::new("zsh");
    command.args(["-d", "-i"]);
    let mut terminal = Terminal::spawn(on(&test, folder.path(), command));
    complete_streams(&mut terminal);
    terminal.type_keys("liftui cursor get bil\t");
    terminal.wait("the cursor", has("liftui cursor get billing"));
    terminal.type_keys("\u{15}");
    terminal.type_keys("exit\r");
    end_of(&mut *terminal.child);
    assert!(!folder.path().join("pwned").exists(), "a name was run");
}

#[test]
fn fish_completes_the_names_of_streams_and_runs_none_of_them() {
    if !is_there("fish") {
        eprintln!("SKIPPED: this machine has no fish");
        return;
    }
    let test = with_streams();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let script = finish(bare(folder.path(), &["completions", "fish"]), b"").out;
    let path = folder.path().join("liftui.fish");
    std::fs::write(&path, script).expect("it is written");
    let complete = |line: &str| {
        let ask = format!("source {}; complete -C '{line}' --escape", path.display());
        let mut command = Command::new("fish");
        command.args(["--no-config", "-c", &ask]).env_clear();
        command
            .current_dir(folder.path())
            .env("HOME", folder.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", binaries()));
        command.env("LIFTUI_ADDR", test.addresses().join(","));
        let output = finish(command, b"");
        assert_eq!(output.err, "", "{line}");
        output.out
    };
    assert_eq!(complete("liftui tail or"), "orders\n");
    assert_eq!(complete("liftui cursor get bil"), "billing\n");
    assert_eq!(complete("liftui tail tw"), "two\\ words\n");
    let sly = complete("liftui tail pay");
    // What fish puts on the line, read by fish again.
    let print = format!("printf %s {}", sly.trim_end());
    let mut command = Command::new("fish");
    command.args(["--no-config", "-c", &print]);
    command
        .current_dir(folder.path())
        .env("HOME", folder.path());
    assert_eq!(finish(command, b"").out, SLY);
    assert!(!folder.path().join("pwned").exists(), "a name was run");
}
