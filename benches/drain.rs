//! What taking a million messages off the wire into the store costs beside a bare tonic + prost loop, and what keeping
//! them takes in memory; how fast `liftui tail` prints them, and how fast the demo cluster serves and acks.
//!
//! `cargo bench -- drain` runs all of it but `flat`, which takes minutes; `cargo bench -- drain flat cost` runs those
//! parts. `drain bulk` has the demo fill its frames, and `drain --addr HOST:PORT cost tail` measures a broker that runs
//! already. The cluster is another process, so ratios within one run are what counts.

use std::io::{self, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::cost::{Cost, Meter, childrens_cpu, resident_bytes};
use crate::demo_cluster::{Demo, Outcome};
use liftui::client::{Client, ConnectOptions, Observer, SubscriptionItem};
use liftui::model::{Operation, StartAt, StopAt, StreamOptions, SubscribeSpec, SubscriptionEvent};
use liftui::store::{Budget, ChunkBuilder, Store};
use liftui::wire::pb;
use pb::api_client::ApiClient;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

const MESSAGES: u32 = 1_000_000;
pub(crate) const BYTES: u64 = 256;
const WINDOW: u32 = 4 << 20;
/// Each is measured so often, in turn; the best counts, on either side.
const ROUNDS: usize = 9;

/// Those parts, or all but the long one.
pub(crate) async fn run(asked: &[String]) -> Outcome {
    let is_asked = |part: &str| asked.iter().any(|asked| asked == part);
    let names_part = ["cost", "tail", "demo", "flat"].into_iter().any(is_asked);
    let wants = |part: &str, always: bool| (!names_part && always) || is_asked(part);
    let mut out = io::stdout().lock();
    if wants("cost", true) || wants("tail", true) {
        let demo = match asked.iter().skip_while(|asked| *asked != "--addr").nth(1) {
            Some(address) => Demo::at(address),
            None if is_asked("bulk") => Demo::start_framing(1, "bulk")?,
            None => Demo::start(1)?,
        };
        let filled = demo.fill(&format!("drain -n {MESSAGES} --size {BYTES} --create"))?;
        writeln!(out, "filled: {} messages/s acked", filled["rate"])?;
        let cluster = DrainBench::connect(&demo).await?;
        if wants("cost", true) {
            cost(&cluster, &mut out).await?;
        }
        if wants("tail", true) {
            tail(&demo, &cluster, &mut out).await?;
        }
    }
    if wants("demo", true) {
        acks(&mut out)?;
        many_streams(&mut out).await?;
    }
    if wants("flat", false) {
        flat(&mut out).await?;
    }
    Ok(())
}

/// Both ways to the same broker.
pub(crate) struct DrainBench {
    bare: ApiClient<Channel>,
    ours: Observer,
}

/// A stream, and how many messages it has.
pub(crate) type Filled<'a> = (&'a str, u32);

/// What the drains read.
const DRAIN: Filled<'static> = ("drain", MESSAGES);

impl DrainBench {
    pub(crate) async fn connect(demo: &Demo) -> Outcome<Self> {
        let channel = Endpoint::from_shared(format!("http://{}", demo.addresses))?
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .connect()
            .await?;
        let options = ConnectOptions::new([&demo.addresses]);
        assert_eq!(options.window_bytes, WINDOW, "both have the same windows");
        Ok(Self {
            bare: ApiClient::new(channel),
            ours: Observer::connect(options).await?,
        })
    }

    /// Counts every message of the stream and keeps nothing.
    pub(crate) async fn drain_bare(&self, (stream, messages): Filled<'_>) -> Outcome<Cost> {
        let request = pb::SubscribeRequest {
            stream: stream.to_owned(),
            start_position: pb::StartPosition::Earliest.into(),
            stop_position: pb::StopPosition::StopOffset.into(),
            stop_offset: i64::from(messages) - 1,
            ..pb::SubscribeRequest::default()
        };
        let mut api = self.bare.clone();
        let meter = Meter::start()?;
        let mut stream = api.subscribe(request).await?.into_inner();
        // The empty first message is the handshake.
        stream.message().await?;
        let mut count = 0;
        while let Ok(Some(message)) = stream.message().await {
            assert_eq!(message.offset, count, "missing or repeated");
            count += 1;
        }
        let cost = meter.stop()?;
        assert_eq!(count, i64::from(messages));
        Ok(cost)
    }

