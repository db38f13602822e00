//! Reading newest first from servers that do not know how. Demo only: a real server knows it or not, and cannot be told.

use liftui::demo::DemoOptions;
use liftui::model::{EndReason, ErrorKind, StartAt, StopAt, SubscribeSpec};

use super::test_cluster::{TestCluster, drain, lively, range};

async fn of_an_older_server() -> TestCluster {
    TestCluster::demo(DemoOptions {
        reverse: false,
        ..lively()
    })
    .await
}

fn backwards(stream: &str, start: StartAt, stop: StopAt) -> SubscribeSpec {
    SubscribeSpec {
        reverse: true,
        ..range(stream, 0, start, stop)
    }
}

#[tokio::test]
pub(crate) async fn a_server_that_ignores_reverse_is_found_out() {
    let test = of_an_older_server().await;
    let stream = test.stream("forwards", 1).await;
    test.fill(&stream, 0, 10).await;
    for start in [StartAt::Latest, StartAt::Offset(4), StartAt::Earliest] {
        let spec = backwards(&stream, start, StopAt::Offset(0));
        let read = drain(test.client.subscribe(spec).await.unwrap()).await;
        if start == StartAt::Earliest {
            assert_eq!(read.offsets(), [0], "the oldest is the last either way");
            continue;
        }
        let EndReason::Failed(failure) = read.end() else {
            panic!("{start:?}: {:?}", read.end());
        };
        assert_eq!(failure.kind, ErrorKind::Unsupported, "{failure}");
        assert_eq!(
            read.messages.len(),
            1,
            "what came before that was right: {start:?}"
        );
    }
    test.close().await;
}

#[tokio::test]
pub(crate) async fn where_the_newest_message_is_the_only_one_the_order_does_not_matter() {
    let test = of_an_older_server().await;
    let stream = test.stream("one", 1).await;
    test.fill(&stream, 0, 1).await;
    let spec = backwards(&stream, StartAt::Latest, StopAt::Never);
    let read = drain(test.client.subscribe(spec).await.unwrap()).await;
    assert_eq!(
        (read.offsets(), read.end()),
        (vec![0], &EndReason::StopReached)
    );
    test.close().await;
}
