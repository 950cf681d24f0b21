//! The history, line by line: ten million of them pass through a buffer of one.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use anyhow::Context;

use crate::history::Line;

/// A line with where it stands.
#[derive(Debug)]
pub struct Placed {
    /// From 1.
    pub number: u64,
    /// Where it begins in the file, in bytes.
    pub place: u64,
    pub line: Line,
}

/// Reads a history from its beginning.
pub struct History {
    file: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
    place: u64,
}

impl History {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("{} is not there", path.display()))?;
        Ok(Self {
            file: BufReader::with_capacity(1 << 20, file),
            buffer: Vec::new(),
            number: 0,
            place: 0,
        })
    }

    /// The next line; `None` at the end. A last line that was cut off ends it too: the one who
    /// wrote it was ended.
    pub fn next_line(&mut self) -> anyhow::Result<Option<Placed>> {
        loop {
            self.buffer.clear();
            let length = self.file.read_until(b'\n', &mut self.buffer)?;
            let whole = self.buffer.last() == Some(&b'\n');
            let (number, place) = (self.number + 1, self.place);
            self.number = number;
            self.place += length as u64;
            if length == 0 {
                return Ok(None);
            }
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            return match serde_json::from_slice(&self.buffer) {
                Ok(line) => Ok(Some(Placed {
                    number,
                    place,
                    line,
                })),
                Err(_) if !whole => Ok(None),
                Err(error) => Err(error).with_context(|| format!("line {number} of the history")),
            };
        }
    }
}

/// Reads single lines of a history again, by their places.
pub struct Again {
    file: BufReader<File>,
    buffer: Vec<u8>,
}

impl Again {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            file: BufReader::new(File::open(path)?),
            buffer: Vec::new(),
        })
    }

    pub fn line(&mut self, place: u64) -> anyhow::Result<Line> {
        self.file.seek(SeekFrom::Start(place))?;
        self.buffer.clear();
        self.file
            .by_ref()
            .read_until(b'\n', &mut self.buffer)
            .context("the history")?;
        serde_json::from_slice(&self.buffer).with_context(|| format!("the line at byte {place}"))
    }
}
