//! Compiles `proto/api.proto` into `OUT_DIR` without a protoc binary, and finds out which commit is built.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(["proto/api.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .bytes(".")
        .compile_fds(descriptors)?;
    println!("cargo:rustc-env=LIFTUI_COMMIT={}", commit());
    println!("cargo:rustc-env=LIFTUI_FEATURES={}", features());
    Ok(())
}

/// The commit and its date: as whoever builds a package of it says, else git, else what `cargo package` wrote down.
fn commit() -> String {
    println!("cargo:rerun-if-env-changed=LIFTUI_COMMIT");
    let named = env::var("LIFTUI_COMMIT").ok();
    named
        .filter(|named| !named.is_empty())
        .or_else(commit_of_git)
        .or_else(commit_of_package)
        .unwrap_or_else(|| "unknown".to_owned())
}

fn commit_of_git() -> Option<String> {
    // A package may lie unpacked inside of another repository, whose commit is none of its own.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    // The log of HEAD grows with each commit, also where the branch has no file of its own. A path that is not there
    // would have everything built anew each time.
    let branch = git(&["rev-parse", "--symbolic-full-name", "HEAD"])?;
    for name in ["HEAD", "logs/HEAD", &branch] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["log", "-1", "--date=short", "--format=%h (%cd)"])
}

/// What git prints, in the folder of the package; `None` where there is no git or no repository.
fn git(arguments: &[&str]) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "git answers at once or not at all"
    )]
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// `cargo package` writes the commit beside the manifest; its date is in no file.
fn commit_of_package() -> Option<String> {
    let file = ".cargo_vcs_info.json";
    let info = std::fs::read_to_string(file).ok()?;
    // The repository has none: what `cargo package` verified in the same target folder does not count there.
    println!("cargo:rerun-if-changed={file}");
    let after = info.split_once("\"sha1\"")?.1;
    let hash = after.split('"').nth(1)?;
    hash.get(..9).map(ToOwned::to_owned)
}

/// The features that are built in, but for the name of their default choice.
fn features() -> String {
    let all = env::var("CARGO_CFG_FEATURE").unwrap_or_default();
    let named = all
        .split(',')
        .filter(|name| !["", "default"].contains(name));
    let named: Vec<&str> = named.collect();
    if named.is_empty() {
        return "none".to_owned();
    }
    named.join(", ")
}
