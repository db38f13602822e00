//! Alerts on the real loop: what the terminal is made to say and show, and what is handed on, when a demo broker dies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use liftui::app::{AlertSettings, DesktopForm};
use liftui::demo::DemoCluster;
use liftui::health::{Alert, AlertKind, AlertPolicy, Rule};
use liftui::runtime::{Access, AlertSender, Console, DashboardOptions};

use crate::driver::{Driver, client, cluster_with, session};

/// A dashboard that alerts at once, by this.
fn open(cluster: &DemoCluster, sender: AlertSender) -> Driver {
    let full = Access::Full(client(cluster.addresses()));
    let mut options = DashboardOptions::new(session(full, cluster.addresses()));
    options.session.settings.alerts = AlertSettings {
        policy: AlertPolicy {
            after: Duration::ZERO,
            ..AlertPolicy::default()
        },
        bell: true,
        desktop: Some(DesktopForm::Osc9),
        title: true,
        outside: true,
    };
    options.alerts = Some(sender);
    let faults = cluster.faults();
    let console: Console = Arc::new(move |line| {
        let faults = faults.clone();
        Box::pin(async move { faults.run(&line) })
    });
    options.console = Some(console);
    Driver::start(options)
}

fn fault(dashboard: &Driver, line: &str) {
    dashboard.press(":");
    dashboard.type_text(&format!("fault {line}"));
    dashboard.press("enter");
}

/// Until it is announced that the broker's silence is over.
async fn wait_for_end(dashboard: &mut Driver, broker: &str) {
    dashboard
        .wait_for_picture("the end told", |picture| {
            let mut announced = picture.announced.iter();
            announced.any(|text| text.contains("over: ") && text.contains(broker))
        })
        .await;
}

#[tokio::test]
async fn a_broker_that_dies_is_told_once_and_so_is_its_return() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let told: Arc<Mutex<Vec<Alert>>> = Arc::default();
    let keep = Arc::clone(&told);
    let mut dashboard = open(
        &cluster,
        Arc::new(move |cluster, alert| {
            assert_eq!(cluster, "demo");
            keep.lock().expect("nobody broke").push(alert);
            Box::pin(async { Ok(()) })
        }),
    );
    let title = |picture: &crate::test_screen::Picture, word: &str| {
        let title = picture.title.as_deref();
        title.is_some_and(|title| title.starts_with("liftui demo: ") && title.contains(word))
    };
    dashboard
        .wait_for_picture("a calm title", |picture| title(picture, "all well"))
        .await;
    fault(&dashboard, "kill 2");
    let is_told = |picture: &crate::test_screen::Picture| {
        let mut announced = picture.announced.iter();
        announced.any(|text| text.starts_with("demo: ") && text.contains("demo-2"))
    };
    dashboard.wait_for_picture("the death told", is_told).await;
    dashboard
        .wait_for_picture("a title that counts", |picture| title(picture, "critical"))
        .await;
    fault(&dashboard, "restart 2");
    let is_over = |picture: &crate::test_screen::Picture| {
        let mut announced = picture.announced.iter();
        announced.any(|text| text.starts_with("demo: over: ") && text.contains("demo-2"))
    };
    dashboard.wait_for_picture("its return told", is_over).await;
    dashboard
        .wait_for_picture("a calm title", |picture| title(picture, "all well"))
        .await;
    dashboard.shut_down().await;
    let told = told.lock().expect("nobody broke");
    let of = |kind| {
        let alerts = told.iter();
        let silent = alerts.filter(|one| one.finding.rule == Rule::BrokerSilent);
        silent.filter(|one| one.kind == kind).count()
    };
    assert_eq!(
        (of(AlertKind::Raised), of(AlertKind::Resolved)),
        (1, 1),
        "{told:?}"
    );
}

#[tokio::test]
async fn one_that_fails_is_said_once_and_one_that_never_ends_holds_nothing_up() {
    let (cluster, _client) = cluster_with(&["orders"]).await;
    let calls: Arc<Mutex<u32>> = Arc::default();
    let count = Arc::clone(&calls);
    let mut dashboard = open(
        &cluster,
        Arc::new(move |_, _| {
            let mut calls = count.lock().expect("nobody broke");
            *calls += 1;
            if *calls == 3 {
                return Box::pin(std::future::pending());
            }
            Box::pin(async { Err("the alert command page: exit status: 7".to_owned()) })
        }),
    );
    dashboard.wait_for("3 brokers").await;
    fault(&dashboard, "kill 2");
    dashboard.wait_for("the alert command page: exit").await;
    // The next ones fail too, and the third one hangs. Each is told before the next begins: two that are away at once are
    // told as what that means.
    fault(&dashboard, "restart 2");
    wait_for_end(&mut dashboard, "demo-2").await;
    fault(&dashboard, "kill 3");
    dashboard.wait_for("demo-3 does not answer").await;
    fault(&dashboard, "restart 3");
    wait_for_end(&mut dashboard, "demo-3").await;
    dashboard.press("2");
    dashboard.wait_for("BROKERS").await;
    dashboard.press("ctrl-n");
    let notices = dashboard.wait_for("Notices of this session").await;
    assert_eq!(
        notices.matches("the alert command page").count(),
        1,
        "{notices}"
    );
    assert!(!notices.contains("times)"), "{notices}");
    dashboard.shut_down().await;
}
