//! Simulated people, who use the same doors as everybody: they sign in, read channels and give
//! commands over HTTP. One of them does something every few seconds, where it is day.
//!
//! They act for the demo's own people only, never for those that visitors sign in as, and leave
//! alone what visitors have booked. What is refused is let go: somebody else was faster.

mod client;
mod scene;

use std::{collections::BTreeMap, net::SocketAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::{
    client::{Client, Trouble},
    scene::{Act, Scene},
};
use super::{
    company::{SITES, Site, services},
    dice::Dice,
    people::{Person, everybody, staff_of},
};
use crate::{
    audience::{Body, Channel, SlotsBody},
    domain::{Role, ids::AccountId},
    store::Pools,
};

/// Holds that simulated customers have at once.
const HOLDS: usize = 4;
/// Bookings that they keep; beyond, the oldest is called off.
const BOOKINGS: usize = 20;
/// How far ahead they look, in days.
const LOOK_AHEAD: i64 = 6;

/// Lets people act until told to stop.
pub(super) async fn run(
    pools: Pools,
    server: SocketAddr,
    pause_ms: RangeInclusive<i64>,
    stop: CancellationToken,
) {
    let mut life = Life::new(Client::new(pools, server));
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

/// A hold of a simulated customer.
struct Held {
    by: Person,
    hold: Value,
    site: usize,
}

struct Life {
    client: Client,
    people: Arc<BTreeMap<AccountId, Person>>,
    control: Person,
    dice: Dice,
    holds: Vec<Held>,
    bookings: Vec<(Person, Value)>,
}

impl Life {
    fn new(client: Client) -> Self {
        let everybody = everybody();
        let control = everybody
            .iter()
            .find(|person| person.role == Role::Dispatcher && !person.for_visitors)
            .expect("the demo has a dispatcher of its own")
            .clone();
        let simulated = everybody.into_iter().filter(|person| !person.for_visitors);
        Self {
            client,
            people: Arc::new(simulated.map(|person| (person.id(), person)).collect()),
            control,
            dice: Dice::of("life"),
            holds: Vec::new(),
            bookings: Vec::new(),
        }
    }

    /// One thing, somewhere.
    async fn act(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let open: Vec<_> = SITES
            .iter()
            .enumerate()
            .filter(|(_, site)| site.is_open(now))
            .collect();
        let Some((number, site)) = self.dice.pick(&open).copied() else {
            return Ok(());
        };
        let scene = self.look_at(site, now).await?;
        if let Some(act) = scene.due() {
            return self.give(act).await;
        }
        let act = match self.dice.between(1, 100) {
            ..=45 => return self.shop(number, site, now).await,
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

    /// The control room of a zone's day.
    async fn look_at(&mut self, site: &Site, now: Timestamp) -> Result<Scene, Trouble> {
        let channel = Channel::Control {
            zone: site.zone_slug(),
            date: site.zone().date_at(now),
        };
        let body: Body = self.client.read(Some(&self.control), &channel).await?;
        Ok(Scene::new(body.set, Arc::clone(&self.people), now))
    }

    async fn give(&mut self, act: Act) -> Result<(), Trouble> {
        let Some(person) = self.people.get(&act.by) else {
            return Ok(());
        };
        self.client.give(person, act.kind, &act.parameters).await?;
        Ok(())
    }

    /// Customers look for a time, hold it, think it over; now and then one books.
    async fn shop(&mut self, number: usize, site: &Site, now: Timestamp) -> Result<(), Trouble> {
        if self.holds.len() < HOLDS {
            return self.hold(number, site, now).await;
        }
        let held = self.holds.remove(0);
        if !self.dice.percent(20) {
            let parameters = json!({ "hold": held.hold });
            self.client
                .give(&held.by, "hold.release", &parameters)
                .await?;
            return Ok(());
        }
        let property = held.by.property(&SITES[held.site]);
        let parameters = json!({ "hold": held.hold, "property": property });
        let result = self
            .client
            .give(&held.by, "booking.confirm", &parameters)
            .await?;
        self.bookings.push((held.by, result["booking"].clone()));
        if self.bookings.len() > BOOKINGS {
            let (by, booking) = self.bookings.remove(0);
            let parameters = json!({ "booking": booking, "reason": "The plans have changed." });
            self.client.give(&by, "booking.cancel", &parameters).await?;
        }
        Ok(())
    }

    async fn hold(&mut self, number: usize, site: &Site, now: Timestamp) -> Result<(), Trouble> {
        let customers = staff_of(number, Role::Customer);
        let Some(by) = self.dice.pick(&customers).cloned() else {
            return Ok(());
        };
        let days = jiff::Span::new().days(self.dice.between(0, LOOK_AHEAD));
        let channel = Channel::Slots {
            zone: site.zone_slug(),
            date: site.zone().date_at(now) + days,
        };
        let slots: SlotsBody = self.client.read(None, &channel).await?;
        let sold: Vec<_> = services().collect();
        let Some(slot) = scene::choose_slot(&slots, &sold, now, &mut self.dice) else {
            return Ok(());
        };
        let parameters = json!({
            "zone": site.zone_slug(), "service": slot.service, "start": slot.start,
        });
        let result = self.client.give(&by, "hold.place", &parameters).await?;
        self.holds.push(Held {
            by,
            hold: result["hold"].clone(),
            site: number,
        });
        Ok(())
    }
}
