//! A client's commands: each goes out under one id, again after every answer that decides nothing
//! and on every new connection, until its outcome is definite or patience ends. Pure: it is told
//! the time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::history::Outcome;

/// A connection on which an answer takes longer is given up.
pub const ANSWER: Duration = Duration::from_secs(5);
/// The first wait after a refusal that names no time; it doubles up to the second.
const AGAIN: Duration = Duration::from_millis(100);
const AGAIN_AT_MOST: Duration = Duration::from_secs(4);

/// Something somebody asks for.
#[derive(Debug, Clone)]
pub struct Command {
    pub id: Uuid,
    pub kind: &'static str,
    pub parameters: Arc<RawValue>,
    /// When it was meant to go out: waiting for a turn counts.
    pub intended: Instant,
    /// For how long its outcome matters.
    pub patience: Duration,
}

/// What became of a command at last.
#[derive(Debug)]
pub struct Done {
    pub client: u32,
    pub command: Command,
    pub outcome: Outcome,
    pub code: Option<String>,
    pub result: Option<Box<RawValue>>,
    pub took: Duration,
    /// How often it went out.
    pub tries: u32,
}

/// What one answer said.
#[derive(Debug)]
pub struct Answer {
    pub outcome: Outcome,
    pub code: Option<String>,
    pub result: Option<Box<RawValue>>,
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Nothing was decided, and the same may be decided if it is asked again.
    fn is_worth_another_try(&self) -> bool {
        let passing = [
            "unavailable",
            "draining",
            "rate_limited",
            "internal",
            "unauthenticated",
            "100",
            "111",
        ];
        match self.outcome {
            Outcome::Accepted | Outcome::Rejected => false,
            Outcome::Unknown => true,
            Outcome::Refused => self
                .code
                .as_deref()
                .is_some_and(|code| passing.contains(&code)),
        }
    }
}

#[derive(Debug)]
enum State {
    /// To go out at this time, or as soon as there is a connection.
    Waiting(Instant),
    /// Went out as this request.
    Asked(u32),
}

#[derive(Debug)]
struct Pending {
    command: Command,
    state: State,
    tries: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Commands(Vec<Pending>);

impl Commands {
    pub fn take(&mut self, command: Command, now: Instant) {
        self.0.push(Pending {
            command,
            state: State::Waiting(now),
            tries: 0,
        });
    }

    /// Sends what is due: `send` gives each a request's number.
    pub fn send_due(&mut self, now: Instant, mut send: impl FnMut(&Command) -> u32) {
        for pending in &mut self.0 {
            let State::Waiting(at) = pending.state else {
                continue;
            };
            if at <= now {
                pending.tries += 1;
                pending.state = State::Asked(send(&pending.command));
            }
        }
    }

    /// The command that went out as this request.
    pub fn id_of(&self, request: u32) -> Option<Uuid> {
        self.place_of(request).map(|place| self.0[place].command.id)
    }

    fn place_of(&self, request: u32) -> Option<usize> {
        let is_it =
            |pending: &Pending| matches!(pending.state, State::Asked(asked) if asked == request);
        self.0.iter().position(is_it)
    }

    /// An answer came. `None`: it will be asked again.
    pub fn answered(
        &mut self,
        client: u32,
        request: u32,
        answer: Answer,
        now: Instant,
    ) -> Option<Done> {
        let position = self.place_of(request)?;
        let pending = &mut self.0[position];
        let ends_at = pending.command.intended + pending.command.patience;
        if answer.is_worth_another_try() && now < ends_at {
            // Where everybody comes again, each must come less often than the last time.
            let doubled = AGAIN * 2_u32.pow(pending.tries.min(6));
            let wait = answer
                .retry_after
                .map_or(doubled, |asked| asked.max(doubled));
            let wait = wait.min(AGAIN_AT_MOST);
            pending.state = State::Waiting(now + wait);
            return None;
        }
        let pending = self.0.swap_remove(position);
        Some(done(client, pending, answer, now))
    }

