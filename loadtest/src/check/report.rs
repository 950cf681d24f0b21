//! What a check says in the end: a table for people, JSON for machines, and whether all is well. A
//! promise for which there was nothing to look at is not kept: a check that saw nothing proves
//! nothing, unless the one who asks says that the run has nothing of it.

use std::fmt;

use serde::Serialize;

use super::finding::Finding;

#[derive(Debug, Serialize)]
pub struct Report {
    pub seed: u64,
    pub lines: u64,
    pub findings: Vec<Finding>,
    /// Parts of names of promises that the run has nothing of.
    pub not_in_this_run: Vec<String>,
}

impl Report {
    pub fn is_kept(&self) -> bool {
        let kept = |finding: &Finding| finding.violations == 0 && !self.saw_nothing(finding);
        self.findings.iter().all(kept)
    }

    /// The promises that were broken, for who wants to know which check caught something.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.violations > 0)
    }

    fn saw_nothing(&self, finding: &Finding) -> bool {
        let said = |part: &String| finding.promise.contains(part.as_str());
        finding.checked == 0 && !self.not_in_this_run.iter().any(said)
    }

    fn verdict(&self, finding: &Finding) -> &'static str {
        if finding.violations > 0 {
            "BROKEN"
        } else if self.saw_nothing(finding) {
            "UNSEEN"
        } else if finding.checked == 0 {
            "-"
        } else {
            "kept"
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| promise | checked | excused | violations | |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | --- |")?;
        for finding in &self.findings {
            let Finding {
                promise,
                checked,
                excused,
                violations,
                ..
            } = finding;
            let verdict = self.verdict(finding);
            writeln!(
                f,
                "| {promise} | {checked} | {excused} | {violations} | {verdict} |"
            )?;
        }
        for finding in self.broken() {
            writeln!(f, "\n{}:", finding.promise)?;
            for evidence in &finding.first {
                writeln!(f, "  {evidence}")?;
            }
            let more = finding.violations - finding.first.len() as u64;
            if more > 0 {
                writeln!(f, "  … and {more} more")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::finding::Evidence;

    fn report(checked: u64, violations: u64, not_in_this_run: &[&str]) -> Report {
        let mut finding = Finding::new("all is well");
        finding.checked = checked;
        for number in 0..violations {
            finding.violated(Evidence::at(number, 1, "it is not").on("board:center"));
        }
        Report {
            seed: 1,
            lines: 1,
            findings: vec![finding],
            not_in_this_run: not_in_this_run.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_promise_is_kept_if_something_was_seen_and_nothing_was_wrong() {
        assert!(report(5, 0, &[]).is_kept());
        assert!(!report(5, 1, &[]).is_kept());
        assert!(!report(0, 0, &[]).is_kept());
        assert!(report(0, 0, &["is well"]).is_kept());
        assert!(!report(0, 1, &["is well"]).is_kept());
    }

    #[test]
    fn people_see_the_first_violations_and_how_many_there_are() {
        let text = report(50, 30, &[]).to_string();
        assert!(
            text.contains("| all is well | 50 | 0 | 30 | BROKEN |"),
            "{text}"
        );
        assert!(
            text.contains("line 0: client 1: board:center: it is not"),
            "{text}"
        );
        assert!(text.contains("… and 10 more"), "{text}");
    }
}
