//! Faults of clients and of what lies between them and the instances: they are cut off without a
//! word, read slowly, or all come back at once.

use std::time::Duration;

use anyhow::Result;
use rand::{Rng as _, seq::IndexedRandom as _};

use super::{Fault, Ordeal};
use crate::proxy::{Door, Flow, Passage, Weather};

/// A poor line.
const SLOW_BYTES_PER_SECOND: u32 = 2_000;
/// Of all clients, how many come back at once in a storm.
const STORM_SHARE: f64 = 0.5;
/// Of all clients, how many do not read.
const DEAF_SHARE: f64 = 0.05;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
pub(super) async fn inflict(mut ordeal: Ordeal<'_>) -> Result<()> {
    let target = "clients";
    ordeal.begun(target);
    match ordeal.fault {
        Fault::ClientsHeld => {
            let held = Passage {
                flow: Flow::Held,
                ..Passage::default()
            };
            weather(
                &ordeal,
                &Weather {
                    door: Door::Silent,
                    ..Weather::both(held)
                },
            );
            ordeal.endure().await;
        }
        Fault::ClientsSlow => {
            weather(
                &ordeal,
                &Weather {
                    door: Door::Open,
                    up: Passage::default(),
                    down: Passage {
                        bytes_per_second: Some(SLOW_BYTES_PER_SECOND),
                        ..Passage::default()
                    },
                },
            );
            let lasts = ordeal.lasts;
            each(&mut ordeal, DEAF_SHARE, |client, _| client.stall(lasts));
            ordeal.endure().await;
            // What has piled up would take the poor line long after all is well.
            for wire in &ordeal.stage.client_wires {
                wire.cut();
            }
        }
        _ => {
            for wire in &ordeal.stage.client_wires {
                wire.cut();
            }
            each(&mut ordeal, STORM_SHARE, |client, pause| {
                client.drop_connection(pause);
            });
        }
    }
    for wire in &ordeal.stage.client_wires {
        wire.heal();
    }
    ordeal.healed(target);
    Ok(())
}

fn weather(ordeal: &Ordeal<'_>, weather: &Weather) {
    for wire in &ordeal.stage.client_wires {
        wire.set_weather(weather.clone());
    }
}

/// Does something to a share of all clients.
fn each(ordeal: &mut Ordeal<'_>, share: f64, act: impl Fn(&crate::client::Client, Duration)) {
    let clients = &ordeal.stage.crowd.clients;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of some thousand"
    )]
    let count = (clients.len() as f64 * share).ceil() as usize;
    let places: Vec<usize> = (0..clients.len()).collect();
    for place in places
        .choose_multiple(ordeal.dice, count)
        .copied()
        .collect::<Vec<_>>()
    {
        let pause = Duration::from_millis(ordeal.dice.random_range(0..50));
        act(&clients[place], pause);
    }
}
