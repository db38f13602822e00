//! Plays a user: keys in, screens out, on the real event loop, against brokers of the demo cluster.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use liftui::app::Settings;
use liftui::cli::typed_line;
use liftui::client::{Client, ConnectOptions};
use liftui::demo::{DemoCluster, DemoOptions};
use liftui::model::{
    AckPolicy, Destination, Operation, PartitionId, PublishOptions, StreamOptions,
};
use liftui::recording::Player;
use liftui::runtime::{
    Access, Console, DashboardOptions, HostEvent, ReplayOptions, RuntimeSession, replay_on, run_on,
};
use liftui::ui::Theme;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::test_screen::{Picture, ScreenControl, TestScreen};

/// How long a screen is waited for: longer than anything takes on a busy machine.
pub(crate) const CAP: Duration = Duration::from_secs(30);

/// What the footer says of a question that takes an answer.
const TAKES_AN_ANSWER: &str = "copy as a command";

/// A dashboard at work.
pub(crate) struct Driver {
    control: ScreenControl,
    running: JoinSet<io::Result<()>>,
}

impl Driver {
    /// A dashboard of 120 x 36 cells on that cluster, with its console.
    pub(crate) fn open(cluster: &DemoCluster) -> Self {
        Self::start(options_on(cluster))
    }

    /// A dashboard with those options, in which the command line can be typed.
    pub(crate) fn start(mut options: DashboardOptions) -> Self {
        options.parse_line = typed_line::parse;
        options.session.settings.shell_commands = typed_line::commands();
        let (screen, control) = TestScreen::new(120, 36);
        Self::start_on((screen, control), options)
    }

    /// A dashboard on that screen.
    pub(crate) fn start_on(
        (mut screen, control): (TestScreen, ScreenControl),
        options: DashboardOptions,
    ) -> Self {
        let mut running = JoinSet::new();
        running.spawn(async move { run_on(&mut screen, options).await.map(drop) });
        Self { control, running }
    }

    /// A recording on a screen of that size.
    pub(crate) fn replay(player: Player, (width, height): (u16, u16)) -> Self {
        let (mut screen, control) = TestScreen::new(width, height);
        let options = ReplayOptions::new(player, Theme::default(), typed_line::parse);
        let mut running = JoinSet::new();
        running.spawn(async move { replay_on(&mut screen, options).await });
        Self { control, running }
    }

    /// Presses keys one after the other: `press("j ctrl-d enter")`.
    pub(crate) fn press(&self, keys: &str) {
        for key in keys.split_whitespace() {
            self.control.key(parse(key));
        }
    }

    /// Answers the question on the screen, as soon as that takes an answer.
    pub(crate) async fn answer(&mut self, keys: &str) {
        self.wait_for(TAKES_AN_ANSWER).await;
        self.press(keys);
    }

    /// Types text, letter by letter.
    pub(crate) fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.control
                .key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        }
    }

    /// From the list of streams down to the tail of the first partition of `orders`.
    pub(crate) async fn open_tail(&mut self) {
        self.press("3");
        self.wait_for_row(&["orders", "●"]).await;
        self.press("enter");
        self.wait_for("PARTITIONS  orders").await;
        self.press("enter");
        self.wait_for("orders:0 ▏following").await;
    }

    /// Does what the terminal or the system does.
    pub(crate) fn send(&self, event: HostEvent) {
        self.control.send(event);
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        self.control.resize(width, height);
    }

    /// What the screen shows now.
    pub(crate) fn picture(&self) -> Picture {
        self.control.picture.borrow().clone()
    }

    /// Waits until the screen shows that text.
    pub(crate) async fn wait_for(&mut self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text)).await
    }

    /// Waits until one row shows all these texts.
    pub(crate) async fn wait_for_row(&mut self, texts: &[&str]) -> String {
        let what = texts.join(" … ");
        self.wait_until(&what, |screen| has_row(screen, texts))
            .await
    }

    /// Waits until the screen shows that text no more.
    pub(crate) async fn wait_while(&mut self, text: &str) -> String {
        let what = format!("a screen without {text}");
        self.wait_until(&what, |screen| !screen.contains(text))
            .await
    }

    /// Waits until the screen is as wanted, and returns it.
    pub(crate) async fn wait_until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_for_picture(what, |picture| wanted(&picture.text))
            .await
            .text
    }

    /// Waits until all is as wanted, and returns it.
    pub(crate) async fn wait_for_picture(
        &mut self,
        what: &str,
        wanted: impl Fn(&Picture) -> bool,
    ) -> Picture {
        let found = timeout(
            CAP,
            self.control.picture.wait_for(|picture| wanted(picture)),
        )
        .await;
        let seen = found
            .ok()
            .map(|seen| seen.expect("the loop is running").clone());
        assert!(
            seen.is_some(),
            "never seen: {what}, but\n{}",
            self.picture().text
        );
        seen.unwrap_or_default()
    }

    /// Waits until the dashboard has ended by itself.
    pub(crate) async fn ended(mut self) {
        let ended = timeout(CAP, self.running.join_next())
            .await
            .expect("it ends");
        ended
            .expect("it was started")
            .expect("it does not panic")
            .expect("the screen works");
    }

    /// Ends it as the system would.
    pub(crate) async fn shut_down(self) {
        self.control.send(HostEvent::Shutdown);
        self.ended().await;
    }
}

