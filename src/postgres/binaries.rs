//! Finding PostgreSQL's programs: an explicit setting, `PATH`, where distributions and Homebrew
//! put them, and last npm's `@embedded-postgres/<platform>`, which needs no system package.
//!
//! A find counts only if the account can run it, its version suits the data that is there, and
//! the contributed extensions the schema needs came with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use super::folder::{self, Folder};
use super::{Doing as _, EmbeddedError};

/// `create database … strategy file_copy` and the schema want at least this.
const OLDEST_MAJOR: u32 = 15;
const EXTENSIONS: [&str; 2] = ["btree_gist", "pg_trgm"];
/// Folders of distributions with one folder per major version: (parent, prefix, rest).
const VERSIONED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

pub(super) struct Search<'a> {
    /// When set, nothing else is looked at.
    pub(super) explicit: Option<&'a Path>,
    pub(super) node_modules: &'a Path,
}

/// Programs that work.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    pub(super) bin: PathBuf,
    pub(super) major: u32,
    /// As PostgreSQL writes it, for people: `15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) version: String,
}

/// Where npm's package for this platform keeps its programs, whether or not it is there.
pub fn npm_binaries(node_modules: &Path) -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    };
    node_modules
        .join("@embedded-postgres")
        .join(format!("{system}-{processor}"))
        .join("native/bin")
}

/// The first installation that works, of the major version that made the folder's cluster.
pub(super) fn find(search: &Search<'_>, folder: &Folder) -> Result<Installation, EmbeddedError> {
    let made_by = folder.made_by()?;
    let mut rejected = Vec::new();
    for bin in candidates(search) {
        match examine(&bin, folder.account()) {
            Ok(found) if made_by.is_none_or(|major| major == found.major) => return Ok(found),
            Ok(found) => rejected.push(format!("{} is {}", bin.display(), found.version)),
            Err(problem) => rejected.push(format!("{}: {problem}", bin.display())),
        }
    }
    Err(match made_by {
        Some(made_by) => EmbeddedError::OtherMajorVersion {
            folder: folder.cluster(),
            made_by,
            rejected,
        },
        None => EmbeddedError::NoBinaries { rejected },
    })
}

fn candidates(search: &Search<'_>) -> Vec<PathBuf> {
    if let Some(explicit) = search.explicit {
        // Programs are started in another folder than ours.
        return vec![
            explicit
                .canonicalize()
                .unwrap_or_else(|_| explicit.to_owned()),
        ];
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for (parent, prefix, rest) in VERSIONED {
        found.extend(
            newest_first(Path::new(parent), prefix)
                .into_iter()
                .map(|at| at.join(rest)),
        );
    }
    found.push(npm_binaries(search.node_modules));
    let complete = |bin: &PathBuf| bin.join("postgres").is_file() && bin.join("initdb").is_file();
    found.retain(complete);
    // Links in PATH lead to a distribution's folder, whose siblings `lib` and `share` count.
    for bin in &mut found {
        if let Some(real) = bin
            .join("postgres")
            .canonicalize()
            .ok()
            .as_deref()
            .and_then(Path::parent)
        {
            real.clone_into(bin);
        }
    }
    let mut distinct = Vec::new();
    for bin in found {
        if !distinct.contains(&bin) {
            distinct.push(bin);
        }
    }
    distinct
}

fn newest_first(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path()))
        })
        .collect();
    found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    found.into_iter().map(|(_, path)| path).collect()
}

fn examine(bin: &Path, account: Account) -> Result<Installation, String> {
    let npm = bin
        .parent()
        .filter(|native| native.join("pg-symlinks.json").is_file());
    let mut bin = bin.to_owned();
    if let Some(native) = npm {
        complete_links(native);
        if account.is_switched() && !account.can_enter(&bin) {
            bin = reachable_copy(native, account)
                .map_err(|error| error.to_string())?
                .join("bin");
        }
    }
    let mut ask = account.command(bin.join("postgres"));
    let output = ask
        .arg("--version")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = output.map_err(|error| format!("cannot be run: {error}"))?;
    let answer = String::from_utf8_lossy(&output.stdout);
    let version = answer.trim().strip_prefix("postgres (PostgreSQL) ");
    let Some(version) = version.filter(|_| output.status.success()) else {
        let problem = String::from_utf8_lossy(&output.stderr);
        return Err(format!("does not run: {}", problem.trim()));
    };
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    let major = digits
        .parse()
        .map_err(|_| format!("says its version is {version:?}"))?;
    if major < OLDEST_MAJOR {
        return Err(format!(
            "is {version}, and {OLDEST_MAJOR} or newer is needed"
        ));
    }
    if let Some(extension) = missing_extension(&bin) {
        return Err(format!("came without the extension {extension} (contrib)"));
    }
    Ok(Installation {
        bin,
        major,
        version: version.to_owned(),
    })
}

