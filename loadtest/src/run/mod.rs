//! A whole run: a cluster is started, a company opens, people act in calm and under faults; then all
//! is healed, what everybody should see now is read anew, and the run is checked.
//!
//! What it leaves in its folder is all that the checker knows: `run.json`, `history.jsonl`, and the
//! database, which is there until the cluster stops.

mod afterwards;
pub mod calm;
mod chores;
pub mod commits;
mod figures;
mod histogram;
mod onlookers;
mod race;
mod report;
pub(crate) mod scene;
mod storm;

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

pub use histogram::Histogram;
pub use report::{Outcome, Totals};

use crate::{
    check,
    client::Client,
    cluster::Settings,
    history::{Event, Run},
    nemesis::{Fault, Pace, Step, only, schedule},
    people::{company::Size, director::Director},
};
use scene::Scene;

/// From the last heal to the moment at which everything must be at rest.
const SETTLE: Duration = Duration::from_secs(3);
/// Within this after healing everybody must be back.
const RETURN: Duration = Duration::from_secs(45);

/// What kind of a run it is.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub clients: usize,
    /// Commands per second.
    pub rate: f64,
    pub size: Size,
    /// People act before anything is measured.
    pub warm_up: Duration,
    /// They act in calm.
    pub quiet: Duration,
    /// They act under faults; a fault that has begun is brought to its end.
    pub faults: Duration,
    pub pace: Pace,
    /// Strangers who come back all at once; none: that is left out.
    pub storm: usize,
    /// Seconds that access tokens live.
    pub token_seconds: u32,
    /// These faults alone; none are named: all of them.
    pub only: Vec<Fault>,
    /// More settings of the server.
    pub settings: Settings,
}

impl Plan {
    /// As long as is asked for, by so many clients.
    pub fn long(seed: u64, clients: usize, rate: f64, duration: Duration) -> Self {
        Self {
            seed,
            clients,
            rate,
            size: Size {
                zones: 8,
                cleaners: 96,
                dispatchers: 30,
                customers: (clients / 4).max(8),
            },
            warm_up: Duration::from_secs(15),
            quiet: Duration::from_mins(1).min(duration / 4),
            faults: duration,
            pace: Pace {
                lasts_ms: 500..=6_000,
                longest_pause_ms: 30_000,
                calm: Duration::from_millis(2_500),
            },
            storm: 5_000,
            token_seconds: 120,
            only: Vec::new(),
            settings: Settings::new(),
        }
    }

    /// About a minute and a half, with every family of faults: a part of the tests.
    pub fn short(seed: u64) -> Self {
        Self {
            seed,
            clients: 60,
            rate: 25.0,
            size: Size {
                zones: 3,
                cleaners: 18,
                dispatchers: 6,
                customers: 16,
            },
            warm_up: Duration::from_secs(3),
            quiet: Duration::from_secs(5),
            faults: Duration::from_secs(40),
            pace: Pace {
                lasts_ms: 300..=1_500,
                longest_pause_ms: 2_500,
                calm: Duration::from_millis(500),
            },
            storm: 0,
            token_seconds: 60,
            only: Vec::new(),
            settings: Settings::new(),
        }
    }
}

/// Where a run finds its server, and where it writes.
#[derive(Debug, Clone)]
pub struct Site {
    pub folder: PathBuf,
    pub binary: PathBuf,
    pub node_modules: PathBuf,
}

/// A stretch of the run, in microseconds since its start.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub from: u64,
    pub until: u64,
}

