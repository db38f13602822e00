//! The cluster that is broken: a demo cluster, or the real one of `LIFTUI_TEST_ADDR` by way of `LIFTUI_NODE`.

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use liftui::client::{Client, ConnectOptions};
use liftui::demo::{DemoCluster, DemoOptions, Faults};
use liftui::model::BrokerId;
use tokio::process::Command;
use tokio::time::Instant;

use super::history::Place;

/// The variable that names a real cluster: `host:port,…`.
pub(crate) const ADDRESS: &str = "LIFTUI_TEST_ADDR";

/// The variable that names the command which breaks brokers of it, called as `command kill 2`.
pub(crate) const NODE: &str = "LIFTUI_NODE";

/// How many times as fast as a real one the demo cluster lives.
pub(crate) const DEMO_SPEED: f64 = 5.0;

/// Longer than any run: a broker that is stopped is continued by hand.
const UNTIL_CONTINUED: Duration = Duration::from_secs(24 * 3600);

/// How long a crash has its effects: the longest outage, an election, and what follows it.
const LATELY: Duration = Duration::from_secs(15);

enum Control {
    Demo(DemoCluster),
    Real { command: String },
}

/// A broker, and since when it answers nothing.
struct Broker {
    id: BrokerId,
    address: String,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct State {
    is_killed: bool,
    silent_since: Option<Instant>,
}

/// A cluster and the means to break it. Brokers are counted from 1.
pub(crate) struct Target {
    control: Control,
    brokers: Vec<Broker>,
    /// When a broker was killed last.
    crashed: Mutex<Option<Instant>>,
    was_emptied: AtomicBool,
}

impl Target {
    /// The real cluster where the environment names one, else a demo cluster of three.
    pub(crate) async fn from_environment() -> Self {
        let set = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        match (set(ADDRESS), set(NODE)) {
            (Some(addresses), Some(command)) => {
                let addresses = addresses.split(',').map(|seed| seed.trim().to_owned());
                Self::of(Control::Real { command }, addresses.collect()).await
            }
            (Some(_), None) => {
                panic!("{ADDRESS} needs {NODE}: a command that is called as in `kill 2`")
            }
            (None, _) => Self::demo().await,
        }
    }

    async fn demo() -> Self {
        let options = DemoOptions {
            speed: DEMO_SPEED,
            reverse: true,
            ..DemoOptions::default()
        };
        let demo = DemoCluster::start(options)
            .await
            .expect("loopback has ports");
        let addresses = demo.addresses();
        Self::of(Control::Demo(demo), addresses).await
    }

    async fn of(control: Control, addresses: Vec<String>) -> Self {
        let client = Client::connect(ConnectOptions::new(addresses.clone())).await;
        let client = client.expect("the cluster answers");
        let mut brokers = Vec::new();
        for address in addresses {
            let view = client.fetch_view(&address).await;
            let cluster = view.result.expect("every broker answers");
            brokers.push(Broker {
                id: cluster.answered_by.clone().expect("it knows who it is"),
                address,
                state: Mutex::new(State {
                    is_killed: false,
                    silent_since: None,
                }),
            });
        }
        Self {
            control,
            brokers,
            crashed: Mutex::default(),
            was_emptied: AtomicBool::new(false),
        }
    }

    /// The faults that only a demo cluster can play.
    pub(crate) fn demo_faults(&self) -> Option<Faults> {
        match &self.control {
            Control::Demo(demo) => Some(demo.faults()),
            Control::Real { .. } => None,
        }
    }

    pub(crate) fn is_real(&self) -> bool {
        matches!(self.control, Control::Real { .. })
    }

    /// How many times as long as on the demo cluster things take.
    pub(crate) fn scale(&self) -> f64 {
        if self.is_real() { DEMO_SPEED } else { 1.0 }
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        let brokers = self.brokers.iter();
        brokers.map(|broker| broker.address.clone()).collect()
    }

    pub(crate) fn size(&self) -> usize {
        self.brokers.len()
    }

    pub(crate) fn id(&self, broker: usize) -> &BrokerId {
        &self.brokers[broker - 1].id
    }

    /// Since when the broker answers nothing.
    pub(crate) fn silent_since(&self, broker: usize) -> Option<Instant> {
        self.state(broker).silent_since
    }

    /// The leader that the cluster has agreed on, where that can be known without asking brokers.
    pub(crate) fn agreed_leader(&self, place: &Place) -> Option<usize> {
        self.demo_faults()?.leader(&place.0, place.1)
    }

