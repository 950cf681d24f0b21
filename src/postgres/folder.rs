//! Where a cluster lives: a folder its account can reach, locked to one supervisor, with a path
//! to the socket that fits into an address.
//!
//! ```text
//! <root>/cluster/       PostgreSQL's data
//! <root>/socket/        or a folder under /tmp where this path would be too long
//! <root>/postgres.log   of the last start
//! <root>/lock           held while a supervisor lives
//! ```

use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::account::Account;
use super::{Doing as _, EmbeddedError};

/// The name of PostgreSQL's data folder inside ours.
pub(super) const CLUSTER: &str = "cluster";
/// The longest socket path that every platform takes: 104 bytes with the terminating zero.
const SOCKET_PATH_BYTES: usize = 103;
const SOCKET_FILE: &str = ".s.PGSQL.5432";
/// Folders that every account can reach, for what lies where the chosen account cannot.
const REACHABLE: [&str; 2] = ["/var/lib", "/var/tmp"];

#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    sockets: PathBuf,
    account: Account,
    /// Open as long as this value lives; the kernel lets go of it even after a kill -9.
    _lock: File,
}

impl Folder {
    /// Opens the folder asked for. Where the account cannot reach it (root's home is closed to
    /// others), a folder under `/var/lib` or `/var/tmp` named after it stands in. A supervisor
    /// that is just ending may keep us waiting for as long as `patience`.
    pub(super) fn open(asked: &Path, patience: Duration) -> Result<Self, EmbeddedError> {
        fs::create_dir_all(asked).doing(|| format!("making the folder {}", asked.display()))?;
        let asked = asked
            .canonicalize()
            .doing(|| format!("resolving {}", asked.display()))?;
        let root = reachable(asked)?;
        // A cluster that is there already decides, and only now is it known where to look.
        let account = Account::choose(&root)?;
        account.take_over(&root)?;
        close_to_others(&root)?;
        let lock = lock(&root, patience)?;
        let sockets = socket_folder(&root, account)?;
        Ok(Self {
            root,
            sockets,
            account,
            _lock: lock,
        })
    }

    /// Whom PostgreSQL runs as.
    pub(super) fn account(&self) -> Account {
        self.account
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join(CLUSTER)
    }

    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// The major version that made the cluster, if there is one.
    pub(super) fn made_by(&self) -> Result<Option<u32>, EmbeddedError> {
        let path = self.cluster().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(version) => version
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| EmbeddedError::Folder {
                    folder: self.root.clone(),
                    problem: format!("its PG_VERSION reads {version:?}"),
                }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(EmbeddedError::Io {
                what: path.display().to_string(),
                source,
            }),
        }
    }

    /// Throws the cluster away.
    pub(super) fn wipe(&self) -> Result<(), EmbeddedError> {
        remove_folder(&self.cluster())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.sockets.starts_with(&self.root) {
            // Fails while PostgreSQL still has its socket there; then the next start uses it.
            let _ = fs::remove_dir(&self.sockets);
        }
    }
}

pub(super) fn remove_folder(folder: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.doing(|| format!("removing {}", folder.display())),
    }
}

fn reachable(asked: PathBuf) -> Result<PathBuf, EmbeddedError> {
    let account = Account::choose(&asked)?;
    account.take_over(&asked)?;
    if account.can_enter(&asked) {
        return Ok(asked);
    }
    if asked.join(CLUSTER).exists() {
        let problem = format!(
            "it holds a cluster that user {} cannot reach; move it to where its parent folders \
             let everybody pass",
            account.uid
        );
        return Err(EmbeddedError::Folder {
            folder: asked,
            problem,
        });
    }
    let Some(root) = stand_in(&asked, account)? else {
        let problem = format!(
            "user {}, whom PostgreSQL runs as, cannot reach it",
            account.uid
        );
        return Err(EmbeddedError::Folder {
            folder: asked,
            problem,
        });
    };
    fs::create_dir_all(&root).doing(|| format!("making the folder {}", root.display()))?;
    tracing::warn!(
        asked = %asked.display(),
        instead = %root.display(),
        "PostgreSQL does not run as root, and the account it runs as cannot reach the data \
         folder: the data is kept elsewhere"
    );
    Ok(root)
}

