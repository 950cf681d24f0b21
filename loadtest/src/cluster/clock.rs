//! A wall clock that can jump, for one process: libfaketime between the process and the C library.
//!
//! The process is started with the library and a file that holds the offset; the library reads the
//! file at every look at the clock. The monotonic clock is left alone, as it is when a machine's
//! time is set.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

/// Where distributions put the library; with threads it is the second of its two forms.
const FOLDERS: [&str; 5] = [
    "/usr/lib/x86_64-linux-gnu/faketime",
    "/usr/lib/aarch64-linux-gnu/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
    "/usr/local/lib/faketime",
];
const LIBRARY: &str = "libfaketimeMT.so.1";

/// Seconds between a process's wall clock and the true time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offset(pub i64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}", self.0)
    }
}

#[derive(Debug)]
pub(super) struct FalseClock {
    library: PathBuf,
    file: PathBuf,
}

impl FalseClock {
    /// The true time, for now.
    pub(super) fn install(folder: &Path) -> anyhow::Result<Self> {
        let library = FOLDERS.iter().map(|folder| Path::new(folder).join(LIBRARY));
        let Some(library) = library.into_iter().find(|library| library.is_file()) else {
            bail!(
                "a clock cannot jump without {LIBRARY}: install libfaketime (Debian: the package \
                 faketime) by the package manager"
            );
        };
        let clock = Self {
            library,
            file: folder.join("clock"),
        };
        clock.set(Offset(0))?;
        Ok(clock)
    }

    /// Whether clocks can jump here.
    pub(super) fn is_available() -> bool {
        let mut folders = FOLDERS.iter().map(Path::new);
        folders.any(|folder| folder.join(LIBRARY).is_file())
    }

    pub(super) fn set(&self, offset: Offset) -> anyhow::Result<()> {
        // In one step, so that nobody reads half of it.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{offset}\n"))?;
        fs::rename(&new, &self.file).with_context(|| self.file.display().to_string())
    }

    pub(super) fn apply(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library);
        command.env("FAKETIME_TIMESTAMP_FILE", &self.file);
        command.envs([
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]);
    }
}
