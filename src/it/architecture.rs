//! Holds the `use` lines against the architecture table, so that the picture cannot rot.
//!
//! [`ORDER`] and [`ONLY`] are the table of `README.md` and `src/lib.rs`: a new edge between modules changes it
//! in the same commit.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Top-level modules of the server, highest first: a module uses only what stands after it.
const ORDER: &[&str] = &[
    "main",
    "cli",
    "app",
    "demo",
    "http",
    "gateway",
    "tracking",
    "presence",
    "background",
    "contracts",
    "execute",
    "sign_in",
    "store",
    "audience",
    "domain",
    "limits",
    "telemetry",
    "config",
    "clock",
    "postgres",
    "breakage",
];

/// Only builds for the fault suite have it; in those anybody may be broken by it but the rules.
const BREAKAGE: &str = "breakage";

/// Modules that may use even less.
const ONLY: &[(&str, &[&str])] = &[
    ("background", &["config", "domain", "execute", "store"]),
    ("tracking", &["audience", "domain", "store"]),
    ("presence", &["audience", "config", "domain", "store"]),
    ("contracts", &["audience", "domain", "execute"]),
    ("execute", &["audience", "domain", "store"]),
    ("store", &["audience", "domain"]),
    ("audience", &["domain"]),
    ("domain", &[]),
];

/// What pure code must not name: I/O, clocks, randomness, tasks.
const IMPURE: &[&str] = &[
    "tokio::",
    "sqlx::",
    "std::fs",
    "std::net::Tcp",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "now_v7",
    "new_v4",
    "async fn",
    ".await",
    "dashmap::",
];

/// By what names code would reach who is there.
const PRESENCE: &[&str] = &[
    "crate::presence",
    "audience::presence",
    "super::presence",
    "presence::{",
    "store::presence",
    "ports::Presence",
    "PresenceRow",
    "JobLock",
];

/// Words of the business that the engine must not know (P10).
const DOMAIN_WORDS: &[&str] = &[
    "cleaner",
    "cleaning",
    "customer",
    "booking",
    "dispatcher",
    "shift_",
    "job_",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Lines of code: comments gone, and everything from the first inner test module on.
fn code_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .map(|line| line.split("//").next().unwrap_or_default())
}

/// Top-level modules that this source names as `crate::x` or `dispatch_hub::x`.
fn modules_named(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let code: String = code_of(text).collect::<Vec<_>>().join(" ");
    for prefix in ["crate::", "dispatch_hub::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            let list = rest
                .strip_prefix('{')
                .map_or(rest, |inside| inside.split("};").next().unwrap_or(inside));
            let first = rest
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .unwrap_or_default();
            if rest.starts_with('{') {
                named.extend(first_segments(list));
            } else {
                named.insert(first.to_owned());
            }
        }
    }
    named.retain(|name| !name.is_empty());
    named
}

/// The first path segment of each entry of a `{a::b, c::{d, e}}` list.
fn first_segments(list: &str) -> Vec<String> {
    let (mut depth, mut segments, mut entry) = (0_u32, Vec::new(), String::new());
    for c in list.chars().chain([',']) {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                segments.push(
                    entry
                        .trim()
                        .split("::")
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
                entry.clear();
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            entry.push(c);
        }
    }
    segments
}

#[test]
fn the_reader_of_use_lines_sees_every_form() {
    let text = "use crate::{domain::{World, Event}, store};\nlet x = crate::http::serve();\n// crate::app\n#[cfg(test)]\nuse crate::demo;";
    let expected: BTreeSet<String> = ["domain", "store", "http"].map(String::from).into();
    assert_eq!(modules_named(text), expected);
}

