//! What phones do by themselves on a day: they tell where their cleaners are, and lose their network.

use std::time::Duration;

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::time::{MissedTickBehavior, interval};

use crate::people::crowd::Crowd;

/// Each cleaner's position comes once in this time...
const POSITION_EVERY: Duration = Duration::from_secs(10);
/// ...and each phone loses its network once in this...
const LOST_EVERY: Duration = Duration::from_mins(1);
/// ...for up to this long.
const LOST_FOR: Duration = Duration::from_secs(3);
const TICK: Duration = Duration::from_millis(50);

/// As many reports and losses as this many cleaners make, by those who are there. It has no end.
pub(super) async fn of_phones(crowd: &Crowd, cleaners: usize, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed ^ 0x7068_6f6e_6573);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let [mut reports, mut losses] = [0.0, 0.0];
    loop {
        ticks.tick().await;
        reports += in_a_tick(cleaners, POSITION_EVERY);
        losses += in_a_tick(cleaners, LOST_EVERY);
        while reports >= 1.0 {
            reports -= 1.0;
            let Some(person) = crowd.cleaners.choose(&mut dice) else {
                return;
            };
            let place = [dice.random_range(10.0..10.1), dice.random_range(50.0..50.1)];
            crowd.clients[person.clients[0]].tell_location(place);
        }
        while losses >= 1.0 {
            losses -= 1.0;
            let Some(person) = crowd.cleaners.choose(&mut dice) else {
                return;
            };
            let pause = LOST_FOR.mul_f64(dice.random());
            crowd.clients[person.clients[0]].drop_connection(pause);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "people are few")]
fn in_a_tick(people: usize, every: Duration) -> f64 {
    people as f64 * TICK.as_secs_f64() / every.as_secs_f64()
}
