//! The account that PostgreSQL's processes run as: ours, or, as it refuses to be root, that of
//! somebody who owns nothing else.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::folder::CLUSTER;
use super::{Doing as _, EmbeddedError};

const ROOT: u32 = 0;

/// Whom to run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// We are root and hand things over to this account.
    switched: bool,
}

impl Account {
    /// As root: the owner of the cluster that is there, else `postgres`, else `nobody`.
    pub(super) fn choose(folder: &Path) -> Result<Self, EmbeddedError> {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        if uid != ROOT {
            return Ok(Self {
                uid,
                gid,
                switched: false,
            });
        }
        if let Ok(found) = std::fs::metadata(folder.join(CLUSTER))
            && found.uid() != ROOT
        {
            return Ok(Self {
                uid: found.uid(),
                gid: found.gid(),
                switched: true,
            });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(by_name)
            .ok_or_else(|| EmbeddedError::Folder {
                folder: folder.to_owned(),
                problem: "PostgreSQL refuses to run as root, and there is neither an account \
                      `postgres` nor `nobody` to run it as"
                    .to_owned(),
            })
    }

    /// A command run as this account, in its own process group (a Ctrl-C in the terminal is for
    /// us, and we pass it on in order) and untouched by `PG…` variables meant for others.
    pub(super) fn command(self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if self.switched {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Whether every folder on the way to `folder`, and that one itself, lets the account in.
    pub(super) fn can_enter(self, folder: &Path) -> bool {
        let mut enter = self.command("sh");
        enter.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder);
        enter.status().is_ok_and(|status| status.success())
    }

    /// Makes the account the owner of a file or folder that root made.
    pub(super) fn take_over(self, path: &Path) -> Result<(), EmbeddedError> {
        if !self.switched {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
            .doing(|| format!("giving {} to user {}", path.display(), self.uid))
    }

    /// Whether the account differs from ours, so that our folders may be closed to it.
    pub(super) fn is_switched(self) -> bool {
        self.switched
    }
}

/// `id` knows accounts from every source the system has, not from `/etc/passwd` only.
fn by_name(name: &str) -> Option<Account> {
    let id = |flag: &str| -> Option<u32> {
        let output = Command::new("id")
            .args([flag, name])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some(Account {
        uid: id("-u")?,
        gid: id("-g")?,
        switched: true,
    })
}
