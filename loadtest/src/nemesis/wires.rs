//! Faults between one instance and Redis or `PostgreSQL`.

use std::time::Duration;

use anyhow::Result;
use rand::Rng as _;

use super::{Fault, Ordeal, name_of};
use crate::proxy::{CommitLoss, Door, Flow, Passage, Proxy, Weather};

/// A long way, there and back each.
const DELAY: Duration = Duration::from_millis(40);
/// Connections differ by up to this: what one says later arrives sooner.
const SPREAD: Duration = Duration::from_millis(250);
/// COMMITs that are lost in one fault.
const COMMITS: u32 = 5;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
pub(super) async fn inflict(mut ordeal: Ordeal<'_>) -> Result<()> {
    let instance = ordeal.some_instance();
    let target = name_of(instance);
    let (redis, postgres) = (instance.redis_wire(), instance.postgres_wire());
    let wire = match ordeal.fault {
        Fault::RedisCut | Fault::RedisDelay | Fault::RedisHold | Fault::RedisReorder => redis,
        _ => postgres,
    };
    ordeal.begun(&target);
    match ordeal.fault {
        Fault::RedisCut | Fault::PostgresCut => cut(wire, &mut ordeal),
        Fault::RedisDelay | Fault::PostgresDelay => late(wire, DELAY, Duration::ZERO),
        Fault::RedisReorder | Fault::PostgresReorder => late(wire, Duration::ZERO, SPREAD),
        Fault::RedisHold | Fault::PostgresHold => hold(wire, &mut ordeal),
        Fault::CommitReply => wire.lose_commits(COMMITS, CommitLoss::Reply),
        _ => wire.lose_commits(COMMITS, CommitLoss::Request),
    }
    ordeal.endure().await;
    wire.heal();
    ordeal.healed(&target);
    Ok(())
}

/// Once, or for good.
fn cut(wire: &Proxy, ordeal: &mut Ordeal<'_>) {
    if ordeal.dice.random() {
        wire.cut();
    } else {
        wire.sever();
    }
}

fn late(wire: &Proxy, delay: Duration, spread: Duration) {
    wire.set_weather(Weather::both(Passage {
        delay,
        spread,
        ..Passage::default()
    }));
}

/// Nothing passes any more, in both directions or back only.
fn hold(wire: &Proxy, ordeal: &mut Ordeal<'_>) {
    let held = Passage {
        flow: Flow::Held,
        ..Passage::default()
    };
    let up = if ordeal.dice.random() {
        held.clone()
    } else {
        Passage::default()
    };
    wire.set_weather(Weather {
        door: Door::Silent,
        up,
        down: held,
    });
}
