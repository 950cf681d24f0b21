//! Faults of Redis. It is a wire: whatever becomes of it, nobody is more than a second behind.

use anyhow::Result;

use super::{Fault, Ordeal};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those of the other families are inflicted by their files"
)]
pub(super) async fn inflict(ordeal: Ordeal<'_>) -> Result<()> {
    let redis = ordeal.stage.cluster.redis();
    ordeal.begun("redis");
    match ordeal.fault {
        Fault::RedisKill => {
            redis.kill().await;
            ordeal.endure().await;
            redis.restart().await?;
        }
        Fault::RedisRestart => redis.restart().await?,
        Fault::RedisFlush => redis.flush_all().await?,
        Fault::RedisPause => {
            redis.process().pause();
            ordeal.endure().await;
            redis.process().resume();
        }
        _ => {
            redis.kill_listeners().await?;
        }
    }
    ordeal.healed("redis");
    Ok(())
}