    /// Keeps every message of the stream.
    pub(crate) async fn drain_ours(
        &self,
        (stream, messages): Filled<'_>,
    ) -> Outcome<(Cost, Store)> {
        let mut store = Store::new();
        let spec = SubscribeSpec {
            start: StartAt::Earliest,
            stop: StopAt::Offset(i64::from(messages) - 1),
            ..SubscribeSpec::new(stream, 0)
        };
        let meter = Meter::start()?;
        let mut items = self.ours.subscribe_into(spec, ChunkBuilder::new()).await?;
        while let Some(item) = items.next().await {
            if let SubscriptionItem::Batch(chunk) = item {
                store.push(&chunk);
            }
        }
        let cost = meter.stop()?;
        let offsets = store.rows_from(0).map(|message| message.offset());
        assert!(offsets.eq(0..i64::from(messages)), "missing or repeated");
        assert_eq!(store.counters().repeated, 0);
        Ok((cost, store))
    }
}

/// Wall and CPU time of both ways, and the memory of what is kept, measured first, while the process is fresh.
async fn cost(cluster: &DrainBench, out: &mut impl Write) -> Outcome {
    let (mut ours, store) = cluster.drain_ours(DRAIN).await?;
    let payload = store.counters().received_bytes;
    let allowed = payload + 40 * u64::from(MESSAGES) + (32 << 20);
    let resident = resident_bytes()?;
    writeln!(
        out,
        "memory: {resident} B resident in all for {payload} B kept; allowed {allowed} B, {}",
        met(resident <= allowed)
    )?;
    drop(store);
    let mut bare = cluster.drain_bare(DRAIN).await?;
    for _ in 1..ROUNDS {
        ours = ours.best(cluster.drain_ours(DRAIN).await?.0);
        bare = bare.best(cluster.drain_bare(DRAIN).await?);
    }
    writeln!(out, "drain of {MESSAGES} x {BYTES} B, best of {ROUNDS}, ms")?;
    compare("wall", bare.wall, ours.wall, 1.05, out)?;
    compare("cpu", bare.cpu, ours.cpu, 0.95, out)?;
    let rate = f64::from(MESSAGES) / bare.wall.as_secs_f64();
    writeln!(
        out,
        "demo: {rate:.0} messages/s drained by the bare loop; required 300000, {}",
        met(rate >= 300_000.0)
    )?;
    Ok(())
}

/// `liftui tail … -o raw > /dev/null` beside the bare loop.
async fn tail(demo: &Demo, cluster: &DrainBench, out: &mut impl Write) -> Outcome {
    let mut bare = cluster.drain_bare(DRAIN).await?.cpu;
    let mut ours = Duration::MAX;
    for _ in 0..ROUNDS {
        ours = ours.min(tail_cost(demo, DRAIN)?.cpu);
        bare = bare.min(cluster.drain_bare(DRAIN).await?.cpu);
    }
    writeln!(out, "liftui tail -o raw >/dev/null, best of {ROUNDS}, ms")?;
    compare("cpu", bare, ours, 1.10, out)
}

/// What `liftui tail` costs to print a stream raw to nowhere.
pub(crate) fn tail_cost(demo: &Demo, (stream, _): Filled<'_>) -> Outcome<Cost> {
    let (before, meter) = (childrens_cpu()?, Meter::start()?);
    let status = demo
        .liftui(&format!("tail {stream} --from earliest --to end -o raw"))
        .stdout(Stdio::null())
        .status()?;
    assert!(status.success());
    Ok(Cost {
        wall: meter.stop()?.wall,
        cpu: childrens_cpu()?.saturating_sub(before),
    })
}

fn compare(what: &str, bare: Duration, ours: Duration, most: f64, out: &mut impl Write) -> Outcome {
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    writeln!(
        out,
        "  {what:4} bare {:7.1}   ours {:7.1}   ratio {ratio:.3}; required {most:.2}, {}",
        bare.as_secs_f64() * 1000.0,
        ours.as_secs_f64() * 1000.0,
        met(ratio <= most)
    )?;
    Ok(())
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "NOT MET" }
}

