//! The settings of alerts as decisions know them.

use jiff::SignedDuration;

use crate::{config::Alerts, domain::Thresholds};

pub(super) fn of(alerts: &Alerts) -> Thresholds {
    let minutes = |count: u32| SignedDuration::from_mins(i64::from(count));
    Thresholds {
        unassigned: minutes(alerts.unassigned_minutes),
        unassigned_urgent: minutes(alerts.unassigned_urgent_minutes),
        late: minutes(alerts.late_minutes),
        no_check_in: minutes(alerts.no_check_in_minutes),
        no_show: minutes(alerts.no_show_minutes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_default_settings_are_the_default_thresholds() {
        assert_eq!(of(&Config::defaults().alerts), Thresholds::default());
    }
}