/// An extension that is surely not there; where the folder is unknown, none is missed.
fn missing_extension(bin: &Path) -> Option<&'static str> {
    let told = Command::new(bin.join("pg_config"))
        .arg("--sharedir")
        .output()
        .ok();
    let told = told.and_then(|output| String::from_utf8(output.stdout).ok());
    let share = match told.as_deref().map(str::trim) {
        Some(share) if !share.is_empty() => PathBuf::from(share),
        _ => bin.parent()?.join("share/postgresql"),
    };
    let extensions = share.join("extension");
    if !extensions.is_dir() {
        return None;
    }
    EXTENSIONS
        .into_iter()
        .find(|name| !extensions.join(format!("{name}.control")).is_file())
}

/// A packed npm module holds no symbolic links: its install script makes them from a list, and
/// we do where it did not run. What cannot be written shows when the programs are tried.
fn complete_links(native: &Path) {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let Some(package) = native.parent() else {
        return;
    };
    let Ok(list) = fs::read(native.join("pg-symlinks.json")) else {
        return;
    };
    let Ok(links) = serde_json::from_slice::<Vec<Link>>(&list) else {
        return;
    };
    for Link { source, target } in links {
        // Both are given from the package's folder; a link is read from its own.
        let target = package.join(target);
        let Some(beside) = target.parent() else {
            continue;
        };
        let source = package.join(source);
        let source = source.strip_prefix(beside).unwrap_or(&source);
        let _ = std::os::unix::fs::symlink(source, &target);
    }
}

/// Root's home is closed to the account, so npm's programs are copied to where it can run them.
fn reachable_copy(native: &Path, account: Account) -> Result<PathBuf, EmbeddedError> {
    let postgres = native.join("bin/postgres");
    let looking = || format!("looking at {}", postgres.display());
    let changed = fs::metadata(&postgres)
        .and_then(|found| found.modified())
        .doing(looking)?;
    let age = changed
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let Some(copy) = folder::stand_in(&native.join(age.to_string()), account)? else {
        let problem = "the account PostgreSQL runs as cannot reach it".to_owned();
        return Err(EmbeddedError::Folder {
            folder: native.to_owned(),
            problem,
        });
    };
    if copy.is_dir() {
        return Ok(copy);
    }
    let partial = copy.with_extension(format!("partial-{}", std::process::id()));
    folder::remove_folder(&partial)?;
    copy_folder(native, &partial)
        .and_then(|()| fs::rename(&partial, &copy))
        .doing(|| format!("copying {} to {}", native.display(), copy.display()))?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        // Follows links: the copy holds plain files.
        if fs::metadata(entry.path())?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else {
            fs::copy(entry.path(), &copy)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let temp = tempfile::tempdir().expect("a folder");
        for name in ["pgsql-9", "pgsql-16", "pgsql-15", "pgsql-old", "other"] {
            fs::create_dir(temp.path().join(name)).expect("a folder");
        }
        let found = newest_first(temp.path(), "pgsql-");
        let names: Vec<_> = found
            .iter()
            .filter_map(|path| path.file_name()?.to_str())
            .collect();
        assert_eq!(names, ["pgsql-16", "pgsql-15", "pgsql-9"]);
    }

    #[test]
    fn links_that_an_install_script_left_out_are_made() {
        let temp = tempfile::tempdir().expect("a folder");
        let native = temp.path().join("native");
        fs::create_dir_all(native.join("lib")).expect("a folder");
        fs::write(native.join("lib/libpq.so.5.18"), "library").expect("a file");
        let list = r#"[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}]"#;
        fs::write(native.join("pg-symlinks.json"), list).expect("a file");
        complete_links(&native);
        let link = native.join("lib/libpq.so.5");
        assert_eq!(
            fs::read_link(&link).expect("a link"),
            Path::new("libpq.so.5.18")
        );
        complete_links(&native);
        assert_eq!(fs::read(link).expect("it leads to the file"), b"library");
    }
}