/// A path that `account` can reach, the same each time for the same path asked for.
pub(super) fn stand_in(asked: &Path, account: Account) -> Result<Option<PathBuf>, EmbeddedError> {
    let mut bases = REACHABLE.iter().map(Path::new).filter(|base| base.is_dir());
    let Some(base) = bases.find(|base| account.can_enter(base)) else {
        return Ok(None);
    };
    let ours = base.join("dispatch-hub");
    let making = || format!("making {} in place of {}", ours.display(), asked.display());
    fs::create_dir_all(&ours).doing(making)?;
    let found = fs::symlink_metadata(&ours).doing(making)?;
    if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
        let problem = "it belongs to somebody else".to_owned();
        return Err(EmbeddedError::Folder {
            folder: ours,
            problem,
        });
    }
    fs::set_permissions(&ours, Permissions::from_mode(0o755)).doing(making)?;
    Ok(Some(ours.join(digest(asked))))
}

fn digest(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let start = digest.first_chunk().expect("a digest has 32 bytes");
    format!("{:012x}", u64::from_be_bytes(*start) >> 16)
}

fn close_to_others(folder: &Path) -> Result<(), EmbeddedError> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
        .doing(|| format!("closing {} to others", folder.display()))
}

fn lock(root: &Path, patience: Duration) -> Result<File, EmbeddedError> {
    let path = root.join("lock");
    let locking = || format!("locking {}", path.display());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.doing(locking)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => {
                return Err(EmbeddedError::Io {
                    what: locking(),
                    source,
                });
            }
            Err(TryLockError::WouldBlock) if start.elapsed() > patience => {
                return Err(EmbeddedError::InUse {
                    folder: root.to_owned(),
                });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn socket_folder(root: &Path, account: Account) -> Result<PathBuf, EmbeddedError> {
    let fits = |folder: &Path| folder.join(SOCKET_FILE).as_os_str().len() <= SOCKET_PATH_BYTES;
    let beside = root.join("socket");
    let folder = if fits(&beside) {
        beside
    } else {
        let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let name = format!("dispatch-hub-{}", digest(root));
        session
            .filter(|base| !account.is_switched() && base.is_dir())
            .map(|base| base.join(&name))
            .filter(|folder| fits(folder))
            .unwrap_or_else(|| Path::new("/tmp").join(&name))
    };
    let making = || format!("making the socket's folder {}", folder.display());
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        result => {
            result.doing(making)?;
            account.take_over(&folder)?;
        }
    }
    let found = fs::symlink_metadata(&folder).doing(making)?;
    if !found.is_dir() || found.uid() != account.uid {
        let problem = format!("it should be a folder of user {}", account.uid);
        return Err(EmbeddedError::Folder { folder, problem });
    }
    close_to_others(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_path_gets_a_short_socket_path() {
        let account = Account::choose(Path::new("/nowhere")).expect("an account");
        let temp = tempfile::tempdir().expect("a folder");
        let root = temp.path().join("a".repeat(120));
        fs::create_dir(&root).expect("a folder with a long name");
        let sockets = socket_folder(&root, account).expect("a socket folder");
        assert!(sockets.join(SOCKET_FILE).as_os_str().len() <= SOCKET_PATH_BYTES);
        assert!(!sockets.starts_with(&root));
        fs::remove_dir(sockets).expect("it is empty");
    }

    #[test]
    fn two_supervisors_cannot_hold_one_folder() {
        let temp = tempfile::tempdir().expect("a folder");
        let first = lock(temp.path(), Duration::ZERO).expect("nobody else holds it");
        assert!(matches!(
            lock(temp.path(), Duration::ZERO),
            Err(EmbeddedError::InUse { .. })
        ));
        drop(first);
        lock(temp.path(), Duration::ZERO).expect("it is free again");
    }
}
