//! Instants as the wire and the database spell them, in microseconds since the Unix epoch.

/// Microseconds since the Unix epoch.
pub type Micros = i64;

pub const DAY: Micros = 24 * 3_600_000_000;

/// Reads RFC 3339 in UTC, like `2027-03-01T12:00:00.5Z`.
pub fn instant(text: &str) -> Option<Micros> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let mut next = || date.next()?.ok();
    let days = days_since_1970(next()?, next()?, next()?);
    let mut seconds = 0;
    for part in time.splitn(3, ':') {
        seconds = seconds * 60 + part.parse::<i64>().ok()?;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(days * DAY + seconds * 1_000_000 + micros)
}

/// Howard Hinnant's `days_from_civil`.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_to_the_microsecond() {
        assert_eq!(instant("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(instant("2001-09-09T01:46:40Z"), Some(1_000_000_000_000_000));
        assert_eq!(
            instant("2024-02-29T12:00:00.25Z"),
            Some(1_709_208_000_250_000)
        );
        assert_eq!(
            instant("2024-02-29T12:00:00.1234567Z"),
            Some(1_709_208_000_123_456)
        );
        assert_eq!(instant("2024-02-29"), None);
    }
}
