//! Sends people on stage at a steady rate, whatever becomes of those before: an open loop, so that a
//! slow server meets a queue and not politeness. Each command counts from when it was meant to go.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{sync::mpsc::UnboundedReceiver, time::sleep_until};
use uuid::{Builder, Uuid};

use super::{
    acts::{Act, Chooser, Held, Mix},
    crowd::Crowd,
};
use crate::{
    client::{Command, Done, Recorder, Topic, recorder::micros},
    history::Outcome,
};

/// How long an outcome matters to the one who asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many others are looked for in the place of somebody without a network.
const OTHERS: usize = 8;

/// A command as it went.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was meant to go out, in microseconds since the run started.
    pub at: u64,
    /// Microseconds from then to its outcome.
    pub took: u64,
    pub kind: &'static str,
    pub outcome: Outcome,
    pub code: Option<String>,
    pub tries: u32,
}

/// See the module.
pub struct Director {
    pub crowd: Arc<Crowd>,
    pub mix: Mix,
    /// Every command whose outcome is known, or given up.
    pub samples: Vec<Sample>,
    /// Who follows which booking.
    pub bookings: Vec<(u32, Arc<Topic>)>,
    recorder: Recorder,
    outcomes: UnboundedReceiver<Done>,
    dice: StdRng,
    holds: Vec<Held>,
    under_way: HashSet<Uuid>,
    /// Commands under way: what each is about, and whose hold it would be.
    open: std::collections::HashMap<Uuid, (Option<Uuid>, Option<usize>)>,
}

/// What answers name, as far as people go on with it.
#[derive(Deserialize)]
struct Result {
    hold: Option<Uuid>,
    booking: Option<Uuid>,
}

impl Director {
    pub fn new(
        crowd: Arc<Crowd>,
        recorder: Recorder,
        outcomes: UnboundedReceiver<Done>,
        seed: u64,
    ) -> Self {
        Self {
            crowd,
            mix: Mix::Everything,
            samples: Vec::new(),
            bookings: Vec::new(),
            recorder,
            outcomes,
            dice: StdRng::seed_from_u64(seed),
            holds: Vec::new(),
            under_way: HashSet::new(),
            open: std::collections::HashMap::new(),
        }
    }

    /// Lets people act, so many commands a second, until something else is over.
    pub async fn play_during<T>(&mut self, rate: f64, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        let mut next = Instant::now();
        loop {
            // Independent people: the gaps between them are exponential.
            let gap = -(1.0 - self.dice.random::<f64>()).ln() / rate;
            next += Duration::from_secs_f64(gap);
            tokio::select! {
                biased;
                over = &mut other => return over,
                () = self.listen_until(next) => {}
            }
            self.act(next);
        }
    }

    /// Lets people act so that so many commands are under way, until something else is over.
    pub async fn play_closed<T>(&mut self, under_way: usize, other: impl Future<Output = T>) -> T {
        let mut other = std::pin::pin!(other);
        loop {
            while self.open.len() < under_way {
                self.act(Instant::now());
            }
            tokio::select! {
                biased;
                over = &mut other => return over,
                done = self.outcomes.recv() => match done {
                    Some(done) => self.take(done),
                    None => return other.await,
                },
            }
        }
    }

    /// Waits until every command has its outcome; patience ends it.
    pub async fn finish(&mut self) {
        while !self.open.is_empty() {
            match self.outcomes.recv().await {
                Some(done) => self.take(done),
                None => return,
            }
        }
    }

    pub fn commands_under_way(&self) -> usize {
        self.open.len()
    }

    async fn listen_until(&mut self, until: Instant) {
        loop {
            tokio::select! {
                biased;
                done = self.outcomes.recv() => match done {
                    Some(done) => self.take(done),
                    None => return,
                },
                () = sleep_until(until.into()) => return,
            }
        }
    }

    fn act(&mut self, intended: Instant) {
        let now = Timestamp::now();
        let mut chooser = Chooser {
            mix: self.mix,
            crowd: &self.crowd,
            dice: &mut self.dice,
            holds: &mut self.holds,
            under_way: &self.under_way,
            now,
        };
        let mut act = chooser.choose();
        if self.mix == Mix::Day {
            // On this day phones lose their networks, and whoever has none does nothing. Under faults they try.
            for _ in 0..OTHERS {
                if chooser.crowd.clients[act.client].is_caught_up() {
                    break;
                }
                act = chooser.choose();
            }
        }
        let Act {
            client,
            kind,
            parameters,
            about,
            customer,
        } = act;
        let parameters = RawValue::from_string(parameters.to_string()).expect("JSON");
        let id = self.command_id(now);
        self.open.insert(id, (about, customer));
        self.under_way.extend(about);
        self.crowd.clients[client].command(Command {
            id,
            kind,
            parameters: Arc::from(parameters),
            intended,
            patience: PATIENCE,
        });
    }

    /// A version 7 id with the seed's randomness.
    fn command_id(&mut self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).expect("after 1970");
        Builder::from_unix_timestamp_millis(millis, &self.dice.random()).into_uuid()
    }

    fn take(&mut self, done: Done) {
        let Some((about, customer)) = self.open.remove(&done.command.id) else {
            return;
        };
        if let Some(about) = about {
            self.under_way.remove(&about);
        }
        let at = self
            .recorder
            .at()
            .saturating_sub(micros(done.command.intended.elapsed()));
        if done.outcome == Outcome::Accepted {
            self.go_on(&done, customer);
        }
        self.samples.push(Sample {
            at,
            took: micros(done.took),
            kind: done.command.kind,
            outcome: done.outcome,
            code: done.code,
            tries: done.tries,
        });
    }

    /// A hold can be confirmed or released; a booking is followed by the one who made it.
    fn go_on(&mut self, done: &Done, customer: Option<usize>) {
        let result = done.result.as_ref();
        let Some(result) = result.and_then(|raw| serde_json::from_str::<Result>(raw.get()).ok())
        else {
            return;
        };
        if let (Some(customer), Some(hold)) = (customer, result.hold) {
            self.holds.push(Held { customer, hold });
        }
        if let ("booking.confirm", Some(booking)) = (done.command.kind, result.booking) {
            let client = &self.crowd.clients[done.client as usize - 1];
            let topic = Topic::unread(format!("booking:{booking}"));
            self.bookings.push((done.client, Arc::clone(&topic)));
            client.follow(topic);
        }
    }
}