    /// The connection has ended: what was asked on it is open again. Returns what was asked.
    pub fn cut(&mut self, now: Instant) -> Vec<Uuid> {
        let mut cut = Vec::new();
        for pending in &mut self.0 {
            if let State::Asked(_) = pending.state {
                cut.push(pending.command.id);
            }
            pending.state = State::Waiting(now);
        }
        cut
    }

    /// Takes out what nobody waits for any more and is not under way. What is under way is left to
    /// its answer, or to the end of its connection.
    pub fn give_up(&mut self, client: u32, now: Instant) -> Vec<Done> {
        let mut given_up = Vec::new();
        let mut position = 0;
        while let Some(pending) = self.0.get(position) {
            let ends_at = pending.command.intended + pending.command.patience;
            if matches!(pending.state, State::Waiting(_)) && ends_at <= now {
                let answer = Answer {
                    outcome: Outcome::Unknown,
                    code: None,
                    result: None,
                    retry_after: None,
                };
                given_up.push(done(client, self.0.swap_remove(position), answer, now));
            } else {
                position += 1;
            }
        }
        given_up
    }

    /// When something is to be sent next.
    pub fn next_due(&self) -> Option<Instant> {
        let waiting = self.0.iter().filter_map(|pending| match pending.state {
            State::Waiting(at) => Some(at),
            State::Asked(_) => None,
        });
        waiting.min()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn done(client: u32, pending: Pending, answer: Answer, now: Instant) -> Done {
    Done {
        client,
        took: now.saturating_duration_since(pending.command.intended),
        command: pending.command,
        outcome: answer.outcome,
        code: answer.code,
        result: answer.result,
        tries: pending.tries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn command(now: Instant) -> Command {
        let parameters = RawValue::from_string("{}".to_owned()).expect("JSON");
        Command {
            id: Uuid::now_v7(),
            kind: "duty.set",
            parameters: Arc::from(parameters),
            intended: now,
            patience: PATIENCE,
        }
    }

    fn answer(outcome: Outcome, code: &str) -> Answer {
        Answer {
            outcome,
            code: Some(code.to_owned()),
            result: None,
            retry_after: None,
        }
    }

    fn sent(commands: &mut Commands, now: Instant, request: u32) -> usize {
        let mut count = 0;
        commands.send_due(now, |_| {
            count += 1;
            request
        });
        count
    }

    #[test]
    fn a_refusal_that_passes_is_tried_again_and_one_that_stays_is_not() {
        let now = Instant::now();
        let mut commands = Commands::default();
        commands.take(command(now), now);
        assert_eq!(sent(&mut commands, now, 1), 1);
        let refused = answer(Outcome::Refused, "unavailable");
        assert!(commands.answered(7, 1, refused, now).is_none());
        assert_eq!(sent(&mut commands, now, 2), 0);
        let later = commands.next_due().expect("to be tried again");
        assert_eq!(sent(&mut commands, later, 2), 1);
        let refused = answer(Outcome::Refused, "forbidden");
        let done = commands.answered(7, 2, refused, later).expect("definite");
        assert_eq!(
            (done.client, done.tries, done.outcome),
            (7, 2, Outcome::Refused)
        );
        assert!(commands.is_empty());
    }

    #[test]
    fn a_cut_connection_leaves_the_command_open_until_patience_ends() {
        let now = Instant::now();
        let mut commands = Commands::default();
        let open = command(now);
        commands.take(open.clone(), now);
        sent(&mut commands, now, 1);
        assert_eq!(commands.cut(now), [open.id]);
        assert_eq!(commands.cut(now), [] as [Uuid; 0]);
        assert!(commands.give_up(7, now).is_empty());
        sent(&mut commands, now, 2);
        assert!(commands.give_up(7, now + PATIENCE).is_empty(), "under way");
        commands.cut(now);
        let given_up = commands.give_up(7, now + PATIENCE);
        assert_eq!(given_up[0].outcome, Outcome::Unknown);
        assert_eq!(given_up[0].tries, 2);
    }
}
