//! Runs in which nothing is broken: how fast one instance with a real database serves people, at a rate
//! or with so many commands under way, and what becomes of many who want one slot. The same people, client and
//! checker as under faults: a run that breaks a promise fails, however fast it was.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    fs,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tokio::time::sleep;

use super::{
    Histogram, Plan, Site, Stretch, chores, come_to_rest,
    figures::Figures,
    onlookers::{Onlookers, Seen, View},
    race::Race,
    say,
    scene::{Scene, room_for_a_crowd},
};
use crate::{
    bench::{oracle::Faults, process, report::Latency},
    check::{self, report::Report},
    history::Run,
    people::{
        acts::Mix,
        company::Size,
        crowd::Person,
        director::{Director, Sample},
    },
};

/// Promises about faults have nothing to look at in calm: every name has this in it.
const ANY: &str = "";
/// Beyond what a server bears that is an answer, not a fault; it is among the outcomes.
const TURNED_AWAY: &str = "in calm nobody is turned away";

/// People act before anything is measured.
const WARM_UP: Duration = Duration::from_secs(10);
/// Until onlookers have what was done last.
const STILL: Duration = Duration::from_secs(1);

/// What keeps people busy.
#[derive(Debug, Clone, Copy)]
pub enum Pressure {
    /// So many commands a second, whatever becomes of those before.
    Open(f64),
    /// So many under way at any time: the next begins when one ends.
    Closed(usize),
    /// All customers want the same slot, so many times.
    Race(usize),
}

#[derive(Debug, Clone)]
pub struct Calm {
    pub seed: u64,
    pub clients: usize,
    pub size: Size,
    pub duration: Duration,
    pub pressure: Pressure,
    /// Of the server.
    pub instances: usize,
    pub mix: Mix,
    /// Connections besides, of those who only look: 85 in 100 at slots, 13 at boards, two at control rooms.
    pub onlookers: usize,
}

/// What it was like.
#[derive(Debug, Serialize)]
pub struct Served {
    pub scenario: &'static str,
    pub clients: usize,
    pub commands: usize,
    pub commands_per_second: f64,
    /// What the server used for each, deliveries included; the database is not in it.
    pub server_cpu_ms_per_command: f64,
    /// From the intended moment to the outcome.
    pub acknowledged: Latency,
    /// From commit until another client had it.
    pub delivered: Latency,
    pub deliveries: u64,
    /// To those who only look.
    pub onlookers: Seen,
    /// By kind of command and how it was decided, with the code of a refusal.
    pub outcomes: BTreeMap<String, u64>,
    /// Races in which not exactly as many got the slot as there were places.
    pub unfair_races: u64,
    /// Promises that the checker found broken.
    pub broken: Vec<&'static str>,
}

impl Calm {
    /// People as a day has them: 13 in 100 clean, two in 100 are the two screens of a dispatcher,
    /// one in four books, and all others look at slots.
    pub fn crowd(clients: usize, zones: usize) -> Size {
        Size {
            zones,
            cleaners: (clients * 13 / 100).max(zones * 2),
            dispatchers: (clients / 100).max(zones),
            customers: (clients / 4).max(8),
        }
    }

    pub async fn run(&self, site: &Site) -> Result<Served> {
        let plan = Plan {
            size: self.size,
            storm: 0,
            faults: Duration::ZERO,
            // As long as they may live.
            token_seconds: 600,
            settings: room_for_a_crowd(),
            ..Plan::long(self.seed, self.clients, 1.0, self.duration)
        };
        let mut scene = Box::pin(Scene::of_instances(&plan, site, self.instances)).await?;
        let outcomes = scene.outcomes.take().context("a scene is played once")?;
        let mut race = Race::default();
        let outcomes = match self.pressure {
            Pressure::Race(rounds) => race.run(&scene, outcomes, rounds).await?,
            Pressure::Open(_) | Pressure::Closed(_) => outcomes,
        };
        let crowd = Arc::clone(&scene.stage.crowd);
        let mut director = Director::new(crowd, scene.recorder.clone(), outcomes, plan.seed);
        director.mix = self.mix;
        let mut onlookers = None;
        if self.onlookers > 0 {
            say("onlookers come");
            onlookers = Some(Onlookers::come(&scene, self.onlookers, views(&scene))?);
        }
        let processes = server_of(&scene)?;
        let (quiet, used_ns) = self.play(&scene, &mut director, &processes).await?;
        director.finish().await;
        let seen = match onlookers {
            Some(onlookers) => {
                sleep(STILL).await;
                onlookers.look(&scene).await?
            }
            None => Seen::default(),
        };
        come_to_rest(&plan, &scene, &mut director).await?;
        let run = describe(&plan, &scene);
        fs::write(
            site.folder.join("run.json"),
            serde_json::to_vec_pretty(&run)?,
        )?;
        scene.finish_history()?;
        say("the run is checked");
        let checked = Box::pin(check::check(&site.folder, &[ANY.to_owned()])).await?;
        let complaints = scene.complaints();
        ensure!(complaints.is_empty(), "{complaints:?}");
        let mut samples = std::mem::take(&mut director.samples);
        let never = Stretch { from: 0, until: 0 };
        let figures = Figures::of(&site.folder, &run, &samples, quiet, never, None).await?;
        samples.retain(|sample| quiet.holds(sample.at));
        samples.extend(race.samples);
        let mut served = self.tell(&samples, &figures, quiet, race.unfair, &checked);
        served.onlookers = seen;
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let cpu_ms = used_ns as f64 / 1e6;
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let commands = served.commands.max(1) as f64;
        served.server_cpu_ms_per_command = cpu_ms / commands;
        Ok(served)
    }