    fn state(&self, broker: usize) -> State {
        *self.brokers[broker - 1]
            .state
            .lock()
            .expect("nobody panics with it")
    }

    fn set_state(&self, broker: usize, is_killed: bool, is_silent: bool) {
        let state = State {
            is_killed,
            silent_since: is_silent.then(Instant::now),
        };
        *self.brokers[broker - 1]
            .state
            .lock()
            .expect("nobody panics with it") = state;
    }

    /// Kills the broker.
    pub(crate) async fn kill(&self, broker: usize) {
        self.record_crash();
        match &self.control {
            Control::Demo(demo) => demo.faults().kill(broker).expect("it runs"),
            Control::Real { command } => run(command, "kill", broker).await,
        }
        self.set_state(broker, true, true);
    }

    /// Starts a killed broker.
    pub(crate) async fn start(&self, broker: usize) {
        self.set_state(broker, true, false);
        match &self.control {
            Control::Demo(demo) => demo.faults().restart(broker).expect("it is down"),
            Control::Real { command } => run(command, "start", broker).await,
        }
        self.set_state(broker, false, false);
    }

    /// Starts brokers that died without being killed: real servers panic now and then. Returns which these were.
    pub(crate) async fn start_crashed(&self) -> Vec<usize> {
        let mut crashed = Vec::new();
        for broker in (1..=self.size()).filter(|_| self.is_real()) {
            let state = self.state(broker);
            let address = self.brokers[broker - 1].address.clone();
            if state.is_killed || state.silent_since.is_some() || is_listening(&address).await {
                continue;
            }
            self.record_crash();
            self.start(broker).await;
            crashed.push(broker);
        }
        crashed
    }

    /// Starts the broker anew with an empty folder.
    pub(crate) async fn wipe(&self, broker: usize) {
        self.was_emptied.store(true, Ordering::Relaxed);
        self.record_crash();
        match &self.control {
            Control::Demo(demo) => demo.faults().wipe(broker).expect("there is such a broker"),
            Control::Real { command } => run(command, "wipe", broker).await,
        }
    }

    /// Whether a broker was killed not long ago.
    pub(crate) fn has_crashed_lately(&self) -> bool {
        let crashed = *self.crashed.lock().expect("nobody panics with it");
        let lately = LATELY.mul_f64(self.scale());
        crashed.is_some_and(|at| at.elapsed() < lately)
    }

    /// Whether a broker was emptied, so that replicas may hold different logs for good.
    pub(crate) fn was_emptied(&self) -> bool {
        self.was_emptied.load(Ordering::Relaxed)
    }

    fn record_crash(&self) {
        *self.crashed.lock().expect("nobody panics with it") = Some(Instant::now());
    }

    /// Stops the broker's process. One that still starts cannot be stopped; whether it was.
    pub(crate) async fn stop(&self, broker: usize) -> bool {
        let is_stopped = match &self.control {
            Control::Demo(demo) => demo.faults().stop(broker, UNTIL_CONTINUED).is_ok(),
            Control::Real { command } => {
                run(command, "stop", broker).await;
                true
            }
        };
        if is_stopped {
            self.set_state(broker, false, true);
        }
        is_stopped
    }

    /// Lets a stopped broker go on.
    pub(crate) async fn cont(&self, broker: usize) {
        self.set_state(broker, false, false);
        match &self.control {
            Control::Demo(demo) => demo.faults().cont(broker).expect("it is stopped"),
            Control::Real { command } => run(command, "cont", broker).await,
        }
    }

    /// Ends every fault.
    pub(crate) async fn heal(&self) {
        for broker in 1..=self.size() {
            let state = self.state(broker);
            if state.is_killed {
                self.start(broker).await;
            } else if state.silent_since.is_some() {
                self.cont(broker).await;
            }
        }
        if let Some(faults) = self.demo_faults() {
            faults.heal();
        }
    }

    /// Stops a demo cluster.
    pub(crate) async fn shut_down(self) {
        if let Control::Demo(demo) = self.control {
            demo.stop().await;
        }
    }
}

async fn is_listening(address: &str) -> bool {
    tokio::net::TcpStream::connect(address).await.is_ok()
}

async fn run(command: &str, verb: &str, broker: usize) {
    let line = format!("{command} {verb} {broker}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).stdout(Stdio::null());
    let status = shell.status().await.expect("sh is there");
    assert!(status.success(), "{line} fails: {status}");
}
