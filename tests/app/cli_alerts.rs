//! Alerts by the real binary: a command and a webhook get the finding when a demo broker dies, watched without a screen.

#![expect(clippy::disallowed_methods, reason = "waits are capped")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use liftui::client::rustls::pki_types::PrivateKeyDer;
use liftui::client::rustls::{ServerConfig, ServerConnection, StreamOwned};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cli_test_cluster::TestCluster;
use crate::watchdog::{CAP, end_of};

/// A watch that ends with the test.
struct Watch(Child);

impl Watch {
    /// A look every 300 ms, with that in the section of alerts.
    fn start(cluster: &TestCluster, alerts: &str) -> Self {
        Self::start_with(cluster, alerts, &[])
    }

    fn start_with(cluster: &TestCluster, alerts: &str, environment: &[(&str, &str)]) -> Self {
        let config = cluster.home.path().join("alerts.toml");
        let text = format!("[alerts]\nafter = \"0s\"\n{alerts}\n");
        fs::write(&config, text).expect("it is written");
        let config = config.to_str().expect("the path is text");
        let arguments = ["check", "--watch=300ms", "--looks=1", "--config", config];
        let mut command = cluster.command(&arguments);
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("the binary starts"))
    }

    /// The lines that it prints there.
    fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
        let (send, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        lines
    }

    /// Ends it as ctrl-c does.
    fn interrupt(mut self) {
        let id = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        kill_process(id.expect("it has an id"), Signal::INT).expect("it takes signals");
        assert_eq!(end_of(&mut self.0).code(), Some(130));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Ended already, unless a test failed.
        let _ = self.0.kill();
    }
}

fn fault(cluster: &TestCluster, line: &str) {
    let run = async { cluster.cluster().faults().run(line) };
    cluster.block_on(run).expect("it is a fault");
}

fn wait_for(lines: &Receiver<String>, what: &str) -> String {
    loop {
        let line = lines.recv_timeout(CAP);
        let line = line.unwrap_or_else(|_| String::new());
        assert!(!line.is_empty(), "never seen: {what}");
        if line.contains(what) {
            return line;
        }
    }
}

/// A server that hands on the bodies of what is posted to it, and answers each with that status.
fn server(status: &'static str) -> (u16, Receiver<String>) {
    server_of(status, |stream| stream)
}

/// The same, over what becomes of each connection.
fn server_of<S: Read + Write>(
    status: &'static str,
    open: impl Fn(TcpStream) -> S + Send + 'static,
) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let (send, bodies) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let body = answer(open(stream.expect("it connects")), status);
            let _ = send.send(body);
        }
    });
    (port, bodies)
}

