//! What goes wrong, at times that the plan draws, and the end of it.

use std::collections::BTreeMap;

use super::{
    coverage::Counter,
    registry::Instance,
    wire::Heard,
    world::{Event, Phase, World},
};
use crate::ports::{ChannelName, Epoch};

#[derive(Debug)]
pub(super) enum Fault {
    Crash,
    Drain,
    Start(usize),
    Trim,
    /// An operator gives the log another name.
    Renew(Option<Epoch>),
    /// A restore from a backup, which gives it another name too.
    Restore,
    /// A failover to a server that lacks the last commits.
    GoBack,
    Away,
    Back,
    CutWire,
    MendWire(usize),
    Lapse,
    GiveBack(usize, ChannelName),
    /// A client's network goes away.
    Outage,
    Silence,
    Leave,
}

impl World {
    pub(super) fn plan_faults(&mut self) {
        let plan = self.plan.clone();
        self.scatter(plan.crashes, || Fault::Crash);
        self.scatter(plan.drains, || Fault::Drain);
        self.scatter(plan.trims, || Fault::Trim);
        self.scatter(plan.renewals, || Fault::Renew(None));
        self.scatter(plan.restores, || Fault::Restore);
        self.scatter(plan.went_back, || Fault::GoBack);
        self.scatter(plan.away, || Fault::Away);
        self.scatter(plan.cuts, || Fault::CutWire);
        self.scatter(plan.lapses, || Fault::Lapse);
        self.scatter(plan.outages, || Fault::Outage);
        self.scatter(plan.silences, || Fault::Silence);
        self.scatter(plan.leaves, || Fault::Leave);
    }

    fn scatter(&mut self, times: u64, fault: impl Fn() -> Fault) {
        let end = u64::try_from(self.plan.chaos.as_micros()).expect("seconds");
        for _ in 0..times {
            let at = self.dice.micros(0, end);
            self.after(at, Event::Fault(fault()));
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Start(index) => self.start_instance(index),
            Fault::MendWire(index) => self.mend_wire(index),
            Fault::GiveBack(client, channel) => {
                self.lapsed.remove(&(client, channel));
            }
            Fault::Back => self.truth.log.set_reachable(true),
            Fault::Renew(Some(seen)) => self.rename(&seen),
            _ if self.phase != Phase::Chaos => {}
            Fault::Renew(None) => {
                let seen = self.truth.epoch().clone();
                self.rename(&seen);
            }
            Fault::Crash => self.crash(),
            Fault::Drain => self.drain(),
            Fault::Trim => self.trim(),
            Fault::Restore => self.restore(),
            Fault::GoBack => self.go_back(),
            Fault::Away => {
                self.coverage.count(Counter::DatabaseAway);
                self.truth.log.set_reachable(false);
                let long = self.dice.millis(20, 700);
                self.after(long, Event::Fault(Fault::Back));
            }
            Fault::CutWire => {
                let index = self.dice.index(self.instances.len());
                self.instances[index].cut = true;
                let long = self.dice.millis(20, 700);
                self.after(long, Event::Fault(Fault::MendWire(index)));
            }
            Fault::Lapse => self.lapse(),
            Fault::Outage => self.outage(),
            Fault::Silence => self.silence(),
            Fault::Leave => self.leave_channel(),
        }
    }

    pub(super) fn start_instance(&mut self, index: usize) {
        let instance = &mut self.instances[index];
        if instance.up {
            return;
        }
        let (life, cut) = (instance.life + 1, instance.cut);
        *instance = Instance {
            up: true,
            life,
            cut,
            ..Instance::default()
        };
        let host = self.host(index);
        self.look_period(host);
        self.housekeep(host);
    }

    /// Everything of the instance is gone at once. Some clients learn it from their connections,
    /// others only from the silence.
    fn crash(&mut self) {
        let index = self.dice.index(self.instances.len());
        if !self.instances[index].up {
            return;
        }
        self.coverage.count(Counter::Crashes);
        self.stop_instance(index);
    }

    fn stop_instance(&mut self, index: usize) {
        let of_instance = self
            .links
            .iter()
            .filter(|(_, link)| link.host.index == index);
        let links: Vec<_> = of_instance.map(|(id, _)| *id).collect();
        for id in links {
            let noticed = self.dice.per_mille(850);
            if let Some(at) = self.arrival_down(id).filter(|_| noticed)
                && let Some(link) = self.links.get(&id)
            {
                self.at(at, Event::Closed(id, link.client, None));
            }
            self.links.remove(&id);
        }
        self.instances[index].up = false;
        self.instances[index].channels.clear();
        let long = self.dice.millis(1, 600);
        self.after(long, Event::Fault(Fault::Start(index)));
    }

