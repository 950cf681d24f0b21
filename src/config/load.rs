//! Puts the layers of settings on top of each other and reports every fault at once.
//!
//! The compiled-in defaults say which keys exist. Each value that came from outside is tried alone
//! on top of the defaults, so that one bad value does not hide the next.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use config::{
    Config as Layered, ConfigError, Environment, File, FileFormat, Source, Value, ValueKind,
};

use super::Config;

const DEFAULTS: &str = include_str!("default.toml");
const PREFIX: &str = "DISPATCH_HUB";
/// Keys whose values are lists; in the environment and in flags they are separated by commas.
const LISTS: [&str; 3] = [
    "http.allowed_origins",
    "http.embed_origins",
    "http.trusted_proxies",
];

/// Where settings come from, besides the defaults.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    pub file: Option<PathBuf>,
    /// Name and value, usually of the process.
    pub environment: Vec<(String, String)>,
    /// Key and value of each flag given.
    pub flags: Vec<(&'static str, String)>,
}

/// Everything wrong with the settings, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

impl std::error::Error for Faults {}

impl Config {
    /// The defaults alone.
    pub fn defaults() -> Self {
        Layers::default()
            .load()
            .expect("the compiled-in defaults are valid, as a test shows")
    }
}

impl Layers {
    /// Lays file, environment and flags over the defaults.
    pub fn load(&self) -> Result<Config, Faults> {
        let given = self
            .collect()
            .map_err(|error| Faults(vec![error.to_string()]))?;
        let known: BTreeSet<String> = leaves(&defaults()).into_keys().collect();
        let (mut good, mut faults) = (BTreeMap::new(), Vec::new());
        for (key, value) in given {
            if !known.contains(&key) {
                faults.push(format!("{key}: unknown key{}", origin(&value)));
                continue;
            }
            match overlay(&BTreeMap::from([(key.clone(), value.clone())])) {
                Ok(_) => {
                    good.insert(key, value);
                }
                Err(error) => {
                    let reason = expected(&key).unwrap_or_else(|| reason(&error));
                    faults.push(format!("{key}: {reason}{}", origin(&value)));
                }
            }
        }
        let config = overlay(&good).map_err(|error| Faults(vec![error.to_string()]))?;
        faults.extend(config.check());
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(Faults(faults))
        }
    }

    /// The values given, without the defaults, by full key.
    fn collect(&self) -> Result<BTreeMap<String, Value>, ConfigError> {
        let mut builder = Layered::builder();
        if let Some(path) = &self.file {
            builder = builder.add_source(File::from(path.clone()).format(FileFormat::Toml));
        }
        let value_of = |name: &str| {
            let found = self.environment.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let shared = [("database_url", "DATABASE_URL"), ("redis_url", "REDIS_URL")];
        for (key, name) in shared {
            builder = builder.set_default(key, None::<String>)?;
            if let Some(value) = value_of(name) {
                // A later source wins, so it is one of its own and not a default.
                builder = builder.add_source(File::from_str(
                    &format!("{key} = {}", toml_text(&value)),
                    FileFormat::Toml,
                ));
            }
        }
        builder = builder.add_source(self.own_environment());
        for (key, value) in &self.flags {
            builder = if LISTS.contains(key) {
                let parts: Vec<&str> = value.split(',').collect();
                builder.set_override(*key, parts)?
            } else {
                builder.set_override(*key, value.clone())?
            };
        }
        Ok(leaves(&builder.build()?.collect()?)
            .into_iter()
            .filter(|(_, value)| value.kind != ValueKind::Nil)
            .collect())
    }

    fn own_environment(&self) -> Environment {
        let source = self.environment.iter().cloned().collect();
        let environment = Environment::with_prefix(PREFIX)
            .prefix_separator("_")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .source(Some(source));
        LISTS.into_iter().fold(environment, |environment, key| {
            environment.with_list_parse_key(key)
        })
    }
}

fn defaults() -> config::Map<String, Value> {
    Layered::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .build()
        .and_then(|defaults| defaults.collect())
        .expect("the compiled-in defaults are TOML, as a test shows")
}

fn overlay(values: &BTreeMap<String, Value>) -> Result<Config, ConfigError> {
    let mut builder = Layered::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    for (key, value) in values {
        builder = builder.set_override(key, value.clone())?;
    }
    builder.build()?.try_deserialize()
}

/// Values that are not tables, by their full key.
fn leaves(table: &config::Map<String, Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for (key, value) in table {
        if let ValueKind::Table(inner) = &value.kind {
            let inner = leaves(inner);
            found.extend(
                inner
                    .into_iter()
                    .map(|(rest, v)| (format!("{key}.{rest}"), v)),
            );
        } else {
            found.insert(key.clone(), value.clone());
        }
    }
    found
}

fn origin(value: &Value) -> String {
    value
        .origin()
        .map(|origin| format!(" (from {origin})"))
        .unwrap_or_default()
}

/// What a value has to be, where the parsers' words would not tell a person.
fn expected(key: &str) -> Option<String> {
    let what = match key {
        "listen" | "ops_listen" => "an IP address and a port, such as 127.0.0.1:8080",
        "log.format" => "\"pretty\" or \"json\"",
        _ => return None,
    };
    Some(format!("expected {what}"))
}