    /// What time was measured, and what the server used in it.
    async fn play(
        &self,
        scene: &Scene,
        director: &mut Director,
        server: &[u32],
    ) -> Result<(Stretch, u64)> {
        let at = || scene.recorder.at();
        say("people begin");
        let warm_up = sleep(WARM_UP.min(self.duration));
        let (from, before_ns);
        match self.pressure {
            Pressure::Race(_) => {
                let until = at();
                return Ok((Stretch { from: 0, until }, process::cpu_ns(server)?));
            }
            Pressure::Open(rate) => {
                // A day begins with work to do.
                director.mix = Mix::Everything;
                director.play_during(rate, warm_up).await;
                director.mix = self.mix;
                (from, before_ns) = (at(), process::cpu_ns(server)?);
                let cleaners = self.clients.saturating_add(self.onlookers) * 13 / 100;
                let crowd = Arc::clone(&scene.stage.crowd);
                let phones = chores::of_phones(&crowd, cleaners, self.seed);
                let day = async {
                    tokio::select! {
                        () = phones, if self.mix == Mix::Day => {}
                        () = sleep(self.duration) => {}
                    }
                };
                director.play_during(rate, day).await;
            }
            Pressure::Closed(under_way) => {
                director.play_closed(under_way, warm_up).await;
                (from, before_ns) = (at(), process::cpu_ns(server)?);
                director.play_closed(under_way, sleep(self.duration)).await;
            }
        }
        let until = at();
        Ok((
            Stretch { from, until },
            process::cpu_ns(server)? - before_ns,
        ))
    }

    fn tell(
        &self,
        samples: &[Sample],
        figures: &Figures,
        quiet: Stretch,
        unfair_races: u64,
        checked: &Report,
    ) -> Served {
        let mut acknowledged = Histogram::default();
        let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
        for sample in samples {
            acknowledged.add(sample.took);
            let Sample {
                kind,
                outcome,
                code,
                ..
            } = sample;
            let code = code
                .as_deref()
                .map_or(String::new(), |code| format!(", {code}"));
            *outcomes
                .entry(format!("{kind}: {outcome:?}{code}"))
                .or_default() += 1;
        }
        let broken = checked.broken().map(|finding| finding.promise);
        let broken = broken.filter(|promise| *promise != TURNED_AWAY);
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let per_second = samples.len() as f64 / ((quiet.until - quiet.from).max(1) as f64 / 1e6);
        Served {
            scenario: match self.pressure {
                Pressure::Open(_) => "open loop of commands",
                Pressure::Closed(_) => "closed loop of commands",
                Pressure::Race(_) => "race",
            },
            clients: self.clients,
            commands: samples.len(),
            commands_per_second: per_second,
            server_cpu_ms_per_command: 0.0,
            acknowledged: Latency::of(&acknowledged),
            delivered: Latency::of(&figures.delivered_quiet),
            deliveries: figures.deliveries,
            onlookers: Seen::default(),
            outcomes,
            unfair_races,
            broken: broken.collect(),
        }
    }
}

