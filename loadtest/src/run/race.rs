//! Many customers want one slot at once: exactly as many may get it as there are places.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{json, value::RawValue};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{say, scene::Scene};
use crate::{
    client::{Command, Done},
    history::Outcome,
    people::{company::SERVICES, director::Sample},
};

/// How long an outcome matters.
const PATIENCE: Duration = Duration::from_secs(20);
/// Until holds that were given back are free again for all to see.
const FREED: Duration = Duration::from_secs(10);

/// Many customers and one slot, again and again.
#[derive(Default)]
pub(super) struct Race {
    pub samples: Vec<Sample>,
    /// Races in which not exactly as many got the slot as there were places.
    pub unfair: u64,
}

impl Race {
    pub(super) async fn run(
        &mut self,
        scene: &Scene,
        mut outcomes: UnboundedReceiver<Done>,
        rounds: usize,
    ) -> Result<UnboundedReceiver<Done>> {
        for round in 1..=rounds {
            let crowd = &scene.stage.crowd;
            let (zone, start, places) = slot(scene).context("no slot has room")?;
            let parameters = json!({ "zone": crowd.places[zone].slug, "service": SERVICES[0].slug, "start": start });
            let wishes = crowd
                .customers
                .iter()
                .map(|person| (person.clients[0], "hold.place", parameters.clone()));
            let done = ask(scene, &mut outcomes, wishes).await?;
            let won = done.iter().filter(|done| done.outcome == Outcome::Accepted);
            let holds: Vec<_> = won
                .filter_map(|done| Some((done.client as usize - 1, hold(done)?)))
                .collect();
            let wanted = usize::try_from(places)?.min(crowd.customers.len());
            say(&format!(
                "round {round}: {} of {} got one of {places} places",
                holds.len(),
                done.len()
            ));
            if holds.len() != wanted {
                self.unfair += 1;
            }
            self.samples
                .extend(done.into_iter().map(|done| sample(scene, done)));
            let releases = holds
                .into_iter()
                .map(|(client, hold)| (client, "hold.release", json!({ "hold": hold })));
            ask(scene, &mut outcomes, releases).await?;
            let freed = Instant::now() + FREED;
            while free(scene, zone, start) != Some(places) {
                ensure!(
                    Instant::now() < freed,
                    "what was given back is not free again"
                );
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(outcomes)
    }
}

/// The slot of a crew of one with the fewest places.
fn slot(scene: &Scene) -> Option<(usize, Timestamp, i64)> {
    let places = scene.stage.crowd.places.iter().enumerate();
    let slots = places.filter_map(|(zone, place)| {
        let seen = place.slots.last()?.look();
        let ours = seen
            .view
            .0
            .iter()
            .filter(|((service, _), free)| service == SERVICES[0].slug && **free > 0);
        ours.map(|((_, start), free)| (zone, *start, *free))
            .min_by_key(|(_, start, free)| (*free, *start))
    });
    slots.min_by_key(|(_, _, free)| *free)
}

fn free(scene: &Scene, zone: usize, start: Timestamp) -> Option<i64> {
    let seen = scene.stage.crowd.places[zone].slots.last()?.look();
    seen.view
        .0
        .get(&(SERVICES[0].slug.to_owned(), start))
        .copied()
}

/// All at once; what became of each.
async fn ask(
    scene: &Scene,
    outcomes: &mut UnboundedReceiver<Done>,
    wishes: impl Iterator<Item = (usize, &'static str, serde_json::Value)>,
) -> Result<Vec<Done>> {
    let mut left = 0;
    for (client, kind, parameters) in wishes {
        let parameters = RawValue::from_string(parameters.to_string())?;
        scene.stage.crowd.clients[client].command(Command {
            id: Uuid::now_v7(),
            kind,
            parameters: Arc::from(parameters),
            intended: Instant::now(),
            patience: PATIENCE,
        });
        left += 1;
    }
    let mut all = Vec::with_capacity(left);
    while all.len() < left {
        let done = timeout(PATIENCE * 2, outcomes.recv())
            .await
            .context("an outcome is missing")?;
        all.push(done.context("all clients have gone")?);
    }
    Ok(all)
}

fn hold(done: &Done) -> Option<Uuid> {
    #[derive(serde::Deserialize)]
    struct Placed {
        hold: Uuid,
    }
    let placed: Placed = serde_json::from_str(done.result.as_ref()?.get()).ok()?;
    Some(placed.hold)
}

fn sample(scene: &Scene, done: Done) -> Sample {
    Sample {
        at: scene.recorder.at(),
        took: u64::try_from(done.took.as_micros()).unwrap_or(u64::MAX),
        kind: done.command.kind,
        outcome: done.outcome,
        code: done.code,
        tries: done.tries,
    }
}
