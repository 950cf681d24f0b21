//! Server pings and the client's pongs. The client closes when no frame came for the announced
//! period and 10 s, so the period is never stretched.

use std::time::Duration;

use super::{CloseCode, Moment, moment::earliest};

/// What is due now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Nothing,
    Ping,
    Dead,
}

#[derive(Debug)]
pub(super) struct Heartbeat {
    period: Duration,
    pong_timeout: Duration,
    next_ping: Moment,
    pong_due: Option<Moment>,
    /// A pong that comes late, or twice, is forgiven once per ping.
    forgiven: bool,
}

impl Heartbeat {
    /// The first ping comes after `first`, which the caller draws from half to the whole period
    /// so that the load spreads.
    pub(super) fn new(
        period: Duration,
        pong_timeout: Duration,
        first: Duration,
        now: Moment,
    ) -> Self {
        Self {
            period,
            pong_timeout,
            next_ping: now + first,
            pong_due: None,
            forgiven: false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        earliest(Some(self.next_ping), self.pong_due)
    }

    pub(super) fn tick(&mut self, now: Moment) -> Beat {
        if self.pong_due.is_some_and(|due| due <= now) {
            return Beat::Dead;
        }
        if self.next_ping > now {
            return Beat::Nothing;
        }
        self.next_ping = now + self.period;
        self.pong_due.get_or_insert(now + self.pong_timeout);
        self.forgiven = false;
        Beat::Ping
    }

    pub(super) fn pong(&mut self) -> Result<(), CloseCode> {
        if self.pong_due.take().is_some() {
            return Ok(());
        }
        if self.forgiven {
            return Err(CloseCode::BAD_REQUEST);
        }
        self.forgiven = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u32) -> Moment {
        Moment::since_start(SECOND * seconds)
    }

    fn heartbeat() -> Heartbeat {
        Heartbeat::new(SECOND * 25, SECOND * 10, SECOND * 13, at(0))
    }

    #[test]
    fn a_client_that_answers_is_pinged_every_period() {
        let mut heart = heartbeat();
        assert_eq!(heart.tick(at(12)), Beat::Nothing);
        assert_eq!(heart.tick(at(13)), Beat::Ping);
        assert_eq!(heart.pong(), Ok(()));
        assert_eq!(heart.deadline(), Some(at(38)));
        assert_eq!(heart.tick(at(38)), Beat::Ping);
    }

    #[test]
    fn a_client_that_does_not_answer_is_dead_after_the_timeout() {
        let mut heart = heartbeat();
        assert_eq!(heart.tick(at(13)), Beat::Ping);
        assert_eq!(heart.deadline(), Some(at(23)));
        assert_eq!(heart.tick(at(23)), Beat::Dead);
    }

    #[test]
    fn one_needless_pong_is_forgiven_and_a_second_is_not() {
        let mut heart = heartbeat();
        assert_eq!(heart.pong(), Ok(()));
        assert_eq!(heart.pong(), Err(CloseCode::BAD_REQUEST));
    }
}