/// What onlookers look at, of today: of a hundred views 85 of slots, 13 of boards, two of control rooms.
fn views(scene: &Scene) -> Vec<View> {
    let crowd = &scene.stage.crowd;
    let token = |people: &[Person]| {
        let first = people.first();
        first.map(|person| person.member.tokens.access.clone())
    };
    let staff = token(&crowd.dispatchers);
    // So many that each zone has its share.
    let views = (0..100 * crowd.places.len()).map(|number| {
        let place = &crowd.places[number / 100];
        match number % 100 {
            0..85 => (place.slots[0].topic.name.clone(), None),
            85..98 => (format!("board:{}", place.slug), staff.clone()),
            _ => (place.control[0].topic.name.clone(), staff.clone()),
        }
    });
    views.collect()
}

pub(super) fn server_of(scene: &Scene) -> Result<Vec<u32>> {
    let instances = scene.stage.cluster.instances().iter();
    let ids = instances.map(|each| each.process().id().context("the server runs"));
    ids.collect()
}

fn describe(plan: &Plan, scene: &Scene) -> Run {
    let cluster = &scene.stage.cluster;
    let instances = cluster.instances().iter();
    Run {
        seed: plan.seed,
        started_at: scene.recorder.started_at(),
        database_url: cluster.database_url(),
        instances: instances.map(crate::cluster::Instance::url).collect(),
        canaries: scene.canaries.listed(),
    }
}

impl Served {
    pub fn is_good(&self) -> bool {
        self.broken.is_empty()
            && self.unfair_races == 0
            && self.commands > 0
            && self.onlookers.is_good()
    }
}

impl Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "| {name:<52} | {value:>12} |");
        row(self.scenario, String::new())?;
        row("---", "---:".to_owned())?;
        row("clients", self.clients.to_string())?;
        row("commands", self.commands.to_string())?;
        row(
            "commands with an outcome per second",
            format!("{:.1}", self.commands_per_second),
        )?;
        for (what, latency) in [
            ("acknowledged", self.acknowledged),
            ("commit to another client", self.delivered),
        ] {
            row(&format!("{what} p50, ms"), format!("{:.2}", latency.p50_ms))?;
            row(&format!("{what} p90, ms"), format!("{:.2}", latency.p90_ms))?;
            row(&format!("{what} p99, ms"), format!("{:.2}", latency.p99_ms))?;
            row(
                &format!("{what} p99.9, ms"),
                format!("{:.2}", latency.p999_ms),
            )?;
            row(&format!("{what} max, ms"), format!("{:.2}", latency.max_ms))?;
        }
        row("deliveries", self.deliveries.to_string())?;
        row(
            "server's CPU per command, deliveries included, ms",
            format!("{:.2}", self.server_cpu_ms_per_command),
        )?;
        row("onlookers", self.onlookers.connections.to_string())?;
        row(
            "deliveries to onlookers",
            self.onlookers.deliveries.to_string(),
        )?;
        let Faults {
            lost,
            duplicated,
            out_of_order,
        } = self.onlookers.faults;
        row(
            "lost, duplicated, out of order at onlookers",
            format!("{lost}, {duplicated}, {out_of_order}"),
        )?;
        for (reason, count) in &self.onlookers.ended {
            row(
                &format!("onlookers that ended: {reason}"),
                count.to_string(),
            )?;
        }
        row("unfair races", self.unfair_races.to_string())?;
        for (outcome, count) in &self.outcomes {
            row(outcome, count.to_string())?;
        }
        for promise in &self.broken {
            row(promise, "BROKEN".to_owned())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Served {
        Served {
            scenario: "race",
            clients: 100,
            commands: 10,
            commands_per_second: 1.0,
            acknowledged: Latency::default(),
            delivered: Latency::default(),
            deliveries: 1,
            server_cpu_ms_per_command: 1.0,
            onlookers: Seen::default(),
            outcomes: BTreeMap::new(),
            unfair_races: 0,
            broken: Vec::new(),
        }
    }

    #[test]
    fn a_run_with_anything_wrong_is_not_good() {
        assert!(served().is_good());
        let unfair = Served {
            unfair_races: 1,
            ..served()
        };
        let broken = Served {
            broken: vec!["no cleaner is in two places"],
            ..served()
        };
        let empty = Served {
            commands: 0,
            ..served()
        };
        let mut blind = served();
        blind.onlookers.faults.lost = 1;
        assert!(
            [unfair, broken, empty, blind]
                .iter()
                .all(|served| !served.is_good())
        );
    }

    #[test]
    fn the_crowd_of_a_day_leaves_room_for_those_who_only_look() {
        for clients in [100, 1000, 10_000] {
            let size = Calm::crowd(clients, 10);
            let with_devices = size.cleaners + size.customers + 2 * size.dispatchers;
            assert!(with_devices <= clients, "{clients}: {size:?}");
        }
    }
}
