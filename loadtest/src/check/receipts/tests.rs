use serde_json::json;

use super::*;

fn claimed() -> Stored {
    Stored {
        kind: "job.claim".to_owned(),
        outcome: json!({
            "outcome": "accepted", "result": {"job": "j", "seat": 0, "cleaner": "c"},
            "positions": {"board:center": {"offset": 1, "epoch": "first"}},
        }),
        facts: vec![fact("occupancy.freed", "o"), fact("job.assigned", "j")],
        transactions: 1,
        audited: vec![audited("accepted", None)],
        ..Stored::default()
    }
}

fn rejected() -> Stored {
    Stored {
        kind: "job.claim".to_owned(),
        outcome: json!({"outcome": "rejected", "code": "already_taken"}),
        audited: vec![audited("rejected", Some("already_taken"))],
        ..Stored::default()
    }
}

fn fact(kind: &str, aggregate: &str) -> Fact {
    Fact {
        kind: kind.to_owned(),
        aggregate: aggregate.to_owned(),
    }
}

fn audited(outcome: &str, code: Option<&str>) -> Audited {
    Audited {
        kind: "job.claim".to_owned(),
        outcome: outcome.to_owned(),
        code: code.map(str::to_owned),
    }
}

fn faults(stored: &Stored) -> Vec<String> {
    stored.faults(&Log::of("board:center", &["{}"]))
}

fn is_found(change: impl FnOnce(&mut Stored), mut stored: Stored, what: &str) {
    change(&mut stored);
    let found = faults(&stored);
    assert!(found.iter().any(|fault| fault.contains(what)), "{found:?}");
}

#[test]
fn one_effect_or_none_is_in_order() {
    assert_eq!(faults(&claimed()), Vec::<String>::new());
    assert_eq!(faults(&rejected()), Vec::<String>::new());
}

#[test]
fn effects_twice_elsewhere_or_missing_are_found() {
    is_found(
        |it| it.facts.push(fact("job.assigned", "j")),
        claimed(),
        "2 times",
    );
    is_found(|it| it.facts.clear(), claimed(), "0 times");
    is_found(
        |it| it.facts[1] = fact("job.assigned", "k"),
        claimed(),
        "but told",
    );
    is_found(|it| it.transactions = 2, claimed(), "2 transactions");
}

#[test]
fn a_crew_may_be_taken_off_a_job_at_once() {
    let mut unassigned = claimed();
    unassigned.kind = "job.unassign".to_owned();
    unassigned.audited[0].kind = "job.unassign".to_owned();
    unassigned.facts = vec![fact("job.unassigned", "j"), fact("job.unassigned", "j")];
    assert_eq!(faults(&unassigned), Vec::<String>::new());
    unassigned.facts.clear();
    assert_eq!(faults(&unassigned), ["0 times job.unassigned"]);
}

#[test]
fn a_rejection_with_an_effect_is_found() {
    is_found(
        |it| it.facts.push(fact("job.assigned", "j")),
        rejected(),
        "and yet",
    );
}

#[test]
fn a_receipt_without_an_outcome_is_found() {
    is_found(|it| it.outcome = Value::Null, claimed(), "left undecided");
}

#[test]
fn a_trail_that_lacks_it_or_says_otherwise_is_found() {
    is_found(|it| it.audited.clear(), claimed(), "0 times in the audit");
    is_found(
        |it| it.audited.push(audited("accepted", None)),
        claimed(),
        "2 times in the audit",
    );
    is_found(
        |it| it.audited[0] = audited("accepted", None),
        rejected(),
        "has it as",
    );
}

#[test]
fn a_position_where_nothing_is_is_found() {
    let beyond = |it: &mut Stored| it.outcome["positions"]["board:center"]["offset"] = json!(2);
    is_found(beyond, claimed(), "where nothing is");
}
