//! Reads of the log and of snapshots: on their way, at one instant in the database, on their way
//! back. Any of them may be slow or fail.

use futures_util::FutureExt;

use super::{
    coverage::Counter,
    plan::{EPOCH_LOOK, LOOK},
    world::{Event, Host, LinkId, Phase, World},
};
use crate::{
    ports::{
        ChannelLog, ChannelName, Denied, Epoch, LogError, LogRead, Position, RecentCursor, Snapshot,
    },
    protocol::{Input, Moment, Recovery, SubscriptionId},
};

/// What an instance wants to know.
#[derive(Debug)]
pub(super) enum Query {
    Head(ChannelName),
    Repair(ChannelName, u64, usize),
    /// Begun then, as the last of each says.
    Recover(LinkId, SubscriptionId, ChannelName, u64, String, Moment),
    Snapshot(ChannelName, Moment),
    /// Since the cursor; begun then.
    Heads(Option<RecentCursor>, Moment),
    Epoch,
    Renew(Epoch),
}

/// What the database said; `None` when it could not be read.
#[derive(Debug)]
pub(super) enum Answer {
    Failed,
    Head(Position),
    Read(LogRead),
    Snapshot(Snapshot),
    Heads(Vec<(ChannelName, Position)>, RecentCursor),
    Epoch(Epoch),
}

impl World {
    pub(super) fn ask_log(&mut self, host: Host, query: Query) {
        let there = self.trip();
        self.after(there, Event::Read(host, query));
    }

    fn trip(&mut self) -> std::time::Duration {
        if self.phase == Phase::Chaos && self.dice.per_mille(self.plan.reads_slow) {
            self.dice.millis(5, 200)
        } else {
            self.dice.micros(100, 5_000)
        }
    }

    /// The query reaches the database.
    pub(super) fn read(&mut self, host: Host, query: Query) {
        let fails = self.phase == Phase::Chaos && self.dice.per_mille(self.plan.reads_fail);
        let answer = if fails {
            Answer::Failed
        } else {
            self.query(&query).unwrap_or(Answer::Failed)
        };
        if matches!(answer, Answer::Failed) {
            self.coverage.count(Counter::ReadsFailed);
        }
        let back = self.trip();
        self.after(back, Event::Answered(host, query, answer));
    }

    fn query(&mut self, query: &Query) -> Option<Answer> {
        let log = self.truth.log.clone();
        let limit = self.plan.ring.publications + 1;
        match query {
            Query::Head(channel) => done(log.head(channel)).map(Answer::Head),
            Query::Repair(channel, after, limit) => {
                done(log.read_after(channel, *after, *limit)).map(Answer::Read)
            }
            Query::Recover(_, _, channel, offset, ..) => {
                done(log.read_after(channel, *offset, limit)).map(Answer::Read)
            }
            Query::Snapshot(channel, _) => {
                done(log.epoch())?;
                Some(Answer::Snapshot(self.truth.snapshot(channel)))
            }
            Query::Heads(cursor, _) => {
                done(log.recent_heads(*cursor)).map(|(heads, next)| Answer::Heads(heads, next))
            }
            Query::Epoch => done(log.epoch()).map(Answer::Epoch),
            Query::Renew(seen) => {
                let (epoch, renewed) = self.truth.renew(seen)?;
                if renewed {
                    self.coverage.count(Counter::Renamed);
                }
                Some(Answer::Epoch(epoch))
            }
        }
    }

    pub(super) fn answered(&mut self, host: Host, query: Query, answer: Answer) {
        match (query, answer) {
            (Query::Head(name), Answer::Head(head)) => {
                self.start_sequencer(host, &name, Some(head));
            }
            (Query::Head(name), _) => self.start_sequencer(host, &name, None),
            (Query::Repair(name, ..), Answer::Read(read)) => self.repaired(host, &name, Some(read)),
            (Query::Repair(name, ..), _) => self.repaired(host, &name, None),
            (Query::Recover(id, subscription, name, offset, epoch, asked), answer) => {
                if let Answer::Read(read) = &answer {
                    self.head_seen(host, &name, &read.head, asked);
                }
                let result = self.recovered(host, &name, offset, &epoch, answer);
                self.handle(
                    id,
                    Input::Recovered {
                        subscription,
                        result,
                    },
                );
            }
            (Query::Snapshot(name, asked), answer) => {
                if let Answer::Snapshot(Snapshot {
                    position: Some(head),
                    ..
                }) = &answer
                {
                    self.head_seen(host, &name, head, asked);
                }
                self.snapshot_landed(host, &name, answer);
            }
            (Query::Heads(_, asked), Answer::Heads(heads, next)) => {
                self.looked(host, Some((heads, next)), asked);
            }
            (Query::Heads(_, asked), _) => self.looked(host, None, asked),
            (Query::Epoch, Answer::Epoch(epoch)) => self.epoch_seen(host, &epoch),
            (Query::Renew(_), Answer::Epoch(_)) => self.tell_epoch_changed(host),
            (Query::Epoch | Query::Renew(_), _) => {}
        }
    }