impl Stretch {
    pub fn holds(self, at: u64) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// Runs it, from an empty folder to the outcome.
pub async fn run(plan: &Plan, site: &Site) -> Result<Outcome> {
    let mut scene = Box::pin(Scene::set(plan, site)).await?;
    let mut director = Director::new(
        Arc::clone(&scene.stage.crowd),
        scene.recorder.clone(),
        scene.outcomes.take().context("a scene is played once")?,
        plan.seed,
    );
    let [quiet, faults] = play(plan, &scene, &mut director).await?;
    let storm = come_to_rest(plan, &scene, &mut director).await?;
    let cluster = &scene.stage.cluster;
    let instances = cluster.instances().iter();
    let run = Run {
        seed: plan.seed,
        started_at: scene.recorder.started_at(),
        database_url: cluster.database_url(),
        instances: instances.map(crate::cluster::Instance::url).collect(),
        canaries: scene.canaries.listed(),
    };
    let written = serde_json::to_vec_pretty(&run)?;
    fs::write(site.folder.join("run.json"), written)?;
    scene.finish_history()?;

    say("the run is checked");
    let checked = Box::pin(check::check(&site.folder, &[])).await?;
    let samples = std::mem::take(&mut director.samples);
    let figures = figures::Figures::of(&site.folder, &run, &samples, quiet, faults, storm).await?;
    let (plan, complaints) = (plan.clone(), scene.complaints());
    Ok(Outcome::new(plan, checked, figures, samples, complaints))
}

/// People act in calm and under faults; when each was.
async fn play(plan: &Plan, scene: &Scene, director: &mut Director) -> Result<[Stretch; 2]> {
    let at = || scene.recorder.at();
    say("people begin");
    let warm_up = sleep(plan.warm_up);
    director.play_during(plan.rate / 2.0, warm_up).await;
    let from = at();
    director.play_during(plan.rate, sleep(plan.quiet)).await;
    let quiet = Stretch { from, until: at() };
    afterwards::note_resources(&scene.stage).await?;
    say("faults begin");
    let from = at();
    let nemesis = Box::pin(trouble(plan, scene));
    director.play_during(plan.rate, nemesis).await?;
    let faults = Stretch { from, until: at() };
    say("all is healed");
    Box::pin(scene.stage.heal()).await?;
    director.play_during(plan.rate / 2.0, sleep(SETTLE)).await;
    Ok([quiet, faults])
}

/// Nothing is under way any more, and all that there is to see is read anew.
async fn come_to_rest(
    plan: &Plan,
    scene: &Scene,
    director: &mut Director,
) -> Result<Option<storm::Storm>> {
    director.finish().await;
    // Instances are compared with themselves, so each must serve whom it served.
    scene.stage.crowd.clients.iter().for_each(Client::go_home);
    sleep(SETTLE).await;
    let behind = everybody_back(scene).await;
    if behind > 0 {
        let what = format!("{behind} clients were not back {RETURN:?} after all was healed");
        scene.stage.complain(what);
    }
    let storm = match plan.storm {
        0 => None,
        count => Some(storm::blow(scene, count).await?),
    };
    sleep(SETTLE).await;
    scene.recorder.record(0, Event::Settled);
    if let Err(error) = afterwards::look_anew(scene, &director.bookings).await {
        let what = format!("what is there could not be read anew: {error:#}");
        scene.stage.complain(what);
    }
    afterwards::look_for_leaks(scene).await?;
    afterwards::look_for_circles(scene)?;
    afterwards::note_resources(&scene.stage).await?;
    Ok(storm)
}

/// One fault after the other until the time is over.
async fn trouble(plan: &Plan, scene: &Scene) -> Result<()> {
    let mut dice = StdRng::seed_from_u64(plan.seed ^ 0x6e65_6d65_7369_7321);
    let ends = Instant::now() + plan.faults;
    let steps = StdRng::seed_from_u64(dice.random());
    let pace = plan.pace.clone();
    let steps: Box<dyn Iterator<Item = Step> + Send> = if plan.only.is_empty() {
        Box::new(schedule(steps, pace))
    } else {
        Box::new(only(plan.only.clone(), steps, pace))
    };
    for step in steps {
        sleep(plan.pace.calm).await;
        if Instant::now() >= ends {
            return Ok(());
        }
        let names: Vec<&str> = step.faults.iter().map(|fault| fault.name()).collect();
        say(&format!("{} for {:?}", names.join(" and "), step.lasts));
        let mut own = [dice.random(), dice.random()].map(StdRng::seed_from_u64);
        Box::pin(scene.stage.perform(&step, &mut own)).await?;
    }
    Ok(())
}

pub(crate) async fn everybody_back(scene: &Scene) -> usize {
    let until = Instant::now() + RETURN;
    while scene.stage.crowd.behind() > 0 && Instant::now() < until {
        sleep(Duration::from_millis(50)).await;
    }
    scene.stage.crowd.behind()
}

/// What goes on, for who waits.
pub(crate) fn say(what: &str) {
    tracing::info!("{what}");
}

/// An empty folder that `PostgreSQL` can pass as another user.
pub fn make_folder(folder: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let is_empty = fs::read_dir(folder)?.next().is_none();
    ensure!(is_empty, "{} is not empty", folder.display());
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