    /// All connections are asked to leave; then the instance stops.
    fn drain(&mut self) {
        let index = self.dice.index(self.instances.len());
        if !self.instances[index].up {
            return;
        }
        self.coverage.count(Counter::Drains);
        let of_instance = self
            .links
            .iter()
            .filter(|(_, link)| link.host.index == index);
        let links: Vec<_> = of_instance.map(|(id, _)| *id).collect();
        for id in links {
            self.handle(id, crate::protocol::Input::Drain);
        }
        self.stop_instance(index);
    }

    fn trim(&mut self) {
        let channel = self.channels[self.dice.index(self.channels.len())].clone();
        let head = self.truth.head(&channel);
        let newest = head - self.dice.between(0, 6).min(head);
        self.coverage.count(Counter::Trimmed);
        self.truth.log.trim(&channel, newest);
    }

    fn rename(&mut self, seen: &str) {
        if !self.truth.log.is_reachable() {
            let soon = self.dice.millis(50, 100);
            return self.after(soon, Event::Fault(Fault::Renew(Some(seen.into()))));
        }
        if let Some((_, true)) = self.truth.renew(seen) {
            self.coverage.count(Counter::Renamed);
        }
        self.went_back = None;
    }

    fn restore(&mut self) {
        if self.went_back.is_some() || !self.truth.log.is_reachable() {
            return;
        }
        self.coverage.count(Counter::Restored);
        let lost = self.dice.between(0, 8);
        self.truth.restore(lost);
        self.after_outage_of_database();
    }

    fn go_back(&mut self) {
        if self.went_back.is_some() || !self.truth.log.is_reachable() {
            return;
        }
        let lost = self.dice.between(2, 6);
        let before: Vec<_> = self.channels.iter().map(|c| self.truth.head(c)).collect();
        self.truth.go_back(lost);
        let left = self.channels.iter().zip(before).map(|(channel, before)| {
            let lost = before - self.truth.head(channel);
            (channel.clone(), lost.saturating_sub(1))
        });
        let left: BTreeMap<_, _> = left.collect();
        self.went_back = Some(left);
        self.after_outage_of_database();
        // Where nobody can notice, because nobody was there, the operator has to.
        let seen = self.truth.epoch().clone();
        let noticed = self.dice.millis(700, 1_200);
        self.after(noticed, Event::Fault(Fault::Renew(Some(seen))));
    }

    /// The database was away before, and is so for a little longer.
    fn after_outage_of_database(&mut self) {
        self.truth.log.set_reachable(false);
        let long = self.dice.millis(5, 300);
        self.after(long, Event::Fault(Fault::Back));
    }

    fn mend_wire(&mut self, index: usize) {
        if std::mem::take(&mut self.instances[index].cut) && self.dice.per_mille(700) {
            self.after(
                std::time::Duration::ZERO,
                Event::Wire(index, Heard::Interrupted),
            );
        }
    }

    fn lapse(&mut self) {
        let client = self.dice.index(self.clients.len());
        let channel = self.channels[self.dice.index(self.channels.len())].clone();
        self.take_right(client, channel.clone());
        let long = self.dice.millis(10, 600);
        self.after(long, Event::Fault(Fault::GiveBack(client, channel)));
    }

    /// A command took the right; the instance that ran it tells all.
    pub(super) fn take_right(&mut self, client: usize, channel: ChannelName) {
        self.coverage.count(Counter::Lapsed);
        self.lapsed.insert((client, channel.clone()));
        let Some(host) = self.any_host() else {
            return;
        };
        self.reauthorize(host, &channel, client);
        self.send_out(host, &Heard::Reauthorize(client, channel));
    }

    fn outage(&mut self) {
        let client = self.dice.index(self.clients.len());
        if self.clients[client].link.is_none() {
            return;
        }
        self.coverage.count(Counter::Cut);
        self.close_from_client(client);
        self.clients[client].hang_up();
        let long = self.dice.millis(1, 900);
        self.after(long, Event::Dial(client));
    }

    fn silence(&mut self) {
        let client = self.dice.index(self.clients.len());
        if let Some(id) = self.clients[client].link
            && let Some(link) = self.links.get_mut(&id)
        {
            link.silent = true;
            self.coverage.count(Counter::Silenced);
        }
    }

    fn leave_channel(&mut self) {
        let client = self.dice.index(self.clients.len());
        let channel = self.channels[self.dice.index(self.channels.len())].clone();
        if let Some(acts) = self.clients[client].leave(&channel, &mut self.dice) {
            self.coverage.count(Counter::Left);
            self.act(client, acts);
        }
    }

    /// Everything that was broken is whole again.
    pub(super) fn calm(&mut self) {
        self.phase = Phase::Calm;
        self.truth.log.set_reachable(true);
        self.lapsed.clear();
        for index in 0..self.instances.len() {
            self.mend_wire(index);
            self.start_instance(index);
        }
        if self.went_back.is_some() {
            let seen = self.truth.epoch().clone();
            self.rename(&seen);
        }
        if self.plan.lost_inside > 0 {
            // What an instance lost inside shows by the next publication.
            for channel in self.channels.clone() {
                self.commit(&[channel]);
            }
        }
    }
}
