//! Under which name what is kept of a cluster lies: a cluster has many addresses, and whichever is asked for is the same one.

use std::fs;
use std::path::Path;

use super::known_brokers;
use crate::config::Folders;
use crate::model::Timestamp;

/// The name under which something was kept of the cluster that has a broker at that address; the name itself, where nothing
/// was, or where it is no address.
pub(super) fn kept_name(folders: &Folders, cluster: &str) -> String {
    let name = plain_address(cluster);
    let own = folders.known_brokers(&name);
    if !name.contains(':') || own.exists() {
        return name;
    }
    let Some(Ok(files)) = own.parent().map(fs::read_dir) else {
        return name;
    };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let kept = paths.filter_map(|path| Some((last_seen_at(&path, &name)?, path)));
    let newest = kept.max_by_key(|(seen, _)| *seen);
    let found = newest.and_then(|(_, path)| Some(path.file_stem()?.to_str()?.to_owned()));
    found.unwrap_or(name)
}

/// When a broker of the cluster in that file answered at the address last.
fn last_seen_at(path: &Path, address: &str) -> Option<Timestamp> {
    let brokers = known_brokers::read_file(path);
    let here = brokers.filter(|(broker, _)| plain_address(broker) == address);
    here.map(|(_, seen)| seen).max()
}

/// The address with one name for this very machine.
fn plain_address(address: &str) -> String {
    let Some((host, port)) = address.rsplit_once(':') else {
        return address.to_owned();
    };
    match host {
        "127.0.0.1" | "[::1]" => format!("localhost:{port}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str = r#"{
        "a": {"address": "127.0.0.1:9292", "seen": 9000000000000000000},
        "b": {"address": "10.0.0.2:9292", "seen": 9000000000000000000}
    }"#;

    #[test]
    fn a_cluster_is_found_by_the_address_of_each_of_its_brokers() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders {
            config: home.path().into(),
            state: home.path().into(),
        };
        for name in ["localhost:9292", "127.0.0.1:9292", "[::1]:9292"] {
            assert_eq!(kept_name(&folders, name), "localhost:9292");
        }
        assert_eq!(kept_name(&folders, "10.0.0.2:9292"), "10.0.0.2:9292");
        fs::create_dir(home.path().join("brokers")).unwrap();
        fs::write(folders.known_brokers("lab"), KEPT).unwrap();
        for name in ["localhost:9292", "127.0.0.1:9292", "10.0.0.2:9292", "lab"] {
            assert_eq!(kept_name(&folders, name), "lab");
        }
        // Another port or host is another broker, and a name is no address.
        for name in ["10.0.0.2:9293", "10.0.0.3:9292", "prod"] {
            assert_eq!(kept_name(&folders, name), name);
        }
        // What is kept under its own name stays there.
        fs::write(folders.known_brokers("10.0.0.2:9292"), KEPT).unwrap();
        assert_eq!(kept_name(&folders, "10.0.0.2:9292"), "10.0.0.2:9292");
    }
}
