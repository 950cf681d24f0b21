//! `location.report`: called like a command, but without an id, a receipt or a trace. It says nothing
//! that has to be kept, so nothing of it is stored or logged.

use std::collections::BTreeMap;

use hub::ports::Caller;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::{Gateway, actor_of, input};
use crate::{
    domain::{
        Rejection, Role,
        contract::{answer::LocationTaken, location::LOCATION_REPORT},
        ids::CleanerId,
        position::LocationReport,
    },
    execute::{Outcome, Refusal},
    tracking::{Reported, Unshown},
};

impl Gateway {
    /// A cleaner's phone says where it was. Nothing of it is stored or logged.
    pub(super) async fn report_location(
        &self,
        caller: &Caller,
        data: Option<&RawValue>,
    ) -> Outcome {
        let Some(actor) = actor_of(&caller.identity) else {
            return Outcome::refused(Refusal::Unauthenticated, "sign in first");
        };
        if self.draining.is_cancelled() {
            return Outcome::try_again(Refusal::Draining, "this instance is stopping", 1000);
        }
        if actor.role != Role::Cleaner {
            self.note_denial(caller, LOCATION_REPORT, "");
            return Outcome::refused(Refusal::Forbidden, "this is not for your role");
        }
        if let Err(wait) = self.reports.take(&actor.id) {
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            return Outcome::try_again(Refusal::RateLimited, "too many reports", wait_ms.max(1));
        }
        let text = data.map_or("{}", RawValue::get);
        let report: LocationReport = match input::read(text.as_bytes()) {
            Ok(report) => report,
            Err(invalid) => return Outcome::invalid_argument(&invalid.field, invalid.reason),
        };
        let cleaner = CleanerId(actor.id.0);
        match self
            .tracking
            .report(cleaner, &report, Timestamp::now())
            .await
        {
            Ok(reported) => Outcome::Accepted {
                result: serde_json::to_value(LocationTaken {
                    shown: reported == Reported::Shown,
                })
                .expect("plain data"),
                positions: BTreeMap::new(),
            },
            Err(Unshown::NotTracking) => Outcome::rejected(&Rejection::NotTracking),
            Err(Unshown::Implausible(fault)) => {
                Outcome::invalid_argument(&fault.field, fault.reason)
            }
            Err(Unshown::Store(error)) => {
                crate::store::outage::tell("what a cleaner does could not be read", &error);
                Outcome::try_again(Refusal::Unavailable, "not available just now", 1000)
            }
        }
    }
}
