//! People from the command line: the first one of an installation, and tokens for scripts.

use std::{
    io::{BufRead, IsTerminal},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use dispatch_hub::{
    config::Config,
    domain::{Role, ids::AccountId},
    sign_in::{SignIn, password},
    store::{
        Pools,
        account::{self, PASSWORD},
    },
};

#[derive(Subcommand)]
pub enum Admin {
    /// Make an admin. The password is read from standard input; without one it is made up and
    /// printed.
    Create(Create),
}

#[derive(Args)]
pub struct Create {
    /// The address to sign in with.
    #[arg(long)]
    email: String,
    /// How screens call them [default: the address].
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args)]
pub struct Token {
    /// The person's address or id.
    #[arg(long, value_name = "EMAIL|ID")]
    user: String,
    /// How long it is valid, in seconds, minutes, hours or days.
    #[arg(long, value_name = "30s|10m|8h|7d", default_value = "1h", value_parser = duration)]
    ttl: Duration,
}

impl Create {
    pub async fn create(&self, config: &Config, pools: Pools) -> anyhow::Result<()> {
        let email = self.email.trim().to_lowercase();
        let shaped = email.split_once('@').is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace)
        });
        ensure!(shaped, "`{}` is not an e-mail address", self.email);
        let given = given_password()?;
        let sign_in = SignIn::open(pools.clone(), config.sign_in.clone()).await?;
        let password = given.clone().unwrap_or_else(password::made_up);
        let hashed = sign_in.hasher().hash(password.clone()).await;
        let Ok(hash) = hashed else {
            bail!("the password could not be hashed");
        };
        let name = self.name.as_deref().unwrap_or(&email);
        let made = account::create_staff(&pools, Role::Admin, name, &email, &hash).await?;
        ensure!(made.is_some(), "somebody signs in as {email} already");
        println!("{email} may sign in as admin.");
        if given.is_none() {
            println!("Password: {password}");
        }
        Ok(())
    }
}

/// The first line of standard input. At a terminal one is asked for; an empty line is none.
fn given_password() -> anyhow::Result<Option<String>> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Password (it shows while you type; leave it empty to have one made up):");
    }
    let mut line = String::new();
    input.lock().read_line(&mut line)?;
    let given = line.trim_end_matches(['\r', '\n']);
    if given.is_empty() {
        return Ok(None);
    }
    ensure!(
        given.chars().count() >= password::MIN_PASSWORD_CHARS
            && given.len() <= password::MAX_PASSWORD_BYTES,
        "a password has at least {} characters",
        password::MIN_PASSWORD_CHARS
    );
    Ok(Some(given.to_owned()))
}

impl Token {
    pub async fn print(&self, config: &Config, pools: Pools) -> anyhow::Result<()> {
        let account = match self.user.parse::<AccountId>() {
            Ok(id) => account::find(&pools, id).await?,
            Err(_) => account::find_by_identity(&pools, PASSWORD, &self.user.to_lowercase())
                .await?
                .map(|identified| identified.account),
        };
        let account = account.with_context(|| format!("nobody is known as {}", self.user))?;
        ensure!(!account.disabled, "{} may not sign in", self.user);
        let sign_in = SignIn::open(pools, config.sign_in.clone()).await?;
        println!("{}", sign_in.access_token(account.id, self.ttl).await?);
        Ok(())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let malformed = || "a number with s, m, h or d is expected, such as 8h".to_owned();
    let unit = text.chars().last().ok_or_else(malformed)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return Err(malformed()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| malformed())?;
    let life = number
        .checked_mul(seconds)
        .filter(|life| (1..=366 * 24 * 3600).contains(life));
    life.map(Duration::from_secs)
        .ok_or_else(|| "between a second and a year is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_numbers_with_a_unit() {
        for (text, expected) in [
            ("30s", Some(30)),
            ("10m", Some(600)),
            ("8h", Some(28_800)),
            ("7d", Some(604_800)),
            ("0s", None),
            ("400d", None),
            ("8", None),
            ("h", None),
            ("", None),
            ("1é", None),
        ] {
            assert_eq!(
                duration(text).ok().map(|life| life.as_secs()),
                expected,
                "{text}"
            );
        }
    }
}
