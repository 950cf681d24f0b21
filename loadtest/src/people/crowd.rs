//! Everybody with a device in hand: which clients there are, and what each follows.

use std::sync::Arc;

use jiff::{Span, Timestamp};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use super::{
    company::Company,
    opening::{Member, Staff},
    sight::{Control, Slots, Watched},
};
use crate::{
    client::{Client, Done, Doors, Recorder, Settings, Tokens, Topic},
    history::{Event, Role},
};

/// Local dates, from a zone's today on, whose slots and control rooms are watched.
const DATES: i64 = 2;
/// Slots channels of a guest who only looks.
const GUEST_CHANNELS: usize = 3;

/// Every so many-th client comes by wires that can be broken.
const BY_WIRE: usize = 4;

/// What is to be seen of one zone.
pub struct Place {
    pub slug: String,
    /// By date, from today on.
    pub slots: Vec<Watched<Slots>>,
    pub control: Vec<Watched<Control>>,
    board: Arc<Topic>,
    live: Vec<Arc<Topic>>,
}

/// A person and the devices they use, by place in [`Crowd::clients`].
pub struct Person {
    pub member: Member,
    pub clients: Vec<usize>,
}

/// See the module.
pub struct Crowd {
    pub places: Vec<Place>,
    pub cleaners: Vec<Person>,
    pub dispatchers: Vec<Person>,
    pub customers: Vec<Person>,
    pub clients: Vec<Client>,
    pub roles: Vec<Role>,
}

/// How clients are divided among people.
struct Hire {
    /// The straight way, and one that may be broken.
    doors: [Arc<Doors>; 2],
    recorder: Recorder,
    done: UnboundedSender<Done>,
    dice: StdRng,
    clients: Vec<Client>,
    roles: Vec<Role>,
}

impl Place {
    fn of(zone: &super::company::Zone, now: Timestamp) -> Self {
        let slug = &zone.slug;
        let dates: Vec<_> = (0..DATES)
            .map(|day| zone.date_at(now) + Span::new().days(day))
            .collect();
        let channels = |family: &str| -> Vec<String> {
            let channel = |date| format!("{family}:{slug}:{date}");
            dates.iter().map(channel).collect()
        };
        Self {
            slots: channels("slots").into_iter().map(Watched::new).collect(),
            control: channels("control").into_iter().map(Watched::new).collect(),
            board: Topic::unread(format!("board:{slug}")),
            live: ["positions", "presence"]
                .map(|family| Topic::unread(format!("{family}:{slug}")))
                .to_vec(),
            slug: slug.clone(),
        }
    }
}

impl Crowd {
    /// `count` clients: a device for every cleaner and customer and two for every dispatcher as far
    /// as they go, strangers who look at slots for the rest.
    pub fn gather(
        company: &Company,
        staff: Staff,
        count: usize,
        doors: &[Arc<Doors>; 2],
        recorder: &Recorder,
        done: UnboundedSender<Done>,
        seed: u64,
    ) -> Self {
        let now = Timestamp::now();
        let places: Vec<Place> = company
            .zones
            .iter()
            .map(|zone| Place::of(zone, now))
            .collect();
        let mut hire = Hire {
            doors: doors.clone(),
            recorder: recorder.clone(),
            done,
            dice: StdRng::seed_from_u64(seed),
            clients: Vec::new(),
            roles: Vec::new(),
        };
        let dispatchers = staff.dispatchers.into_iter().map(|member| {
            let place = &places[member.zone];
            let control = place.control.iter().map(|watched| &watched.topic);
            let slots = place.slots.iter().map(|watched| &watched.topic);
            let topics: Vec<_> = control.chain(slots).chain(&place.live).cloned().collect();
            hire.person(member, Role::Dispatcher, 2, &topics)
        });
        let dispatchers = dispatchers.collect();
        let cleaners = staff
            .cleaners
            .into_iter()
            .enumerate()
            .map(|(number, member)| {
                let zones = company.cleaners[number].zones.iter();
                let boards = zones.map(|zone| Arc::clone(&places[*zone].board));
                let agenda = Topic::unread(format!("agenda:{}", member.user));
                let topics: Vec<_> = boards.chain([agenda]).collect();
                hire.person(member, Role::Cleaner, 1, &topics)
            });
        let cleaners = cleaners.collect();
        let customers = staff.customers.into_iter().map(|member| {
            let own = Topic::unread(format!("customer:{}", member.user));
            let slots = places[member.zone]
                .slots
                .iter()
                .map(|watched| &watched.topic);
            let topics: Vec<_> = slots.cloned().chain([own]).collect();
            hire.person(member, Role::Customer, 1, &topics)
        });
        let customers = customers.collect();
        while hire.clients.len() < count {
            let topics = hire.window_shopping(&places);
            hire.client(None, Role::Guest, None, &topics);
        }
        Self {
            places,
            cleaners,
            dispatchers,
            customers,
            clients: hire.clients,
            roles: hire.roles,
        }
    }

    /// The cleaner of this account.
    pub fn cleaner_of(&self, user: Uuid) -> Option<&Person> {
        let mut people = self.cleaners.iter();
        people.find(|person| person.member.user == user)
    }

    /// How many are not live on all their channels.
    pub fn behind(&self) -> usize {
        let behind = |client: &&Client| !client.is_caught_up();
        self.clients.iter().filter(behind).count()
    }
}

impl Hire {
    fn person(
        &mut self,
        member: Member,
        role: Role,
        devices: usize,
        topics: &[Arc<Topic>],
    ) -> Person {
        let clients = (0..devices)
            .map(|_| self.client(Some(member.user), role, Some(member.tokens.clone()), topics))
            .collect();
        Person { member, clients }
    }

    fn client(
        &mut self,
        user: Option<Uuid>,
        role: Role,
        tokens: Option<Tokens>,
        topics: &[Arc<Topic>],
    ) -> usize {
        let place = self.clients.len();
        // 0 is the nemesis.
        let number = u32::try_from(place + 1).expect("no process has so many clients");
        self.recorder.record(number, Event::Person { user, role });
        let doors = &self.doors[usize::from(place.is_multiple_of(BY_WIRE))];
        let client = Client::spawn(Settings {
            number,
            instance: place % doors.instances.len(),
            doors: Arc::clone(doors),
            tokens,
            recorder: self.recorder.clone(),
            done: self.done.clone(),
            seed: self.dice.random(),
        });
        for topic in topics {
            client.follow(Arc::clone(topic));
        }
        self.clients.push(client);
        self.roles.push(role);
        place
    }

    fn window_shopping(&mut self, places: &[Place]) -> Vec<Arc<Topic>> {
        let all: Vec<_> = places
            .iter()
            .flat_map(|place| place.slots.iter().map(|watched| &watched.topic))
            .collect();
        let chosen = all.choose_multiple(&mut self.dice, GUEST_CHANNELS);
        chosen.map(|topic| Arc::clone(topic)).collect()
    }
}