/// The options of a dashboard on that cluster, with its console.
pub(crate) fn options_on(cluster: &DemoCluster) -> DashboardOptions {
    let faults = cluster.faults();
    let console: Console = Arc::new(move |line| {
        let faults = faults.clone();
        Box::pin(async move { faults.run(&line) })
    });
    let access = Access::Full(client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(access, cluster.addresses()));
    options.console = Some(console);
    options.parse_line = typed_line::parse;
    options.session.settings.shell_commands = typed_line::commands();
    options
}

/// The options of a dashboard of a cluster at those addresses.
pub(crate) fn session(access: Access, addresses: Vec<String>) -> RuntimeSession {
    let observer = matches!(access, Access::Observe(_));
    let settings = Settings {
        cluster: "demo".into(),
        addresses,
        observer,
        demo: true,
        ..Settings::default()
    };
    RuntimeSession {
        access,
        settings,
        theme: Theme::default(),
        cursors: Vec::new(),
    }
}

/// A client that has not dialled yet.
pub(crate) fn client(seeds: Vec<String>) -> Client {
    let options = ConnectOptions {
        seeds,
        ..ConnectOptions::default()
    };
    Client::new(options).expect("the addresses are well-formed")
}

/// Whether one row of the screen shows all these texts.
pub(crate) fn has_row(screen: &str, texts: &[&str]) -> bool {
    screen
        .lines()
        .any(|row| texts.iter().all(|text| row.contains(text)))
}

/// Three brokers that live ten times as fast as real ones, without traffic, and streams of three partitions each.
pub(crate) async fn cluster_with(streams: &[&str]) -> (DemoCluster, Client) {
    let options = DemoOptions {
        speed: 10.0,
        ..DemoOptions::default()
    };
    let cluster = DemoCluster::start(options).await.expect("it starts");
    let client = client(cluster.addresses());
    for name in streams {
        create(&client, name).await;
    }
    (cluster, client)
}

/// Makes a stream of three partitions, each on every broker.
pub(crate) async fn create(client: &Client, name: &str) {
    let stream = StreamOptions {
        name: name.to_owned(),
        partitions: Some(3),
        replication_factor: Some(3),
        ..StreamOptions::default()
    };
    let create = Operation::Create(Box::new(stream));
    client.perform(create).await.expect("the stream is made");
}

/// Publishes a message to that partition of `orders`, stored by every replica.
pub(crate) async fn publish_to(client: &Client, partition: PartitionId, value: String) {
    let to = Destination::Partition("orders".into(), partition);
    let message = PublishOptions {
        ack_policy: AckPolicy::All,
        ..PublishOptions::new(to, value)
    };
    let publish = Operation::Publish(Box::new(message));
    client.perform(publish).await.expect("it is stored");
}

fn parse(text: &str) -> KeyEvent {
    let mut rest = text;
    let mut modifiers = KeyModifiers::NONE;
    for (name, modifier) in [
        ("ctrl-", KeyModifiers::CONTROL),
        ("alt-", KeyModifiers::ALT),
        ("shift-", KeyModifiers::SHIFT),
    ] {
        if let Some(bare) = rest.strip_prefix(name) {
            (rest, modifiers) = (bare, modifiers | modifier);
        }
    }
    let code = match rest {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        letter => KeyCode::Char(letter.parse().expect("a key's name or a letter")),
    };
    KeyEvent::new(code, modifiers)
}
