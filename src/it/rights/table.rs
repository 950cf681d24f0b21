//! Reads the tables of rights that were written by hand.

/// One line: what it is about, and a cell per person.
pub(super) struct Line {
    pub(super) words: Vec<&'static str>,
    pub(super) cells: Vec<[char; 5]>,
}

/// The lines of a table whose first `words` columns are words.
pub(super) fn lines(text: &'static str, words: usize) -> Vec<Line> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let cells = columns[words..].iter().map(|cell| {
                let marks: Vec<char> = cell.chars().collect();
                marks
                    .try_into()
                    .unwrap_or_else(|_| panic!("five marks in {line}"))
            });
            Line {
                words: columns[..words].to_vec(),
                cells: cells.collect(),
            }
        })
        .collect()
}
