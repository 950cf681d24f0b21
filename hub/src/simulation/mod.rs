//! A seeded, deterministic world around the real [`Session`](crate::protocol::Session) and
//! [`Sequencer`](crate::protocol::Sequencer): several instances, clients that behave like the SDKs,
//! a wire that loses, repeats, delays and reorders, a log that fails, is trimmed, goes back and gets
//! another name, instances that die, rights that lapse. An oracle knows what was committed and
//! holds every client against it (P1 to P4).
//!
//! 2,000 seeds run with the ordinary tests. `HUB_SIMULATION_SEEDS=200000` runs more, from
//! `HUB_SIMULATION_FIRST` on. A failure names its seed; `HUB_SIMULATION_FIRST=<seed>
//! HUB_SIMULATION_SEEDS=1 cargo test -p hub simulation::every_seed` replays it and shows the trace.
//!
//! Each [`Breakage`](crate::protocol::breakage::Breakage) must be caught within those seeds.

mod client;
mod coverage;
mod dice;
mod faults;
mod frames;
mod link;
mod oracle;
mod plan;
mod reads;
mod registry;
mod sequencing;
mod truth;
mod wire;
mod wishes;
mod world;

use std::{
    env,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use self::{coverage::Coverage, oracle::Violation, world::World};
use crate::protocol::breakage::Breakage;

const SEEDS: u64 = 2_000;
const THREADS: u64 = 2;

/// The first seed that broke a promise, and everything that was gone through until then.
#[derive(Debug, Default)]
struct Outcome {
    failed: Option<(u64, Violation)>,
    coverage: Coverage,
}

/// Runs seeds until one breaks a promise. Which one that is does not depend on the threads.
fn explore(first: u64, seeds: u64, breakage: Breakage) -> Outcome {
    let next = AtomicU64::new(first);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        let mut coverage = Coverage::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                break;
            }
            let mut world = World::new(seed, breakage);
            world.run();
            coverage.add(&world.coverage);
            if let Some(violation) = world.violation {
                // Lower seeds are under way or done already.
                next.fetch_max(first + seeds, Ordering::Relaxed);
                let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                if outcome
                    .failed
                    .as_ref()
                    .is_none_or(|(known, _)| seed < *known)
                {
                    outcome.failed = Some((seed, violation));
                }
            }
        }
        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.coverage.add(&coverage);
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(work);
        }
    });
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a seed once more and tells what happened last.
fn replay(seed: u64, breakage: Breakage) -> String {
    let mut world = World::new(seed, breakage).traced();
    world.run();
    let trace: Vec<_> = world.trace().collect();
    let end = match &world.violation {
        Some(violation) => violation.to_string(),
        None => "no violation: the replay differs from the run".to_owned(),
    };
    format!(
        "seed {seed}\n{:#?}\n{}\n{end}",
        world.plan,
        trace.join("\n")
    )
}

fn number(name: &str, otherwise: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().expect("a number of seeds"),
        Err(_) => otherwise,
    }
}

#[test]
fn every_seed_keeps_the_promises() {
    let first = number("HUB_SIMULATION_FIRST", 0);
    let seeds = number("HUB_SIMULATION_SEEDS", SEEDS);
    let Outcome { failed, coverage } = explore(first, seeds, Breakage::None);
    if let Some((seed, violation)) = failed {
        panic!(
            "{}\nseed {seed} breaks {violation}",
            replay(seed, Breakage::None)
        );
    }
    println!("{seeds} seeds from {first}\n{coverage}");
    if seeds >= SEEDS {
        let missing = coverage.missing();
        assert!(missing.is_empty(), "never happened: {missing:?}");
    }
}

#[test]
fn a_seed_is_a_replay() {
    for seed in 0..20 {
        assert_eq!(replay(seed, Breakage::None), replay(seed, Breakage::None));
    }
}

#[track_caller]
fn caught(breakage: Breakage) {
    let outcome = explore(0, SEEDS, breakage);
    let Some((seed, violation)) = outcome.failed else {
        panic!("{breakage:?} was not caught within {SEEDS} seeds");
    };
    println!("{breakage:?} is caught by seed {seed}: {violation}");
}

macro_rules! breakages {
    ($($test:ident: $breakage:ident,)*) => {
        $(
            #[test]
            fn $test() {
                caught(Breakage::$breakage);
            }
        )*
    };
}

breakages! {
    a_sequencer_that_ignores_gaps_is_caught: SequencerIgnoresGaps,
    repeated_deliveries_are_caught: NoDeduplication,
    a_session_that_ignores_gaps_is_caught: SessionIgnoresGaps,
    a_join_that_buffers_nothing_is_caught: NothingIsBuffered,
    a_snapshot_that_is_not_filled_up_is_caught: SnapshotIsNotFilledUp,
    a_first_publication_that_is_a_delta_is_caught: FirstIsADelta,
    a_new_name_of_the_log_ignored_is_caught: EpochIsIgnored,
    a_lost_tail_that_nobody_looks_for_is_caught: HeadsAreIgnored,
    the_wrong_order_of_a_join_is_caught: RegisteredBeforeOpened,
    a_resync_that_is_not_told_is_caught: ResyncIsNotTold,
    a_publication_before_its_commit_is_caught: PublishedBeforeCommit,
}
