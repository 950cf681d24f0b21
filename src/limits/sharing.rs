//! Instances tell each other what of their limits was used up, so that somebody who spreads over all
//! of them has about one budget and not one each.
//!
//! A report tightens a limit and never loosens one; with none, each instance goes by its own count.
//! Nobody waits for this: what is taken is noted in memory, told in batches, and what others tell is
//! charged when it comes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use uuid::Uuid;

/// Entries told at once; of what was used beyond, each instance knows only its own.
const MOST_ENTRIES: usize = 2_048;
/// A wire that has brought nothing for this long, not even what was told here, is listened to anew.
const DEAF_AFTER: Duration = Duration::from_secs(5);
/// Pause before listening again.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// What one instance used since its last report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub from: Uuid,
    pub used: Vec<Used>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The limit's name; one that another version has and this has not is passed over.
    pub limit: String,
    /// The key, in hexadecimal digits: JSON's numbers end earlier.
    #[serde(with = "hexadecimal")]
    pub key: u128,
    pub count: u32,
}

/// The wire does not take or give anything now.
#[derive(Debug, thiserror::Error)]
#[error("reports of use cannot be exchanged: {0}")]
pub struct Cut(pub String);

/// A wire between instances: it may lose, repeat or delay reports, or be away.
#[async_trait]
pub trait Exchange: Send + Sync + 'static {
    /// Offers a report to all instances, this one included.
    async fn tell(&self, report: &Report) -> Result<(), Cut>;

    /// Reports from here on, until the wire is cut. What is not read in time is left out.
    async fn listen(&self) -> Result<mpsc::Receiver<Report>, Cut>;
}

/// A limit that can be told of use elsewhere.
pub(super) trait Charge: Send + Sync {
    fn charge(&self, key: u128, count: u32);
}

/// The limits that instances have in common, and what was used of them here.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    me: Uuid,
    keys: usize,
    pages: Mutex<Vec<(&'static str, Arc<dyn Charge>)>>,
    /// By the page's number and the key. `None` where nobody is told.
    used: Option<Mutex<HashMap<(usize, u128), u32>>>,
}

/// Where the use of one limit is noted.
pub(super) struct Page {
    book: Book,
    number: usize,
}

impl Page {
    pub(super) fn note(&self, key: u128) {
        let Some(mut used) = self.book.used() else {
            return;
        };
        let entries = used.len();
        match used.get_mut(&(self.number, key)) {
            Some(count) => *count = count.saturating_add(1),
            None if entries < MOST_ENTRIES => {
                used.insert((self.number, key), 1);
            }
            None => {}
        }
    }
}

impl Book {
    /// Of an instance that is alone. Each limit knows at most `keys` at once.
    pub fn alone(keys: usize) -> Self {
        Self::new(keys, None)
    }

    /// Of one of several; to be [`run`](Self::run).
    pub fn in_common(keys: usize) -> Self {
        Self::new(keys, Some(Mutex::default()))
    }

    fn new(keys: usize, used: Option<Mutex<HashMap<(usize, u128), u32>>>) -> Self {
        Self(Arc::new(Inner {
            me: Uuid::new_v4(),
            keys,
            pages: Mutex::default(),
            used,
        }))
    }

    pub(super) fn keys(&self) -> usize {
        self.0.keys
    }

    pub(super) fn open(&self, name: &'static str, limit: Arc<dyn Charge>) -> Page {
        let mut pages = locked(&self.0.pages);
        pages.push((name, limit));
        Page {
            book: self.clone(),
            number: pages.len() - 1,
        }
    }

