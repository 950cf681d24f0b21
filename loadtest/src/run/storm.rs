//! A reconnect storm: thousands of strangers watch slots, all lose their connections in the same
//! instant, and come back.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tokio::{sync::mpsc::unbounded_channel, time::sleep};

use super::{say, scene::Scene};
use crate::{
    client::{Client, Settings, Topic},
    history::{Event, Role},
};

/// Numbers of these clients begin here.
const FIRST: u32 = 1_000_000;
/// They come in at this pace at first.
const ARRIVALS_PER_LOOK: usize = 50;
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_mins(2);

/// How a storm went.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    pub clients: usize,
    /// Until all were live again.
    pub took: Duration,
}

/// Gathers so many, cuts all of them off, and waits until all are back.
pub(super) async fn blow(scene: &Scene, count: usize) -> Result<Storm> {
    say(&format!("{count} come back at once"));
    let places = &scene.stage.crowd.places;
    let topics: Vec<&Arc<Topic>> = places
        .iter()
        .flat_map(|place| place.slots.iter().map(|watched| &watched.topic))
        .collect();
    // They give no commands.
    let (done, _none) = unbounded_channel();
    let mut clients = Vec::new();
    for (number, place) in (FIRST..).zip(0..count) {
        let (user, role) = (None, Role::Guest);
        scene.recorder.record(number, Event::Person { user, role });
        let client = Client::spawn(Settings {
            number,
            doors: Arc::clone(&scene.doors),
            instance: place % scene.doors.instances.len(),
            tokens: None,
            recorder: scene.recorder.clone(),
            done: done.clone(),
            seed: u64::from(number),
        });
        client.follow(Arc::clone(topics[place % topics.len()]));
        clients.push(client);
        if place % ARRIVALS_PER_LOOK == 0 {
            sleep(LOOK).await;
        }
    }
    let arrived = all_live(&clients, &HashSet::new()).await;
    ensure!(arrived, "not all of {count} got in");
    let before: HashSet<String> = clients.iter().filter_map(Client::connection).collect();
    let began = Instant::now();
    for client in &clients {
        client.drop_connection(Duration::ZERO);
    }
    let came_back = all_live(&clients, &before).await;
    let took = began.elapsed();
    ensure!(came_back, "not all of {count} came back");
    for client in clients {
        client.stop().await;
    }
    Ok(Storm {
        clients: count,
        took,
    })
}

/// On connections other than these.
async fn all_live(clients: &[Client], before: &HashSet<String>) -> bool {
    let until = Instant::now() + PATIENCE;
    let is_live = |client: &Client| {
        client.is_caught_up() && client.connection().is_some_and(|id| !before.contains(&id))
    };
    while Instant::now() < until {
        if clients.iter().all(is_live) {
            return true;
        }
        sleep(LOOK).await;
    }
    false
}