/// The error without the key and the origin, which are told beside it. A bad value is not
/// repeated where it could be a secret: those are free text and cannot be bad.
fn reason(error: &ConfigError) -> String {
    if let ConfigError::At { error, .. } = error {
        return reason(error);
    }
    if let ConfigError::Type {
        unexpected,
        expected,
        ..
    } = error
    {
        return format!("expected {expected}, found {unexpected}");
    }
    error.to_string()
}

fn toml_text(value: &str) -> String {
    // A JSON string is a TOML basic string as well.
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Layers {
        Layers {
            environment: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Layers::default()
        }
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = Config::defaults();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url.reveal(), None);
    }

    #[test]
    fn the_documented_figures_of_the_engine_are_its_defaults() {
        let config = Config::defaults();
        assert_eq!(config.hub, hub::HubConfig::default());
        assert_eq!(config.redis, hub::adapters::redis::RedisConfig::default());
        let documented = leaves(&defaults());
        for (section, settings) in [
            ("hub", serde_json::to_value(config.hub)),
            ("redis", serde_json::to_value(config.redis)),
        ] {
            let settings = settings.expect("plain data");
            let keys = settings.as_object().expect("a table").keys();
            for key in keys.filter(|key| *key != "version") {
                assert!(
                    documented.contains_key(&format!("{section}.{key}")),
                    "{section}.{key}"
                );
            }
        }
    }

    #[test]
    fn what_is_printed_can_be_read_back() {
        let printed = environment(&[("DATABASE_URL", "postgres://u:secret@h/d")]).load();
        let printed = printed.expect("valid").to_string();
        assert!(!printed.contains("secret"), "{printed}");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hub.toml");
        std::fs::write(&file, &printed).expect("written");
        let layers = Layers {
            file: Some(file),
            ..Layers::default()
        };
        let again = layers.load().expect("valid");
        assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("hub.toml");
        std::fs::write(
            &file,
            "listen = '1.1.1.1:1'\nops_listen = '1.1.1.1:2'\ndata = '/srv/hub'\n[log]\nfilter = 'warn'\n",
        )
        .expect("written");
        let mut layers = environment(&[
            ("DISPATCH_HUB_LISTEN", "2.2.2.2:1"),
            ("DISPATCH_HUB_OPS_LISTEN", "2.2.2.2:2"),
            ("DISPATCH_HUB_LOG__FORMAT", "json"),
            (
                "DISPATCH_HUB_HTTP__ALLOWED_ORIGINS",
                "https://a.example,https://b.example",
            ),
            ("DISPATCH_HUB_HTTP__TRUSTED_PROXIES", "10.0.0.0/8"),
            ("DATABASE_URL", "postgres://x/y"),
        ]);
        layers.file = Some(file);
        layers.flags = vec![("listen", "3.3.3.3:1".to_owned())];
        let config = layers.load().expect("valid");
        assert_eq!(config.listen.to_string(), "3.3.3.3:1");
        assert_eq!(config.ops_listen.to_string(), "2.2.2.2:2");
        assert_eq!(config.data, PathBuf::from("/srv/hub"));
        assert_eq!(config.log.filter, "warn");
        assert_eq!(config.log.format, super::super::LogFormat::Json);
        assert_eq!(config.http.allowed_origins.len(), 2);
        assert_eq!(config.http.trusted_proxies.len(), 1);
        assert_eq!(config.database_url.reveal(), Some("postgres://x/y"));
    }

    #[test]
    fn the_prefixed_database_url_wins_over_the_shared_one() {
        let config = environment(&[
            ("DATABASE_URL", "postgres://shared"),
            ("DISPATCH_HUB_DATABASE_URL", "postgres://own"),
        ])
        .load()
        .expect("valid");
        assert_eq!(config.database_url.reveal(), Some("postgres://own"));
    }

    #[test]
    fn all_faults_are_reported_together() {
        let Faults(faults) = environment(&[
            ("DISPATCH_HUB_LISTEN", "nowhere"),
            ("DISPATCH_HUB_HTTP__BODY_BYTES", "many"),
            ("DISPATCH_HUB_HTTP__TRUSTED_PROXIES", "10.0.0.0/99"),
            ("DISPATCH_HUB_COLOUR", "blue"),
            ("DISPATCH_HUB_LOG__FORMAT", "xml"),
            ("DISPATCH_HUB_LOG__FILTER", "a==b"),
            ("DISPATCH_HUB_LIMITS__COMMANDS_BURST", "0"),
        ])
        .load()
        .expect_err("seven faults");
        let keys: Vec<_> = faults
            .iter()
            .filter_map(|fault| fault.split(':').next())
            .collect();
        assert_eq!(
            keys,
            [
                "colour",
                "http.body_bytes",
                "http.trusted_proxies",
                "listen",
                "log.format",
                "limits.commands_burst",
                "log.filter",
            ],
            "{faults:#?}"
        );
    }

    #[test]
    fn what_types_cannot_say_is_checked_too() {
        let Faults(faults) = environment(&[
            ("DISPATCH_HUB_SIGN_IN__LEEWAY_SECONDS", "31"),
            ("DISPATCH_HUB_HTTP__ALLOWED_ORIGINS", "example.org"),
        ])
        .load()
        .expect_err("two faults");
        assert_eq!(faults.len(), 2, "{faults:#?}");
    }
}
