//! Faults of instances: killed, stopped in their tracks, restarted one after the other, with a wall
//! clock that jumps.

use anyhow::Result;
use rand::{Rng as _, seq::IndexedRandom as _};

use super::{Fault, Ordeal, name_of};
use crate::cluster::{Cluster, Offset};

/// Seconds by which clocks jump: past the life of tokens, and past a day.
const JUMPS: [i64; 4] = [-86_400 * 2, -90, 90, 3_600];

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
pub(super) async fn inflict(mut ordeal: Ordeal<'_>) -> Result<()> {
    match ordeal.fault {
        Fault::InstanceKill => kill(&mut ordeal).await,
        Fault::InstancePause => pause(&mut ordeal).await,
        Fault::RollingRestart => rolling_restart(&ordeal).await,
        _ => jump(&mut ordeal).await,
    }
}

async fn kill(ordeal: &mut Ordeal<'_>) -> Result<()> {
    let instance = ordeal.some_instance();
    let target = name_of(instance);
    ordeal.begun(&target);
    instance.kill().await;
    ordeal.endure().await;
    ordeal.stage.revive(instance).await?;
    ordeal.healed(&target);
    Ok(())
}

async fn pause(ordeal: &mut Ordeal<'_>) -> Result<()> {
    let instance = ordeal.some_instance();
    let target = name_of(instance);
    ordeal.begun(&target);
    instance.process().pause();
    ordeal.endure().await;
    instance.process().resume();
    ordeal.stage.revive(instance).await?;
    ordeal.healed(&target);
    Ok(())
}

async fn rolling_restart(ordeal: &Ordeal<'_>) -> Result<()> {
    ordeal.begun("all instances");
    for instance in ordeal.stage.cluster.instances() {
        instance.terminate().await;
        ordeal.stage.revive(instance).await?;
    }
    ordeal.healed("all instances");
    Ok(())
}

async fn jump(ordeal: &mut Ordeal<'_>) -> Result<()> {
    if !Cluster::can_jump_clocks() {
        return Ok(());
    }
    // Only the last one was started with a clock that can.
    let instances = ordeal.stage.cluster.instances();
    let Some(instance) = instances.last() else {
        return Ok(());
    };
    let offset = *JUMPS.choose(ordeal.dice).expect("a list");
    let wobble = ordeal.dice.random_range(-5..=5);
    let target = format!("{} by {} s", name_of(instance), offset + wobble);
    ordeal.begun(&target);
    instance.jump_clock(Offset(offset + wobble))?;
    ordeal.endure().await;
    instance.jump_clock(Offset(0))?;
    ordeal.healed(&target);
    Ok(())
}
