//! Password hashes: argon2id, away from the async threads, few at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// Longest password taken, in bytes: hashing must not become a way to keep us busy.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Shortest password that may be set, in characters.
pub const MIN_PASSWORD_CHARS: usize = 8;

/// So many wait already that one more would time out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Hasher {
    slots: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    /// Verified against where there is no password, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Hasher {
    /// `slots` at once, `queue` waiting.
    pub fn new(slots: usize, queue: usize) -> Self {
        let decoy = hash("the password of nobody");
        Self {
            slots: Arc::new(Semaphore::new(slots.max(1))),
            waiting: Arc::default(),
            queue,
            decoy: decoy.into(),
        }
    }

    pub async fn hash(&self, password: String) -> Result<String, Busy> {
        self.run(move || hash(&password)).await
    }

    /// Whether `password` is the one behind `stored`; where nothing is stored it never is, after
    /// the same time.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Busy> {
        let decoy = Arc::clone(&self.decoy);
        self.run(move || {
            let known = stored.is_some();
            let hash = stored.unwrap_or_else(|| decoy.to_string());
            verify(&password, &hash) && known
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before >= self.queue {
            return Err(Busy);
        }
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.expect("the semaphore is never closed");
        drop(waiting);
        // The slot goes along: a request that is given up does not make room for the next one
        // before its hashing has ended.
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            metrics::counter!("password_hashes_total").increment(1);
            work()
        });
        Ok(done
            .await
            .expect("hashing does not panic and is never aborted"))
    }
}

/// Counts itself among the waiting while it lives.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A password that nobody has thought of.
pub fn made_up() -> String {
    super::token::random_text()
}

/// Argon2id with 19 MiB, two passes, one lane, as OWASP recommends: the crate's default.
fn hash(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the parameters are valid and the system has randomness")
        .to_string()
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| {
        Argon2::default()
            .verify_password(password.as_bytes(), &stored)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_argon2id_of_the_recommended_strength() {
        let hash = hash("secret");
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(verify("secret", &hash));
        assert!(!verify("Secret", &hash));
        assert!(!verify("secret", "no hash at all"));
    }

    #[test]
    fn nobodys_password_is_as_much_work_as_everybodys() {
        let cost = |hash: &str| {
            hash.rsplitn(3, '$')
                .nth(2)
                .expect("its parameters")
                .to_owned()
        };
        assert_eq!(cost(&Hasher::new(1, 1).decoy), cost(&hash("secret")));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let hasher = Hasher::new(1, 8);
        let verified = hasher.verify("the password of nobody".to_owned(), None);
        assert_eq!(verified.await, Ok(false));
    }

    #[tokio::test]
    async fn beyond_the_queue_a_hash_is_refused() {
        let hasher = Hasher::new(1, 0);
        assert_eq!(hasher.hash("x".to_owned()).await, Err(Busy));
    }
}
