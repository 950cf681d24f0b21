//! Simulated people, who use the same doors as everybody: they sign in, read channels and give
//! commands over HTTP. One of them does something every few seconds, where it is day.
//!
//! They act for the demo's own people only, never for those that visitors sign in as, and leave
//! alone what visitors have booked. What is refused is let go: somebody else was faster.

mod client;
mod rides;
mod scene;
mod troupe;

use std::{net::SocketAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub use self::{
    client::{Client, Trouble},
    troupe::{Habits, Household, Place, Player, Sold, Troupe},
};

use self::scene::{Act, Scene};
use super::dice::Dice;
use crate::{
    audience::{Body, Channel, SlotsBody},
    domain::ids::AccountId,
    store::Pools,
};

/// Lets people act until told to stop.
pub(super) async fn run(
    pools: Pools,
    server: SocketAddr,
    pause_ms: RangeInclusive<i64>,
    stop: CancellationToken,
) {
    let mut life = Life::new(Client::new(pools, server), Troupe::of_the_demo(), "life");
    loop {
        let pause = Duration::from_millis(
            u64::try_from(life.dice.between(*pause_ms.start(), *pause_ms.end())).unwrap_or(0),
        );
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let acted = tokio::select! {
            () = stop.cancelled() => return,
            acted = life.act(Timestamp::now()) => acted,
        };
        if let Err(trouble) = acted {
            tracing::debug!(%trouble, "a simulated person let it be");
        }
    }
}

/// Phones that report at once, and how far from now their time may be.
const RIDES: usize = 3;
const REAL_TIME: SignedDuration = SignedDuration::from_secs(30);

/// A hold of a simulated customer.
struct Held {
    by: Household,
    hold: Value,
}

/// The troupe at play: each call of [`Life::act`] is one thing that one of them does.
pub struct Life {
    client: Client,
    troupe: Troupe,
    dice: Dice,
    holds: Vec<Held>,
    bookings: Vec<(Household, Value)>,
}

impl Life {
    /// The same seed plays the same way, as far as others let it.
    pub fn new(client: Client, troupe: Troupe, seed: &str) -> Self {
        Self {
            client,
            troupe,
            dice: Dice::of(seed),
            holds: Vec::new(),
            bookings: Vec::new(),
        }
    }

    /// One thing, somewhere that is open.
    pub async fn act(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let open: Vec<_> = self
            .troupe
            .places
            .iter()
            .filter(|place| place.is_open(now))
            .collect();
        let Some(place) = self.dice.pick(&open).map(|place| (*place).clone()) else {
            return Ok(());
        };
        let scene = self.look_at(&place, now).await?;
        self.ride(&scene, now).await;
        if let Some(act) = scene.due() {
            return self.give(act).await;
        }
        let act = match self.dice.between(1, 100) {
            ..=45 => return self.shop(&place, now).await,
            46..=60 => scene.claim(&mut self.dice),
            61..=78 => scene.pause_or_resume(&mut self.dice),
            79..=95 => scene.take_a_break(&mut self.dice),
            _ => scene.withdraw(&mut self.dice),
        };
        match act {
            Some(act) => self.give(act).await,
            None => Ok(()),
        }
    }

    /// Phones tell where they are. They have the real time, so there are none in a play of another.
    async fn ride(&mut self, scene: &Scene, now: Timestamp) {
        if now.duration_since(Timestamp::now()).abs() > REAL_TIME {
            return;
        }
        for report in scene.rides(RIDES) {
            if let Err(trouble) = self.give(report).await {
                tracing::debug!(%trouble, "a simulated phone was not heard");
            }
        }
    }

    /// The control room of a zone's day.
    async fn look_at(&mut self, place: &Place, now: Timestamp) -> Result<Scene, Trouble> {
        let channel = Channel::Control {
            zone: place.zone.slug.clone(),
            date: place.zone.date_at(now),
        };
        let reader = Some(&self.troupe.control);
        let body: Body = self.client.read(reader, &channel).await?;
        let (players, services) = (&self.troupe.players, &self.troupe.services);
        Ok(Scene::new(
            body.set,
            Arc::clone(players),
            Arc::clone(services),
            now,
        ))
    }

    async fn give(&mut self, act: Act) -> Result<(), Trouble> {
        self.command(act.by, act.kind, &act.parameters).await?;
        Ok(())
    }

    /// Gives a command as one of the troupe and returns its result.
    async fn command(
        &mut self,
        by: AccountId,
        kind: &str,
        parameters: &Value,
    ) -> Result<Value, Trouble> {
        let Some(player) = self.troupe.players.get(&by) else {
            return Ok(Value::Null);
        };
        self.client.give(player, kind, parameters).await
    }

    /// Customers look for a time, hold it, think it over; now and then one books.
    async fn shop(&mut self, place: &Place, now: Timestamp) -> Result<(), Trouble> {
        if self.holds.len() < self.troupe.habits.holds {
            return self.hold(place, now).await;
        }
        let Held { by, hold } = self.holds.remove(0);
        if !self.dice.percent(u32::from(self.troupe.habits.booked)) {
            let parameters = json!({ "hold": hold });
            self.command(by.customer, "hold.release", &parameters)
                .await?;
            return Ok(());
        }
        let parameters = json!({ "hold": hold, "property": by.property });
        let result = self
            .command(by.customer, "booking.confirm", &parameters)
            .await?;
        self.bookings.push((by, result["booking"].clone()));
        if self.bookings.len() > self.troupe.habits.bookings {
            let (by, booking) = self.bookings.remove(0);
            let parameters = json!({ "booking": booking, "reason": "The plans have changed." });
            self.command(by.customer, "booking.cancel", &parameters)
                .await?;
        }
        Ok(())
    }

    async fn hold(&mut self, place: &Place, now: Timestamp) -> Result<(), Trouble> {
        let Some(by) = self.dice.pick(&place.households).cloned() else {
            return Ok(());
        };
        let zone = &place.zone;
        let days = jiff::Span::new().days(
            self.dice
                .between(0, i64::from(self.troupe.habits.days_ahead)),
        );
        let channel = Channel::Slots {
            zone: zone.slug.clone(),
            date: zone.date_at(now) + days,
        };
        let slots: SlotsBody = self.client.read(None, &channel).await?;
        let Some(slot) = scene::choose_slot(&slots, &self.troupe, now, &mut self.dice) else {
            return Ok(());
        };
        let parameters = json!({
            "zone": zone.slug, "service": slot.service, "start": slot.start,
        });
        let result = self.command(by.customer, "hold.place", &parameters).await?;
        let hold = result["hold"].clone();
        self.holds.push(Held { by, hold });
        Ok(())
    }
}
