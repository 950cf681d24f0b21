//! When everything is at rest: what each channel is now, read by new connections; who is on the lists
//! of presence; what the processes hold; and whether a canary has got where it must not be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::scene::Scene;
use crate::{
    client::{
        Topic,
        wire::{Frame, Reply},
    },
    history::{Event, Position, Role},
    nemesis::Stage,
    people::{canary::MARKER, crowd::Person},
};

/// A connection follows at most 128.
const CHANNELS_AT_ONCE: usize = 100;
/// What is absent or not theirs.
const DENIED: u32 = 103;
/// For all snapshots of a connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a database server writes when it has broken a circle.
const DEADLOCK: &str = "ERROR:  deadlock detected";
/// Lists of presence that are read: they differ by channel, not by reader.
const LISTS: usize = 24;

/// Writes down what every instance's process holds.
pub(super) async fn note_resources(stage: &Stage) -> Result<()> {
    for (number, instance) in stage.cluster.instances().iter().enumerate() {
        let held = instance.resources().await?;
        stage.recorder.record(
            0,
            Event::Resources {
                instance: number,
                rss_bytes: held.rss_bytes,
                descriptors: held.descriptors,
                tasks: held.tasks.unwrap_or(0),
            },
        );
    }
    Ok(())
}

/// Reads every watched channel anew, as each role that watches it.
pub(super) async fn look_anew(scene: &Scene, bookings: &[(u32, Arc<Topic>)]) -> Result<()> {
    let crowd = &scene.stage.crowd;
    let mut readings: Vec<(Role, Option<String>, BTreeSet<String>)> = Vec::new();
    let slots = crowd.places.iter().flat_map(|place| &place.slots);
    let slots: BTreeSet<String> = slots.map(|watched| watched.topic.name.clone()).collect();
    readings.push((Role::Guest, None, slots.clone()));
    let control = crowd.places.iter().flat_map(|place| &place.control);
    let staff = control
        .map(|watched| watched.topic.name.clone())
        .chain(slots);
    let dispatcher = crowd.dispatchers.first().context("there are dispatchers")?;
    let token = Some(dispatcher.member.tokens.access.clone());
    readings.push((Role::Dispatcher, token, staff.collect()));
    for cleaner in &crowd.cleaners {
        let board = &crowd.places[cleaner.member.zone].slug;
        let own = [
            format!("agenda:{}", cleaner.member.user),
            format!("board:{board}"),
        ];
        let token = Some(cleaner.member.tokens.access.clone());
        readings.push((Role::Cleaner, token, own.into()));
    }
    let mut followed: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (client, topic) in bookings {
        let channels = followed.entry(*client as usize - 1).or_default();
        channels.insert(topic.name.clone());
    }
    for customer in &crowd.customers {
        let mut own = first_device(customer, &mut followed);
        own.insert(format!("customer:{}", customer.member.user));
        // The others are renewed by their own clients.
        let token = customer.member.tokens.spare.clone();
        readings.push((Role::Customer, token, own));
    }
    let addresses = &scene.doors.instances;
    for (number, (role, token, channels)) in readings.into_iter().enumerate() {
        let address = addresses[number % addresses.len()];
        let channels: Vec<String> = channels.into_iter().collect();
        for some in channels.chunks(CHANNELS_AT_ONCE) {
            for fresh in snapshots(address, role, token.as_deref(), some).await? {
                scene.recorder.record(0, fresh);
            }
        }
    }
    list_presence(&scene.stage).await
}

fn first_device(
    person: &Person,
    followed: &mut BTreeMap<usize, BTreeSet<String>>,
) -> BTreeSet<String> {
    let device = person.clients.first();
    device
        .and_then(|device| followed.remove(device))
        .unwrap_or_default()
}