/// Reads what is posted, and answers it.
fn answer(stream: impl Read + Write, status: &str) -> String {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("it is sent whole");
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(bytes) = lower.strip_prefix("content-length:") {
            length = bytes.trim().parse().expect("it is a number");
        }
        head.push_str(&lower);
    }
    assert!(head.starts_with("post /hook?x=1 http/1.1"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("it is sent whole");
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    let answered = stream.get_mut().write_all(answer.as_bytes());
    answered.expect("it is read");
    String::from_utf8(body).expect("it is text")
}

/// The alert about that broker, once it has come.
fn alert_about(lines: &Receiver<String>, event: &str, broker: &str) -> Value {
    loop {
        let line = lines.recv_timeout(CAP).expect("an alert comes");
        let alert: Value = serde_json::from_str(&line).expect("it is JSON");
        let is_it = alert["rule"] == "broker-silent" && alert["target"] == broker;
        if is_it && alert["event"] == event {
            return alert;
        }
    }
}

/// The lines of a file, as they come.
fn lines_of(path: &Path) -> Receiver<String> {
    let fifo = path.to_owned();
    let (send, lines) = channel();
    thread::spawn(move || {
        loop {
            let file = fs::File::open(&fifo).expect("somebody writes");
            for line in BufReader::new(file).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        }
    });
    lines
}

#[test]
fn a_command_and_a_webhook_get_the_finding_when_a_broker_dies_and_when_it_is_back() {
    let cluster = TestCluster::new();
    let told = cluster.home.path().join("told");
    rustix::fs::mkfifoat(rustix::fs::CWD, &told, rustix::fs::Mode::RWXU).expect("a pipe is made");
    let by_command = lines_of(&told);
    let (port, by_webhook) = server("204 No Content");
    let script = format!("cat > {}", told.display());
    let alerts = format!(
        "command = [\"sh\", \"-c\", \"{script}\"]\nwebhook = \"http://127.0.0.1:{port}/hook?x=1\""
    );
    let mut watch = Watch::start(&cluster, &alerts);
    let printed = Watch::lines(watch.0.stdout.take().expect("it is piped"));
    wait_for(&printed, "OK: 3 of 3 brokers answer");
    fault(&cluster, "kill 2");
    for lines in [&by_command, &by_webhook] {
        let alert = alert_about(lines, "raised", "demo-2");
        assert_eq!(alert["severity"], "critical", "{alert}");
        assert!(
            alert["message"]
                .as_str()
                .is_some_and(|text| text.contains("demo-2"))
        );
        assert!(
            alert["time"]
                .as_str()
                .is_some_and(|time| time.ends_with('Z'))
        );
        assert!(
            alert["cluster"].is_string() && alert["detail"].is_array(),
            "{alert}"
        );
    }
    wait_for(&printed, "CRITICAL");
    fault(&cluster, "restart 2");
    for lines in [&by_command, &by_webhook] {
        alert_about(lines, "resolved", "demo-2");
    }
    watch.interrupt();
}

#[test]
fn what_fails_is_said_once_with_its_words_and_what_hangs_is_killed() {
    let cluster = TestCluster::new();
    let (port, _bodies) = server("500 Internal Server Error");
    let pid = cluster.home.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 1000", pid.display());
    let alerts = format!(
        "timeout = \"300ms\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n\
         webhook = \"http://127.0.0.1:{port}/hook?x=1\""
    );
    let mut watch = Watch::start(&cluster, &alerts);
    let errors = Watch::lines(watch.0.stderr.take().expect("it is piped"));
    fault(&cluster, "kill 2");
    let line = wait_for(&errors, "the alert command sh: it did not end within");
    assert!(line.contains("was killed"), "{line}");
    assert!(
        line.contains("the webhook of 127.0.0.1: it answered 500"),
        "{line}"
    );
    let pid = fs::read_to_string(&pid).expect("it was started");
    let words = Path::new("/proc").join(pid.trim()).join("cmdline");
    let deadline = Instant::now() + CAP;
    // One that has ended has no words, whether it is there still or not.
    while fs::read(&words).is_ok_and(|words| !words.is_empty()) {
        assert!(Instant::now() < deadline, "the command goes on");
        thread::yield_now();
    }
    watch.interrupt();
}

#[test]
fn a_command_that_is_not_there_is_named_and_a_wrong_address_refused() {
    let cluster = TestCluster::new();
    let mut watch = Watch::start(&cluster, "command = [\"/nowhere/page\"]");
    let errors = Watch::lines(watch.0.stderr.take().expect("it is piped"));
    fault(&cluster, "kill 2");
    wait_for(&errors, "the alert command /nowhere/page: No such file");
    watch.interrupt();
    let mut watch = Watch::start(&cluster, "webhook = \"example.org\"");
    let errors = Watch::lines(watch.0.stderr.take().expect("it is piped"));
    wait_for(&errors, "alerts.webhook: write an address like");
    // As every check that could not judge.
    assert_eq!(end_of(&mut watch.0).code(), Some(3));
}

#[test]
fn a_webhook_over_tls_is_trusted_as_the_system_says() {
    let cluster = TestCluster::new();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
    let roots = cluster.home.path().join("roots.pem");
    fs::write(&roots, cert.pem()).expect("it is written");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("it is a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key);
    let config = Arc::new(config.expect("they belong together"));
    let (port, bodies) = server_of("200 OK", move |stream| {
        let session = ServerConnection::new(Arc::clone(&config)).expect("a session begins");
        StreamOwned::new(session, stream)
    });
    let alerts = format!("webhook = \"https://localhost:{port}/hook?x=1\"");
    let trusted = [("SSL_CERT_FILE", roots.to_str().expect("the path is text"))];
    let watch = Watch::start_with(&cluster, &alerts, &trusted);
    fault(&cluster, "kill 2");
    alert_about(&bodies, "raised", "demo-2");
    watch.interrupt();
}