/// How fast the demo cluster acks what comes through `PublishAsync`.
fn acks(out: &mut impl Write) -> Outcome {
    let mut best = 0;
    for round in 0..3 {
        let demo = Demo::start(1)?;
        let filled = demo.fill(&format!("acks-{round} -n 500000 --size {BYTES} --create"))?;
        assert_eq!(filled["acked"], 500_000);
        best = best.max(filled["rate"].as_u64().unwrap_or(0));
    }
    writeln!(
        out,
        "demo: {best} messages/s acked through PublishAsync; required 100000, {}",
        met(best >= 100_000)
    )?;
    Ok(())
}

/// 10,000 streams of 4 partitions, created side by side, then listed.
async fn many_streams(out: &mut impl Write) -> Outcome {
    const STREAMS: usize = 10_000;
    const SIDE_BY_SIDE: usize = 32;
    let demo = Demo::start(3)?;
    let client = Client::connect(ConnectOptions::new(demo.addresses.split(','))).await?;
    let begun = Instant::now();
    let mut creating = JoinSet::new();
    for number in 0..STREAMS {
        if creating.len() == SIDE_BY_SIDE {
            creating.join_next().await.transpose()?.transpose()?;
        }
        let create = Operation::Create(Box::new(StreamOptions {
            name: format!("stream-{number}"),
            partitions: Some(4),
            replication_factor: Some(3),
            ..StreamOptions::default()
        }));
        let client = client.clone();
        creating.spawn(async move { client.perform(create).await });
    }
    while let Some(created) = creating.join_next().await {
        created??;
    }
    let created = begun.elapsed();
    let begun = Instant::now();
    let cluster = client.fetch_metadata().await?;
    let listed = begun.elapsed();
    let streams = cluster.streams.values();
    let partitions: usize = streams.map(|stream| stream.partitions.len()).sum();
    writeln!(
        out,
        "demo: {STREAMS} streams of 4 partitions created in {created:.2?}, {} streams with {partitions} partitions \
         listed in {listed:.2?}",
        cluster.streams.len()
    )?;
    Ok(())
}

/// Ten million messages through a budget of 256 MiB: what is resident, after each million.
async fn flat(out: &mut impl Write) -> Outcome {
    const ALL: u64 = 10_000_000;
    const LIMIT: usize = 256 << 20;
    let demo = Demo::start(1)?;
    let create = "create flat --retention-bytes 512Mi --segment-bytes 32Mi --cleaner-interval 1s";
    assert!(
        demo.liftui(create)
            .stdout(Stdio::null())
            .status()?
            .success()
    );
    let mut filling = demo
        .liftui(&format!(
            "bench publish flat -n {ALL} --size {BYTES} -o json"
        ))
        .stdout(Stdio::null())
        .spawn()?;
    let observer = Observer::connect(ConnectOptions::new([&demo.addresses])).await?;
    let spec = SubscribeSpec {
        start: StartAt::Earliest,
        stop: StopAt::Offset(i64::try_from(ALL)? - 1),
        ..SubscribeSpec::new("flat", 0)
    };
    let mut items = observer.subscribe_into(spec, ChunkBuilder::new()).await?;
    let (budget, mut store, mut resident) = (Budget::new(LIMIT), Store::new(), Vec::new());
    while let Some(item) = items.next().await {
        match item {
            SubscriptionItem::Batch(chunk) => {
                store.push(&chunk);
                budget.enforce([&mut store]);
                if store.counters().received / 1_000_000 > u64::try_from(resident.len())? {
                    resident.push(resident_bytes()? >> 20);
                }
            }
            SubscriptionItem::Event(SubscriptionEvent::Gap { from, to }) => {
                return Err(format!("{from} to {to} went before they were read").into());
            }
            SubscriptionItem::Event(_) => {}
        }
    }
    let received = store.counters().received;
    assert_eq!(received, ALL, "missing or repeated");
    assert!(filling.wait()?.success());
    writeln!(
        out,
        "flat: {received} messages through {} MiB; MiB resident after each million: {resident:?}",
        LIMIT >> 20
    )?;
    Ok(())
}