/// Snapshots of these channels, by one new connection.
async fn snapshots(
    address: SocketAddr,
    role: Role,
    token: Option<&str>,
    channels: &[String],
) -> Result<Vec<Event>> {
    let stream = TcpStream::connect(address).await?;
    let url = format!("ws://{address}/connection/websocket");
    let (mut socket, _) = client_async(url, stream).await?;
    let mut frame = Frame::default();
    frame.connect(1, token);
    for (id, channel) in (2..).zip(channels) {
        frame.subscribe(id, channel, None);
    }
    socket.send(Message::text(frame.take())).await?;
    let mut found = Vec::new();
    let reading = async {
        while found.len() < channels.len() {
            let Some(Message::Text(text)) = socket.next().await.transpose()? else {
                bail!("the connection ended");
            };
            for line in text.lines() {
                let reply: Reply<'_> = serde_json::from_str(line)?;
                let Some(channel) = (reply.id as usize).checked_sub(2) else {
                    continue;
                };
                found.push(fresh(role, &channels[channel], &reply)?);
            }
        }
        anyhow::Ok(())
    };
    timeout(PATIENCE, reading)
        .await
        .context("fresh snapshots")??;
    socket.close(None).await?;
    Ok(found.into_iter().flatten().collect())
}

/// None: a booking that is no more, since the database went back.
fn fresh(role: Role, channel: &str, reply: &Reply<'_>) -> Result<Option<Event>> {
    let denied = reply
        .error
        .as_ref()
        .is_some_and(|error| error.code == DENIED);
    if denied && channel.starts_with("booking:") {
        return Ok(None);
    }
    let result = reply.subscribe.as_ref();
    let result = result.with_context(|| format!("{role:?} may not read {channel}: {reply:?}"))?;
    Ok(Some(Event::Fresh {
        channel: channel.to_owned(),
        role,
        position: Position {
            offset: result.offset,
            epoch: result.epoch.clone().context("a durable channel")?,
        },
        snapshot: result.data.context("a snapshot")?.to_owned(),
    }))
}

#[derive(Deserialize)]
struct Listed {
    presence: BTreeMap<String, Box<RawValue>>,
}

/// Asks for lists of presence, as staff may.
async fn list_presence(stage: &Stage) -> Result<()> {
    let crowd = &stage.crowd;
    let reader = crowd.dispatchers.first().context("there are dispatchers")?;
    let reader = &crowd.clients[reader.clients[0]];
    // Of the durable channels, only control rooms tell who is there.
    let control = crowd.places.iter().flat_map(|place| &place.control);
    for channel in control.map(|watched| &watched.topic.name).take(LISTS) {
        let listed = reader.presence(channel).await;
        let listed: Listed = serde_json::from_str(&listed)
            .with_context(|| format!("who is on {channel}: {listed}"))?;
        stage.recorder.record(
            0,
            Event::Present {
                channel: channel.clone(),
                clients: listed.presence.into_keys().collect(),
            },
        );
    }
    Ok(())
}

/// Looks for canaries in all logs and metrics.
pub(super) async fn look_for_leaks(scene: &Scene) -> Result<()> {
    let found = |place: String, text: &str| {
        if let Some((_, rest)) = text.split_once(MARKER) {
            let rest: String = rest.chars().take(12).collect();
            let text = format!("{MARKER}{rest}");
            scene.recorder.record(0, Event::Leaked { text, place });
        }
    };
    for path in instance_logs(&scene.folder)? {
        let bytes = fs::read(&path)?;
        found(path.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
    for instance in scene.stage.cluster.instances() {
        let place = format!("metrics of instance-{}", instance.number());
        found(place, &instance.metrics().await?);
    }
    Ok(())
}

/// Counts in the database servers' logs the circles that they had to break.
pub(super) fn look_for_circles(scene: &Scene) -> Result<()> {
    for path in logs(&scene.folder.join("cluster/postgres"))? {
        let log = fs::read(&path)?;
        let log = String::from_utf8_lossy(&log);
        let count = log.matches(DEADLOCK).count() as u64;
        let place = path.display().to_string();
        scene.recorder.record(0, Event::Deadlocks { count, place });
    }
    Ok(())
}

/// What the instances have written. `PostgreSQL`'s own log quotes statements, and is no concern here.
fn instance_logs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = logs(&folder.join("cluster"))?;
    paths.retain(|path| {
        let name = path.file_stem().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("instance-"))
    });
    Ok(paths)
}

fn logs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "log"));
    Ok(paths)
}