    fn repaired(&mut self, host: Host, name: &ChannelName, read: Option<LogRead>) {
        let before = self.position(host, name);
        self.sequence(host, name, |sequencer, now, effects| {
            sequencer.fetched(read, now, effects);
        });
        let after = self.position(host, name);
        if let (Some(before), Some(after)) = (before, after)
            && before.epoch == after.epoch
            && before.offset < after.offset
        {
            self.coverage.count(Counter::GapsFilled);
        }
    }

    fn recovered(
        &mut self,
        host: Host,
        name: &ChannelName,
        offset: u64,
        epoch: &str,
        answer: Answer,
    ) -> Result<Recovery, Denied> {
        let Answer::Read(read) = answer else {
            return Err(Denied::Unavailable);
        };
        self.start_with_read(host, name, &read.head);
        let recovery = Recovery::judge(offset, epoch, read, self.plan.ring);
        if matches!(recovery, Recovery::Complete { .. }) {
            self.coverage.count(Counter::RecoveredFromLog);
        }
        Ok(recovery)
    }

    /// Whoever wants the same snapshot at the same time gets the same one.
    pub(super) fn want_snapshot(
        &mut self,
        id: LinkId,
        subscription: SubscriptionId,
        name: ChannelName,
    ) {
        let asked = self.now;
        let Some(host) = self.links.get(&id).map(|link| link.host) else {
            return;
        };
        let Some(instance) = self.instance(host) else {
            return;
        };
        if let Some(waiting) = instance.flights.get_mut(&name) {
            waiting.push((id, subscription));
            return self.coverage.count(Counter::SnapshotsShared);
        }
        instance
            .flights
            .insert(name.clone(), vec![(id, subscription)]);
        self.ask_log(host, Query::Snapshot(name, asked));
    }

    fn snapshot_landed(&mut self, host: Host, name: &ChannelName, answer: Answer) {
        let Some(instance) = self.instance(host) else {
            return;
        };
        let waiting = instance.flights.remove(name).unwrap_or_default();
        let result = match answer {
            Answer::Snapshot(snapshot) => Ok(snapshot),
            Answer::Failed
            | Answer::Head(_)
            | Answer::Read(_)
            | Answer::Heads(..)
            | Answer::Epoch(_) => Err(Denied::Unavailable),
        };
        if let Ok(Snapshot {
            position: Some(head),
            ..
        }) = &result
        {
            self.start_with_read(host, name, head);
        }
        for (id, subscription) in waiting {
            let result = result.clone();
            let soon = self.dice.micros(0, 500);
            let landed = Input::SnapshotRead {
                subscription,
                result,
            };
            self.after(soon, Event::Input(id, landed));
        }
    }

    pub(super) fn look_period(&mut self, host: Host) {
        if self.instance(host).is_some() {
            self.after(LOOK, Event::Look(host));
            self.look(host);
        }
    }

    /// Looks at the heads of recently written channels; one look at a time.
    pub(super) fn look(&mut self, host: Host) {
        let now = self.now;
        let Some(instance) = self.instance(host) else {
            return;
        };
        if std::mem::replace(&mut instance.looking, true) {
            instance.look_wanted = true;
            return;
        }
        let query = Query::Heads(instance.cursor, now);
        self.ask_log(host, query);
    }

    fn looked(
        &mut self,
        host: Host,
        found: Option<(Vec<(ChannelName, Position)>, RecentCursor)>,
        asked: Moment,
    ) {
        let Some(instance) = self.instance(host) else {
            return;
        };
        instance.looking = false;
        let again = std::mem::take(&mut instance.look_wanted);
        if let Some((heads, next)) = found {
            let first = instance.cursor.replace(next).is_none();
            for (name, head) in heads {
                self.head_seen(host, &name, &head, asked);
            }
            if first {
                // It says nothing of what was written before it, to channels opened before it.
                self.doubt_all(host);
            }
        }
        if again {
            self.look(host);
        }
    }

    pub(super) fn housekeep(&mut self, host: Host) {
        if self.instance(host).is_some() {
            self.after(EPOCH_LOOK, Event::Housekeep(host));
            self.retire_idle(host);
            self.ask_log(host, Query::Epoch);
        }
    }

    fn epoch_seen(&mut self, host: Host, epoch: &Epoch) {
        let Some(instance) = self.instance(host) else {
            return;
        };
        // The first look, too: channels may have been opened before it, under another name.
        let known = instance.epoch.replace(epoch.clone());
        if known.is_none_or(|known| known != *epoch) {
            self.doubt_all(host);
        }
    }
}

/// The memory log answers at once.
fn done<T>(answer: impl Future<Output = Result<T, LogError>>) -> Option<T> {
    answer.now_or_never()?.ok()
}
