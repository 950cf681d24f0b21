//! Commands and what becomes of them: a transaction, the instance that ran it, and the wire to the
//! others, which loses, repeats, delays and reorders.

use super::{
    coverage::Counter,
    world::{Event, Host, Phase, World},
};
use crate::{
    ports::{ChannelName, Position, Publication},
    protocol::breakage::Breakage,
};

/// Something that the wire brings.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    Publication(Publication),
    /// The right of a client on a channel is in doubt.
    Reauthorize(usize, ChannelName),
    EpochChanged,
    Interrupted,
}

impl World {
    /// Commands come in bursts.
    pub(super) fn plan_commands(&mut self) {
        let mut left = self.plan.commands;
        let end = u64::try_from(self.plan.chaos.as_micros()).expect("seconds");
        while left > 0 {
            let burst = self.dice.between(1, 4).min(left);
            left -= burst;
            let at = self.dice.micros(0, end);
            for _ in 0..burst {
                let apart = self.dice.micros(0, 3_000);
                self.after((at + apart).min(self.plan.chaos), Event::Command);
            }
        }
    }

    pub(super) fn command(&mut self) {
        let mut channels = vec![self.channels[self.dice.index(self.channels.len())].clone()];
        if self.dice.per_mille(200) {
            channels = self.channels.clone();
        }
        channels.retain(|channel| self.takes_commands(channel));
        if !self.truth.log.is_reachable() || channels.is_empty() {
            return;
        }
        if self.breakage == Breakage::PublishedBeforeCommit {
            return self.publish_before_commit(&channels);
        }
        if self.dice.per_mille(100) {
            return self.coverage.count(Counter::RolledBack);
        }
        self.commit(&channels);
    }

    /// While the log has gone back under its name, it stays below what it was: beyond, nobody
    /// could notice at run time, which is why every restore gives it another name.
    fn takes_commands(&mut self, channel: &ChannelName) -> bool {
        if self.locked.contains(channel) {
            return false;
        }
        match &mut self.went_back {
            None => true,
            Some(left) => match left.get_mut(channel) {
                None | Some(0) => false,
                Some(left) => {
                    *left -= 1;
                    true
                }
            },
        }
    }

    /// Appends to the channels in one transaction, run by some instance.
    pub(super) fn commit(&mut self, channels: &[ChannelName]) {
        let entries = self.bodies(channels);
        let publications = self.truth.append(&entries);
        for _ in &publications {
            self.coverage.count(Counter::Commits);
        }
        let Some(host) = self.any_host() else {
            return self.coverage.count(Counter::NeverPublished);
        };
        let known = self.dice.micros(0, 4_000);
        self.after(known, Event::Committed(host, publications));
    }

    fn bodies(&mut self, channels: &[ChannelName]) -> Vec<(ChannelName, u64)> {
        channels
            .iter()
            .map(|channel| (channel.clone(), self.dice.between(0, 1 << 40)))
            .collect()
    }

    /// To the subscribers here at once, to the other instances soon.
    pub(super) fn committed(&mut self, host: Host, publications: Vec<Publication>) {
        if self.instance(host).is_none() {
            return self.coverage.count(Counter::NeverPublished);
        }
        for publication in publications {
            self.heard(host, &publication);
            self.send_out(host, &Heard::Publication(publication));
        }
    }

    /// [`Breakage::PublishedBeforeCommit`]: half of these transactions are rolled back.
    fn publish_before_commit(&mut self, channels: &[ChannelName]) {
        let entries = self.bodies(channels);
        let Some(host) = self.any_host() else {
            return;
        };
        for (channel, body) in &entries {
            let next = Position {
                offset: self.truth.head(channel) + 1,
                epoch: self.truth.epoch().clone(),
            };
            self.locked.insert(channel.clone());
            let publication = Publication {
                channel: channel.clone(),
                offset: next.offset,
                epoch: next.epoch,
                key: None,
                body: super::truth::publication_body(*body),
                info: None,
            };
            self.heard(host, &publication);
            self.send_out(host, &Heard::Publication(publication));
        }
        let decided = self.dice.millis(1, 10);
        self.after(decided, Event::Decide(entries));
    }

    pub(super) fn decide(&mut self, entries: &[(ChannelName, u64)]) {
        for (channel, _) in entries {
            self.locked.remove(channel);
        }
        if self.truth.log.is_reachable() && self.dice.per_mille(500) {
            self.truth.append(entries);
        }
    }

    /// Offers something to every other instance.
    pub(super) fn send_out(&mut self, from: Host, heard: &Heard) {
        for index in 0..self.instances.len() {
            if index != from.index {
                self.send_to(index, heard);
            }
        }
    }

    fn send_to(&mut self, index: usize, heard: &Heard) {
        let chaos = self.phase == Phase::Chaos;
        if self.phase == Phase::Deaf && matches!(heard, Heard::Publication(_)) {
            return self.coverage.count(Counter::WireLost);
        }
        if self.instances[index].cut {
            return self.coverage.count(Counter::WireCut);
        }
        if chaos && self.dice.per_mille(self.plan.wire_loss) {
            return self.coverage.count(Counter::WireLost);
        }
        let mut copies = 1;
        if chaos && self.dice.per_mille(self.plan.wire_repeat) {
            self.coverage.count(Counter::WireRepeated);
            copies = 2;
        }
        for _ in 0..copies {
            let delay = if chaos && self.dice.per_mille(self.plan.wire_late) {
                self.coverage.count(Counter::WireLate);
                self.dice.millis(5, 250)
            } else {
                self.dice.micros(300, 4_000)
            };
            self.after(delay, Event::Wire(index, heard.clone()));
        }
    }

    pub(super) fn heard_from_wire(&mut self, index: usize, heard: Heard) {
        if !self.instances[index].up {
            return;
        }
        let host = self.host(index);
        match heard {
            Heard::Publication(publication) => self.heard(host, &publication),
            Heard::Reauthorize(client, channel) => self.reauthorize(host, &channel, client),
            Heard::EpochChanged => self.doubt_all(host),
            Heard::Interrupted => {
                self.coverage.count(Counter::Interrupted);
                self.look(host);
            }
        }
    }

    pub(super) fn tell_epoch_changed(&mut self, host: Host) {
        if self.instance(host).is_some() {
            self.doubt_all(host);
            self.send_out(host, &Heard::EpochChanged);
        }
    }
}
