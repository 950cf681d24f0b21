//! PostgreSQL's programs for whoever runs servers of their own with them: a folder that their
//! account can reach, and commands that run as that account and do not outlive us.
//!
//! What an [`EmbeddedCluster`](super::EmbeddedCluster) does by itself (start again what fell) is
//! in the way of those who make it fall on purpose. They start and stop processes themselves.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::binaries::{self, Installation, Search};
use super::folder::Folder;
use super::{EmbeddedError, postmaster};

/// Programs that work, and a folder for them, locked as long as this lives.
#[derive(Debug)]
pub struct Toolbox {
    installation: Installation,
    folder: Folder,
}

impl Toolbox {
    /// Opens the folder, which gets the account's as its owner, and searches for the programs.
    pub fn open(folder: &Path, node_modules: &Path) -> Result<Self, EmbeddedError> {
        let folder = Folder::open(folder, Duration::ZERO)?;
        let search = Search {
            explicit: None,
            node_modules,
        };
        let installation = binaries::find(&search, &folder)?;
        Ok(Self {
            installation,
            folder,
        })
    }

    /// Where the account may write: not always the folder asked for.
    pub fn folder(&self) -> &Path {
        self.folder.root()
    }

    /// A folder whose path is short enough for sockets in it.
    pub fn sockets(&self) -> &Path {
        self.folder.sockets()
    }

    /// As PostgreSQL writes it, for people.
    pub fn version(&self) -> &str {
        &self.installation.version
    }

    /// Where a program is, if it came with the others: npm's packages lack those for copies.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.installation.bin.join(name)).filter(|path| path.is_file())
    }

    /// A command for the program, run as the account. The kernel interrupts its process when the
    /// thread that spawned it is gone, where there is a `setpriv` that can ask for it.
    pub fn command(&self, program: &Path) -> Command {
        postmaster::not_outliving_us(self.folder.account(), program)
    }
}
