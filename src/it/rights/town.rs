//! A company with one of everything, and of each: one's own, another's, what is over of both, and
//! what never was. Made through the public commands; only what time alone brings is written by hand.

use serde_json::{Value, json};
use uuid::Uuid;

use super::maker::Maker;
use crate::support::{company::Company, database::TestDb, people::TestPerson, server::Api};

/// The other zone, east of the company's.
pub(super) const ELSEWHERE: &str = "elsewhere";
/// Sold no longer.
pub(super) const RETIRED: &str = "retired";

/// One's own, another's, one's own that is over, another's that is over, what never was.
pub(super) type Five = [Option<Value>; 5];

/// A customer with a property in the zone.
pub(super) struct Home {
    pub(super) person: TestPerson,
    pub(super) property: Value,
}

pub(super) struct Cast {
    pub(super) clara: Home,
    pub(super) dora: Home,
    /// A customer whose account is disabled.
    pub(super) emil: TestPerson,
    pub(super) anna: TestPerson,
    pub(super) boris: TestPerson,
    /// Works, and has no jobs.
    pub(super) carl: TestPerson,
    /// Works there no longer.
    pub(super) zoe: TestPerson,
    pub(super) gone_dispatcher: TestPerson,
    /// An admin besides the company's.
    pub(super) another_admin: TestPerson,
}

/// Of all of these two: Clara's and Anna's, Dora's and Boris'.
pub(super) struct Visits {
    pub(super) taken: [Visit; 2],
    /// Taken, then called off.
    pub(super) cancelled: [Visit; 2],
    /// Nobody's yet: in the zone, and elsewhere.
    pub(super) open: [Visit; 2],
    /// Called off before anybody took it: in the zone, and elsewhere.
    pub(super) withdrawn: [Visit; 2],
}

pub(super) struct Town {
    pub(super) company: Company,
    pub(super) cast: Cast,
    pub(super) visits: Visits,
    /// Clara's and Dora's, then the same that they released.
    pub(super) holds: [Value; 4],
    /// More of Clara's, for staff to confirm.
    pub(super) more_holds: [Value; 2],
    pub(super) shift: Value,
    pub(super) cancelled_shift: Value,
    pub(super) template: Value,
    pub(super) ended_template: Value,
    /// Open, and resolved.
    pub(super) alerts: [Uuid; 2],
}

/// A booking and its job.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) booking: Value,
    pub(super) job: Value,
}

/// Something that there never was.
pub(super) fn never() -> Value {
    json!(Uuid::now_v7())
}

impl Town {
    pub(super) async fn found(db: &TestDb, server: &Api) -> Self {
        let company = Company::found(&db.url, server).await;
        let maker = Maker {
            db,
            server,
            company: &company,
        };
        let cast = maker.cast().await;
        let visits = maker.visits(&cast).await;
        let [held, let_go] = maker.holds(&cast.clara).await;
        let [others, others_let_go] = maker.holds(&cast.dora).await;
        let more_holds = maker.more_holds(&cast.clara).await;
        let [shift, cancelled_shift] = maker.shifts(&cast.carl).await;
        let [template, ended_template] = maker.templates(&cast.carl).await;
        let alerts = maker.alerts(&visits.taken).await;
        Self {
            cast,
            visits,
            holds: [held, others, let_go, others_let_go],
            more_holds,
            shift,
            cancelled_shift,
            template,
            ended_template,
            alerts,
            company,
        }
    }
}
