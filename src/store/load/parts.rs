//! The statement of one question: `load.sql` without the parts that the question has no use for.
//!
//! The whole statement is some 350 steps long, and to set them up costs the database more than to
//! look for what is not asked. So the parts are cut out of the text, not made to find nothing. There
//! are as many prepared statements as there are kinds of questions, some two dozen.

use std::sync::{Arc, LazyLock};

use dashmap::DashMap;

use super::Wanted;

static WHOLE: &str = include_str!("../load.sql");
static TEXTS: LazyLock<DashMap<Vec<&'static str>, Arc<str>>> = LazyLock::new(DashMap::new);

/// The statement for what is wanted of the world and, if one is named, of a channel.
pub(super) fn statement(wanted: &Wanted, channel: &str) -> Arc<str> {
    let parts = parts(wanted, channel);
    if let Some(text) = TEXTS.get(&parts) {
        return Arc::clone(&text);
    }
    let text: Arc<str> = cut(WHOLE, &parts).into();
    Arc::clone(&TEXTS.entry(parts).or_insert(text))
}

/// The parts that are needed, by the names that they have in `load.sql`.
fn parts(wanted: &Wanted, channel: &str) -> Vec<&'static str> {
    conditions(wanted, channel)
        .into_iter()
        .filter_map(|(part, needed)| needed.then_some(part))
        .collect()
}

fn conditions(wanted: &Wanted, channel: &str) -> [(&'static str, bool); 28] {
    let holds = !wanted.holds.is_empty();
    let jobs = !wanted.jobs.is_empty() || !wanted.alerts.is_empty() || !wanted.bookings.is_empty();
    let cleaners = !wanted.cleaners.is_empty();
    let rosters = !wanted.rosters.is_empty();
    let at_property = wanted.at_property_start.is_some();
    let moved_slots = wanted.moved_slots.is_some();
    let homes = wanted.moved || wanted.own_work || wanted.staff || wanted.around && cleaners;
    let focus = rosters
        || at_property
        || wanted.around
        || wanted.moved
        || moved_slots
        || wanted.own_work
        || wanted.staff;
    let span = focus || wanted.own_start.is_some();
    [
        ("holds", holds),
        ("jobs", jobs),
        ("cleaners", cleaners),
        ("customers", !wanted.customers.is_empty()),
        ("properties", !wanted.properties.is_empty()),
        ("email", wanted.email.is_some()),
        ("rosters", rosters),
        ("at_property", at_property),
        ("around", wanted.around),
        ("moved", wanted.moved),
        ("moved_slots", moved_slots),
        ("own_work", wanted.own_work),
        ("staff", wanted.staff),
        ("homes", homes),
        ("focus", focus),
        ("span", span),
        ("everybody", wanted.everybody),
        ("behind", !wanted.plain),
        ("behind_span", !wanted.plain && span),
        ("promised", !wanted.plain && focus),
        ("promises", !wanted.plain && !wanted.settled && focus),
        ("seated", wanted.seated),
        (
            "terms",
            wanted.service.is_some() || !wanted.terms_of.is_empty(),
        ),
        ("rewritten", !wanted.rewritten.is_empty()),
        ("board", wanted.board.is_some()),
        ("control", wanted.control_zone.is_some()),
        ("makes_job", wanted.makes_job),
        ("channel", !channel.is_empty()),
    ]
}

/// Leaves out comments and the parts that are not among `parts`, and of columns' names what the
/// driver is told about them at compile time.
fn cut(whole: &str, parts: &[&str]) -> String {
    let mut text = String::with_capacity(whole.len());
    let mut open: Vec<bool> = Vec::new();
    for line in whole.lines() {
        if let Some(names) = line.strip_prefix("-- when ") {
            open.push(names.split(' ').any(|name| parts.contains(&name)));
        } else if line == "-- end" {
            open.pop();
        } else if open.iter().all(|kept| *kept) && !line.trim_start().starts_with("--") {
            text.push_str(&plainly_named(line.trim_start()));
            text.push('\n');
        }
    }
    text
}

/// `as "jobs!: Json<Vec<Job>>",` is `as "jobs",`.
fn plainly_named(line: &str) -> String {
    let Some((before, alias)) = line.split_once(" as \"") else {
        return line.to_owned();
    };
    let name_ends = alias
        .find(['!', '?'])
        .expect("each column says if it may be null");
    let quote = alias.rfind('"').expect("the name is quoted");
    format!("{before} as \"{}{}", &alias[..name_ends], &alias[quote..])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use sqlx::PgConnection;

    use super::*;

    /// The compiler has the database check the statement as a whole.
    async fn whole(connection: &mut PgConnection) -> Result<Value, sqlx::Error> {
        let row = sqlx::query_file!("src/store/load.sql", Value::Null, "")
            .fetch_one(connection)
            .await?;
        Ok(row.jobs)
    }

    #[test]
    fn the_parts_of_the_statement_are_those_that_somebody_may_want() {
        let _ = whole;
        let in_statement: BTreeSet<_> = WHOLE
            .lines()
            .filter_map(|line| line.strip_prefix("-- when "))
            .flat_map(|names| names.split(' '))
            .collect();
        let conditions = conditions(&Wanted::default(), "");
        let wanted: BTreeSet<_> = conditions.into_iter().map(|(part, _)| part).collect();
        assert_eq!(in_statement, wanted);
    }

    #[test]
    fn a_line_stays_where_all_the_parts_around_it_are_wanted() {
        let whole = "-- what for\nselect\n-- when a\n  1 as \"one!: X<Y>\",\n-- when b c\n  2,\n-- end\n-- end\n  3";
        assert_eq!(cut(whole, &[]), "select\n3\n");
        assert_eq!(cut(whole, &["b"]), "select\n3\n");
        assert_eq!(cut(whole, &["a"]), "select\n1 as \"one\",\n3\n");
        assert_eq!(cut(whole, &["a", "c"]), "select\n1 as \"one\",\n2,\n3\n");
    }

    #[test]
    fn what_asks_for_little_is_a_short_statement() {
        let short = statement(&Wanted::default(), "").len();
        assert!(short * 2 < WHOLE.len(), "{short}");
    }
}
