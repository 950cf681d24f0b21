//! What an instance remembers of one cleaner who reports to it.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::{ids::ZoneSlug, position::Followed};

/// Whether a cleaner is followed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Doing {
    Work(Followed),
    /// Nobody may know where they are.
    Private,
}

impl From<Option<Followed>> for Doing {
    fn from(followed: Option<Followed>) -> Self {
        followed.map_or(Self::Private, Self::Work)
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// What they were doing, and when that was asked for.
    known: Option<(Doing, Instant)>,
    /// It was heard to change then.
    doubted: Option<Instant>,
    /// The time of the newest fix.
    last: Option<Timestamp>,
    /// Where their position is shown.
    zone: Option<ZoneSlug>,
    used: Option<Instant>,
}

impl State {
    /// What they are doing, if that is recent enough: no longer ago than `remembered`, or `denied`
    /// where they were not followed.
    pub(super) fn known(
        &self,
        now: Instant,
        remembered: Duration,
        denied: Duration,
    ) -> Option<Doing> {
        let (doing, asked) = self.known.as_ref()?;
        let life = match doing {
            Doing::Work(_) => remembered,
            Doing::Private => denied,
        };
        (now.duration_since(*asked) < life).then(|| doing.clone())
    }

    /// A look that began before the last doubt may not have seen the change.
    pub(super) fn learn(&mut self, doing: Doing, asked: Instant) {
        self.used = Some(asked);
        let outdated = self.doubted.is_some_and(|doubted| doubted >= asked);
        self.known = (!outdated).then_some((doing, asked));
    }

    pub(super) fn doubt(&mut self, now: Instant) {
        self.known = None;
        self.doubted = Some(now);
    }

    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// False when something newer is known, here or `elsewhere`.
    pub(super) fn advance(&mut self, at: Timestamp, elsewhere: Option<Timestamp>) -> bool {
        self.last = self.last.max(elsewhere);
        if self.last.is_some_and(|last| at <= last) {
            return false;
        }
        self.last = Some(at);
        true
    }

    pub(super) fn shown(&mut self, zone: ZoneSlug) {
        self.zone = Some(zone);
    }

    pub(super) fn is_shown(&self) -> bool {
        self.zone.is_some()
    }

    /// The zone whose channel shows them without need.
    pub(super) fn retract(&mut self, keep: Option<&ZoneSlug>) -> Option<ZoneSlug> {
        self.zone.take_if(|zone| Some(&*zone) != keep)
    }

    /// Nobody has asked what they do for that long.
    pub(super) fn is_idle(&self, now: Instant, idle: Duration) -> bool {
        let asked = self.used;
        asked.is_none_or(|asked| now.duration_since(asked) >= idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Duration = Duration::from_secs(10);
    const DENIED: Duration = Duration::from_secs(1);

    fn work() -> Doing {
        let zone = "center".parse().expect("a slug");
        Doing::Work(Followed { zone, visit: None })
    }

    #[test]
    fn what_is_known_is_believed_for_a_while_and_a_no_for_less() {
        let (mut state, begun) = (State::default(), Instant::now());
        let known = |state: &State, seconds| {
            state.known(begun + Duration::from_secs(seconds), MEMORY, DENIED)
        };
        state.learn(work(), begun);
        assert_eq!(known(&state, 9), Some(work()));
        assert_eq!(known(&state, 10), None);
        state.learn(Doing::Private, begun);
        assert_eq!(known(&state, 0), Some(Doing::Private));
        assert_eq!(known(&state, 1), None);
    }

    #[test]
    fn a_look_that_a_change_has_overtaken_is_not_believed() {
        let (mut state, begun) = (State::default(), Instant::now());
        let later = begun + Duration::from_millis(1);
        state.doubt(later);
        state.learn(work(), begun);
        assert_eq!(state.known(later, MEMORY, DENIED), None);
        let again = later + Duration::from_millis(1);
        state.learn(work(), again);
        assert_eq!(state.known(again, MEMORY, DENIED), Some(work()));
    }

    #[test]
    fn whoever_has_not_reported_for_long_is_idle() {
        let (mut state, begun) = (State::default(), Instant::now());
        assert!(state.is_idle(begun, MEMORY));
        state.learn(Doing::Private, begun);
        assert!(!state.is_idle(begun + MEMORY / 2, MEMORY));
        assert!(state.is_idle(begun + MEMORY, MEMORY));
    }

    #[test]
    fn time_does_not_go_back() {
        let mut state = State::default();
        let at = |seconds| Timestamp::from_second(seconds).expect("an instant");
        assert!(
            !state.advance(at(5), Some(at(7))),
            "another instance knows better"
        );
        assert!(state.advance(at(8), None));
        assert!(!state.advance(at(8), None));
        assert!(!state.advance(at(6), None));
    }
}
