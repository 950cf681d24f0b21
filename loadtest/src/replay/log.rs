//! The transactions of commands, out of a database's log with every statement in it.

use std::{collections::HashMap, fs, path::Path};

use anyhow::{Context as _, Result};

/// What a command's transaction begins its work with.
const RECEIPT: &str = "insert into command ";
/// The statement that loads.
const LOAD: &str = "with asked as materialized";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// As text, several perhaps.
    Simple(String),
    Prepared {
        text: String,
        parameters: Vec<Option<String>>,
    },
}

/// In the order in which they began.
#[derive(Debug, Default)]
pub struct Written {
    /// What a connection says first, of that which later statements need.
    pub greetings: Vec<String>,
    pub transactions: Vec<Vec<Statement>>,
}

impl Statement {
    fn is_receipt(&self) -> bool {
        matches!(self, Self::Prepared { text, .. } if text.starts_with(RECEIPT))
    }

    pub fn is_load(&self) -> bool {
        matches!(self, Self::Prepared { text, .. } if text.starts_with(LOAD))
    }

    fn text(&self) -> &str {
        match self {
            Self::Simple(text) | Self::Prepared { text, .. } => text,
        }
    }
}

pub fn read(path: &Path, mark: char) -> Result<Written> {
    let log = fs::read(path).with_context(|| path.display().to_string())?;
    Ok(parse(&String::from_utf8_lossy(&log), mark))
}

fn parse(log: &str, mark: char) -> Written {
    let mut written = Written::default();
    // By the place of their beginning, those under way by connection.
    let mut begun: Vec<Vec<Statement>> = Vec::new();
    let mut under_way: HashMap<&str, usize> = HashMap::new();
    let mut last: HashMap<&str, usize> = HashMap::new();
    for record in log.split(mark).skip(1) {
        let Some((process, record)) = record.split_once(' ') else {
            continue;
        };
        let record = record.trim_end().replace("\n\t", "\n");
        if let Some(text) = record.strip_prefix("LOG:  statement: ") {
            let text = text.to_owned();
            if text == "begin" {
                under_way.insert(process, begun.len());
                begun.push(vec![Statement::Simple(text)]);
                continue;
            }
            if text.starts_with("prepare ") && !written.greetings.contains(&text) {
                written.greetings.push(text.clone());
            }
            if let Some(place) = under_way.get(process) {
                let ends = text.ends_with("commit") || text.starts_with("rollback");
                begun[*place].push(Statement::Simple(text));
                if ends {
                    under_way.remove(process);
                }
            }
        } else if let Some(rest) = record.strip_prefix("LOG:  execute ") {
            let (Some(place), Some((_, text))) = (under_way.get(process), rest.split_once(": "))
            else {
                last.remove(process);
                continue;
            };
            last.insert(process, *place);
            begun[*place].push(Statement::Prepared {
                text: text.to_owned(),
                parameters: Vec::new(),
            });
        } else if let Some(list) = record.strip_prefix("DETAIL:  parameters: ")
            && let Some(place) = last.remove(process)
            && let Some(Statement::Prepared { parameters, .. }) = begun[place].last_mut()
        {
            *parameters = values(list);
        }
    }
    let is_whole = |transaction: &Vec<Statement>| {
        transaction.iter().any(Statement::is_receipt)
            && transaction
                .last()
                .is_some_and(|last| last.text().ends_with("commit"))
    };
    written.transactions = begun.into_iter().filter(is_whole).collect();
    written
}

/// `$1 = 'it''s', $2 = NULL`.
fn values(list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = list;
    while let Some((_, value)) = rest.split_once(" = ") {
        let Some(mut quoted) = value.strip_prefix('\'') else {
            values.push(None);
            rest = value.strip_prefix("NULL").unwrap_or_default();
            continue;
        };
        let mut text = String::new();
        while let Some((part, after)) = quoted.split_once('\'') {
            text.push_str(part);
            quoted = after;
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    quoted = more;
                }
                None => break,
            }
        }
        values.push(Some(text));
        rest = quoted;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_keep_their_quotes_and_equals_signs() {
        let list = "$1 = 'it''s $2 = ''x''', $2 = NULL, $3 = ''";
        let expected = [Some("it's $2 = 'x'".to_owned()), None, Some(String::new())];
        assert_eq!(values(list), expected);
    }

    #[test]
    fn transactions_of_commands_are_found_among_those_of_others() {
        let log = "noise\n\u{1}7 LOG:  statement: prepare append as\n\tselect 1\n\
            \u{1}7 LOG:  statement: begin\n\
            \u{1}8 LOG:  execute sqlx_s_1: select 1\n\
            \u{1}7 LOG:  execute sqlx_s_1: insert into command (a)\n\tvalues ($1)\n\
            \u{1}8 DETAIL:  parameters: $1 = 'not mine'\n\
            \u{1}7 DETAIL:  parameters: $1 = 'x'\n\
            \u{1}7 LOG:  statement: execute append; commit\n\
            \u{1}7 LOG:  statement: begin\n\u{1}7 LOG:  execute s: select 2\n\
            \u{1}7 LOG:  statement: commit\n\
            \u{1}7 LOG:  statement: begin\n\u{1}7 LOG:  execute s: insert into command (b)\n";
        let written = parse(log, '\u{1}');
        assert_eq!(written.greetings, ["prepare append as\nselect 1"]);
        let expected = vec![
            Statement::Simple("begin".to_owned()),
            Statement::Prepared {
                text: "insert into command (a)\nvalues ($1)".to_owned(),
                parameters: vec![Some("x".to_owned())],
            },
            Statement::Simple("execute append; commit".to_owned()),
        ];
        assert_eq!(written.transactions, [expected]);
    }
}
