//! What a delivery costs the real server: commits to one `slots` channel with many subscribers.
//!
//! The same holds are placed and given back twice, once with nobody at the channel but those who place
//! them, and once with the subscribers; the difference is what deliveries cost. The conformance
//! server then delivers as many publications a second, of as many bytes, to as many subscribers.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use tokio::{task::block_in_place, time::sleep};

use super::{
    Plan, Site,
    calm::server_of,
    onlookers::{Onlookers, Seen},
    say,
    scene::{Scene, room_for_a_crowd},
};
use crate::{
    bench::{fanout::Fanout, options::Options, process, scene::Load},
    people::{acts::Mix, company::Size, director::Director},
};

const WARM_UP: Duration = Duration::from_secs(3);
/// Until what was under way has come to everybody.
const CALM: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Commits {
    pub seed: u64,
    pub subscribers: usize,
    /// Commands a second.
    pub rate: f64,
    /// Of each part.
    pub duration: Duration,
    /// How the conformance server is started.
    pub conformance: Options,
}

/// What it cost.
#[derive(Debug, Serialize)]
pub struct Cost {
    pub scenario: &'static str,
    pub subscribers: usize,
    pub publications_per_second: f64,
    pub publication_bytes: f64,
    pub deliveries: u64,
    /// Without subscribers.
    pub server_cpu_ms_per_command: f64,
    /// Of the real server, and of the conformance server.
    pub cpu_seconds_per_million: f64,
    pub conformance_cpu_seconds_per_million: f64,
    pub ratio: f64,
    pub onlookers: Seen,
}

/// One part: what was done in it, and what it took.
#[derive(Debug, Clone, Copy)]
struct Part {
    commands: usize,
    publications: u64,
    cpu_ns: u64,
    seconds: f64,
}

impl Commits {
    pub async fn run(&self, site: &Site) -> Result<Cost> {
        let plan = Plan {
            size: Size {
                zones: 1,
                cleaners: 40,
                dispatchers: 1,
                customers: 200,
            },
            storm: 0,
            faults: Duration::ZERO,
            token_seconds: 600,
            settings: room_for_a_crowd(),
            ..Plan::long(self.seed, 0, 1.0, self.duration)
        };
        let mut scene = Box::pin(Scene::of_instances(&plan, site, 1)).await?;
        let outcomes = scene.outcomes.take().context("a scene is played once")?;
        let crowd = Arc::clone(&scene.stage.crowd);
        let mut director = Director::new(crowd, scene.recorder.clone(), outcomes, plan.seed);
        director.mix = Mix::Holds;
        director.play_during(self.rate, sleep(WARM_UP)).await;
        say("without subscribers");
        let alone = self.part(&scene, &mut director).await?;
        say("with subscribers");
        let channel = channel_of(&scene);
        let mut onlookers =
            Onlookers::come(&scene, self.subscribers, vec![(channel.clone(), None)])?;
        let before = onlookers.deliveries();
        let watched = self.part(&scene, &mut director).await?;
        director.finish().await;
        sleep(CALM).await;
        let seen = onlookers.look(&scene).await?;
        let deliveries = seen.deliveries - before;
        let bytes = mean_bytes(&scene, &channel).await?;
        scene.finish_history()?;
        drop(scene);
        say("the conformance server");
        let rate = count(watched.publications) / watched.seconds;
        let conformance = block_in_place(|| self.conformance(rate, bytes))?;
        Ok(self.tell(alone, watched, deliveries, bytes, conformance, seen))
    }

    async fn part(&self, scene: &Scene, director: &mut Director) -> Result<Part> {
        let server = server_of(scene)?;
        let channel = channel_of(scene);
        director.finish().await;
        sleep(CALM).await;
        let known = director.samples.len();
        let before = scene.head(&channel, None).await?;
        let (cpu_ns, started) = (process::cpu_ns(&server)?, std::time::Instant::now());
        director.play_during(self.rate, sleep(self.duration)).await;
        let seconds = started.elapsed().as_secs_f64();
        director.finish().await;
        sleep(CALM).await;
        Ok(Part {
            commands: director.samples.len() - known,
            publications: scene.head(&channel, None).await? - before,
            cpu_ns: process::cpu_ns(&server)? - cpu_ns,
            seconds,
        })
    }

    /// CPU seconds for a million deliveries.
    fn conformance(&self, rate: f64, bytes: f64) -> Result<f64> {
        let fanout = Fanout {
            options: self.conformance.clone(),
            subscribers: self.subscribers,
            channels: 1,
            load: Load {
                rate,
                payload: whole(bytes),
                duration: self.duration.as_secs_f64(),
                warm_up: 1.0,
            },
        };
        let figures = fanout.run()?;
        ensure!(figures.is_correct(), "the conformance server: {figures}");
        figures
            .server_cpu_seconds_per_million
            .context("it was started here")
    }

    fn tell(
        &self,
        alone: Part,
        watched: Part,
        deliveries: u64,
        bytes: f64,
        conformance: f64,
        onlookers: Seen,
    ) -> Cost {
        let each_ns = count(alone.cpu_ns) / count(alone.commands as u64);
        let of_deliveries_ns = count(watched.cpu_ns) - each_ns * count(watched.commands as u64);
        let per_million = of_deliveries_ns / 1e9 / (count(deliveries) / 1e6);
        Cost {
            scenario: "commits to one channel",
            subscribers: self.subscribers,
            publications_per_second: count(watched.publications) / watched.seconds,
            publication_bytes: bytes,
            deliveries,
            server_cpu_ms_per_command: each_ns / 1e6,
            cpu_seconds_per_million: per_million,
            conformance_cpu_seconds_per_million: conformance,
            ratio: per_million / conformance,
            onlookers,
        }
    }
}

/// Tomorrow's slots of the only zone.
fn channel_of(scene: &Scene) -> String {
    scene.stage.crowd.places[0].slots[1].topic.name.clone()
}

/// Bytes of the data of a publication, by those in the log.
async fn mean_bytes(scene: &Scene, channel: &str) -> Result<f64> {
    use sqlx::{Connection as _, PgConnection};
    let mut database = PgConnection::connect(&scene.stage.cluster.database_url()).await?;
    let mean: Option<f64> = sqlx::query_scalar(
        "select avg(octet_length(body::text))::float8 from publication where channel = $1",
    )
    .bind(channel)
    .fetch_one(&mut database)
    .await?;
    mean.context("something was published")
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn count(of: u64) -> f64 {
    of.max(1) as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "publications are short"
)]
fn whole(bytes: f64) -> usize {
    bytes.round() as usize
}

impl Cost {
    pub fn is_good(&self) -> bool {
        self.onlookers.is_good() && self.deliveries > 0
    }
}

impl Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "| {name:<52} | {value:>12} |");
        row(self.scenario, String::new())?;
        row("---", "---:".to_owned())?;
        row("subscribers", self.subscribers.to_string())?;
        row(
            "publications per second",
            format!("{:.1}", self.publications_per_second),
        )?;
        row(
            "bytes of a publication's data",
            format!("{:.0}", self.publication_bytes),
        )?;
        row("deliveries", self.deliveries.to_string())?;
        row(
            "CPU per command without subscribers, ms",
            format!("{:.2}", self.server_cpu_ms_per_command),
        )?;
        row(
            "CPU per million deliveries, s",
            format!("{:.2}", self.cpu_seconds_per_million),
        )?;
        row(
            "the conformance server's, s",
            format!("{:.2}", self.conformance_cpu_seconds_per_million),
        )?;
        row("ratio", format!("{:.2}", self.ratio))
    }
}