    fn used(&self) -> Option<MutexGuard<'_, HashMap<(usize, u128), u32>>> {
        self.0.used.as_ref().map(locked)
    }

    /// Tells and hears, every `period`, for as long as it is polled.
    pub async fn run(self, exchange: Arc<dyn Exchange>, period: Duration) {
        tokio::join!(
            self.tell(&*exchange, period),
            self.hear(&*exchange, DEAF_AFTER)
        );
    }

    async fn tell(&self, exchange: &dyn Exchange, period: Duration) {
        let mut period = interval(period);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            period.tick().await;
            if let Some(report) = self.report()
                && let Err(error) = exchange.tell(&report).await
            {
                // What is not told is not told later: by then it is paid.
                tracing::debug!(%error, "the others do not hear what was used here");
            }
        }
    }

    async fn hear(&self, exchange: &dyn Exchange, deaf_after: Duration) {
        loop {
            match exchange.listen().await {
                Ok(mut reports) => {
                    let mut heard = Instant::now();
                    while let Ok(Some(report)) =
                        tokio::time::timeout_at(heard + deaf_after, reports.recv()).await
                    {
                        heard = Instant::now();
                        self.charge(&report);
                    }
                }
                Err(error) => tracing::debug!(%error, "not heard what was used elsewhere"),
            }
            sleep(LISTEN_AGAIN).await;
        }
    }

    /// What was used since the last report; an empty one says that the wire works.
    fn report(&self) -> Option<Report> {
        let used = std::mem::take(&mut *self.used()?);
        let pages = locked(&self.0.pages);
        let used = used.into_iter().map(|((page, key), count)| Used {
            limit: pages[page].0.to_owned(),
            key,
            count,
        });
        Some(Report {
            from: self.0.me,
            used: used.collect(),
        })
    }

    fn charge(&self, report: &Report) {
        if report.from == self.0.me {
            return;
        }
        let pages = locked(&self.0.pages);
        for used in report.used.iter().take(MOST_ENTRIES) {
            if let Some((_, limit)) = pages.iter().find(|(name, _)| *name == used.limit) {
                limit.charge(used.key, used.count);
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(key: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{key:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let digits = String::deserialize(from)?;
        u128::from_str_radix(&digits, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::{
        super::{Limit, Rate},
        *,
    };

    /// All instances of a test.
    struct Memory(broadcast::Sender<Report>);

    #[async_trait]
    impl Exchange for Memory {
        async fn tell(&self, report: &Report) -> Result<(), Cut> {
            let _ = self.0.send(report.clone());
            Ok(())
        }

        async fn listen(&self) -> Result<mpsc::Receiver<Report>, Cut> {
            let (sender, receiver) = mpsc::channel(64);
            let mut reports = self.0.subscribe();
            tokio::spawn(async move {
                while let Ok(report) = reports.recv().await {
                    let _ = sender.try_send(report);
                }
            });
            Ok(receiver)
        }
    }

    const RATE: Rate = Rate {
        per_minute: 600,
        burst: 60,
    };
    const ANNA: Uuid = Uuid::from_u128(1);
    const BORIS: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_report_reads_back_as_it_was() {
        let report = Report {
            from: ANNA,
            used: vec![Used {
                limit: "commands".to_owned(),
                key: u128::MAX,
                count: 3,
            }],
        };
        let text = serde_json::to_string(&report).expect("plain data");
        let read: Report = serde_json::from_str(&text).expect("a report");
        assert_eq!(read, report);
    }

    #[test]
    fn what_is_told_is_bounded_and_told_once() {
        let book = Book::in_common(100);
        let limit = Limit::<Uuid>::shared(&book, "commands", RATE);
        for stranger in 0..10_000 {
            let _ = limit.take(&Uuid::from_u128(stranger));
        }
        let told = book.report().expect("it is in common").used.len();
        assert_eq!(told, MOST_ENTRIES);
        assert!(book.report().expect("it is in common").used.is_empty());
    }

    #[test]
    fn own_and_unknown_reports_change_nothing() {
        let book = Book::in_common(100);
        let limit = Limit::<Uuid>::shared(&book, "commands", RATE);
        let used = |limit: &str| Used {
            limit: limit.to_owned(),
            key: ANNA.as_u128(),
            count: 1_000,
        };
        for (from, name) in [(book.0.me, "commands"), (BORIS, "of another version")] {
            let used = vec![used(name)];
            book.charge(&Report { from, used });
            assert_eq!(limit.take(&ANNA), Ok(()));
        }
        let used = vec![used("commands")];
        book.charge(&Report { from: BORIS, used });
        assert!(limit.take(&ANNA).is_err());
        assert_eq!(limit.take(&BORIS), Ok(()));
    }

    /// Somebody who asks three instances as fast as they answer gets about what one would give.
    #[tokio::test]
    async fn three_instances_give_about_one_budget_together() {
        let (wire, _) = broadcast::channel(1_024);
        let books: Vec<_> = (0..3).map(|_| Book::in_common(100)).collect();
        let limits: Vec<_> = books
            .iter()
            .map(|book| Limit::<Uuid>::shared(book, "commands", RATE))
            .collect();
        for book in &books {
            let exchange: Arc<dyn Exchange> = Arc::new(Memory(wire.clone()));
            let period = Duration::from_millis(20);
            tokio::spawn(book.clone().run(exchange, period));
        }
        while wire.receiver_count() < 3 {
            tokio::task::yield_now().await;
        }
        let (began, mut granted) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_millis(2_500) {
            granted += limits
                .iter()
                .filter(|limit| limit.take(&ANNA).is_ok())
                .count();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // One budget: 60 at once and 10 a second, so 85; three would be 255. The bursts of all
        // three are gone before they have heard of each other.
        assert!((60..=200).contains(&granted), "{granted}");
        let boris = limits.iter().map(|limit| limit.take(&BORIS));
        assert!(boris.flatten().count() == 3, "nobody else is affected");
    }
}