#[test]
fn a_module_uses_only_what_is_below_it() {
    let src = root().join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut faults = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).expect("below src");
        let first = inside.iter().next().expect("a name").to_string_lossy();
        let module = first.trim_end_matches(".rs");
        if ["it", "lib", "build"].contains(&module) {
            continue;
        }
        let Some(place) = ORDER.iter().position(|name| *name == module) else {
            faults.push(format!(
                "{} is not in the architecture table",
                inside.display()
            ));
            continue;
        };
        let allowed = ONLY
            .iter()
            .find(|(name, _)| *name == module)
            .map_or(&ORDER[place..], |(_, only)| only);
        let text = fs::read_to_string(&file).expect("readable source");
        for used in modules_named(&text) {
            if used == BREAKAGE && module != "domain" {
                continue;
            }
            if used != module && !allowed.contains(&used.as_str()) && is_module(&used) {
                faults.push(format!("{} uses {used}", inside.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn is_module(name: &str) -> bool {
    let src = root().join("src");
    src.join(name).is_dir() || src.join(format!("{name}.rs")).is_file()
}

/// Who is there, who looks at what and who has a lock is advice for people: nothing that decides,
/// runs or stores a command may know of it, whatever the table above comes to allow.
#[test]
fn no_rule_of_the_business_reads_who_is_there() {
    let src = root().join("src");
    let mut files = Vec::new();
    for folder in ["domain", "execute", "background"] {
        rust_files(&src.join(folder), &mut files);
    }
    // What is loaded, saved and published of a decision.
    for folder in ["store", "audience"] {
        rust_files(&src.join(folder), &mut files);
    }
    let aside = [
        "store/presence.rs",
        "audience/presence.rs",
        "audience/live.rs",
    ];
    let faults: Vec<String> = files
        .iter()
        .filter(|file| !aside.iter().any(|aside| file.ends_with(aside)))
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("readable source");
            let code: Vec<String> = code_of(&text).map(str::to_owned).collect();
            let named = |word: &str| code.iter().any(|line| line.contains(word));
            let found: Vec<String> = PRESENCE
                .iter()
                .filter(|word| named(word))
                .map(|word| format!("{} names {word}", file.display()))
                .collect();
            found
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn pure_code_names_no_clock_randomness_or_io() {
    let mut files = Vec::new();
    for folder in ["src/domain", "src/audience", "hub/src/protocol"] {
        rust_files(&root().join(folder), &mut files);
    }
    let faults: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).expect("readable source");
            let code: Vec<String> = code_of(&text).map(str::to_owned).collect();
            let found: Vec<String> = IMPURE
                .iter()
                .filter(|word| code.iter().any(|line| line.contains(**word)))
                .map(|word| format!("{} names {word}", file.display()))
                .collect();
            found
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_engine_knows_no_word_of_the_business() {
    let mut files = Vec::new();
    rust_files(&root().join("hub"), &mut files);
    let faults: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file)
                .expect("readable source")
                .to_lowercase();
            DOMAIN_WORDS
                .iter()
                .filter(|word| text.contains(**word))
                .map(|word| format!("{} says {word}", file.display()))
                .collect::<Vec<_>>()
        })
        .chain(engine_uses_server())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn engine_uses_server() -> Vec<String> {
    let manifest =
        fs::read_to_string(root().join("hub/Cargo.toml")).expect("the engine's manifest");
    if manifest.contains("dispatch") {
        vec!["hub/Cargo.toml names the server".to_owned()]
    } else {
        Vec::new()
    }
}

/// What comes from others is what was looked at: exact versions, licences and sources that are
/// checked, and no crate of ours may do what the compiler cannot vouch for.
#[test]
fn every_crate_is_locked_and_forbids_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| {
        let path = root.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let workspace = read("Cargo.toml");
    let lints = workspace.split("[workspace.lints.rust]").nth(1);
    let lints = lints.and_then(|rest| rest.split("\n[").next());
    assert!(lints.is_some_and(|lints| lints.contains("unsafe_code = \"forbid\"")));
    let members = workspace.lines().find(|line| line.starts_with("members"));
    let members = members
        .and_then(|line| line.split_once('['))
        .expect("members")
        .1;
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() >= 3, "{members:?}");
    for member in members {
        let manifest = read(&format!("{member}/Cargo.toml"));
        let inherits = manifest.contains("[lints]\nworkspace = true");
        assert!(inherits, "{member} has lints of its own");
    }
    for (lock, what) in [
        ("Cargo.lock", "name = \"dispatch-hub\""),
        ("web-client/package-lock.json", "\"integrity\""),
    ] {
        assert!(read(lock).contains(what), "{lock}");
    }
    let checked = read(".ci/lint");
    for check in [
        "--locked",
        "cargo deny --offline --config .ci/deny.toml check bans licenses sources",
    ] {
        assert!(checked.contains(check), "{check}");
    }
    let denied = read(".ci/deny.toml");
    for rule in [
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "wildcards = \"deny\"",
    ] {
        assert!(denied.contains(rule), "{rule}");
    }
    assert!(
        read(".ci/client-packages").contains("npm ci"),
        "what the lock says, and nothing newer"
    );
}
