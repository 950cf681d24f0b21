//! In which order what goes wrong: every fault once, shuffled, and again; then, when each has been
//! seen alone, random pairs of different families.

use std::{ops::RangeInclusive, time::Duration};

use rand::{
    Rng as _,
    rngs::StdRng,
    seq::{IndexedRandom as _, SliceRandom as _},
};

use super::Fault;

/// How fast faults follow each other.
#[derive(Debug, Clone)]
pub struct Pace {
    pub lasts_ms: RangeInclusive<u64>,
    /// Of pauses of instances, the longest.
    pub longest_pause_ms: u64,
    /// Between faults.
    pub calm: Duration,
}

/// One fault, or two at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub faults: Vec<Fault>,
    pub lasts: Duration,
}

/// Steps without end.
pub fn schedule(mut dice: StdRng, pace: Pace) -> impl Iterator<Item = Step> {
    let mut singles = Fault::ALL.to_vec();
    singles.shuffle(&mut dice);
    let mut singles = singles.into_iter();
    std::iter::from_fn(move || {
        let faults = match singles.next() {
            Some(fault) => vec![fault],
            None => pair(&mut dice),
        };
        Some(step(faults, &mut dice, &pace))
    })
}

/// These alone, one after the other and again.
pub fn only(faults: Vec<Fault>, mut dice: StdRng, pace: Pace) -> impl Iterator<Item = Step> {
    let faults = faults.into_iter().cycle();
    faults.map(move |fault| step(vec![fault], &mut dice, &pace))
}

fn step(faults: Vec<Fault>, dice: &mut StdRng, pace: &Pace) -> Step {
    let lasts_ms = if faults == [Fault::InstancePause] {
        let shortest = *pace.lasts_ms.start();
        dice.random_range(shortest..=pace.longest_pause_ms.max(shortest))
    } else {
        dice.random_range(pace.lasts_ms.clone())
    };
    Step {
        faults,
        lasts: Duration::from_millis(lasts_ms),
    }
}

fn pair(dice: &mut StdRng) -> Vec<Fault> {
    let first = *Fault::ALL.choose(dice).expect("a list");
    let others: Vec<Fault> = Fault::ALL
        .iter()
        .copied()
        .filter(|fault| fault.family() != first.family())
        .collect();
    let second = *others.choose(dice).expect("there are several families");
    vec![first, second]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    fn steps(seed: u64, count: usize) -> Vec<Step> {
        let pace = Pace {
            lasts_ms: 100..=200,
            longest_pause_ms: 30_000,
            calm: Duration::ZERO,
        };
        schedule(StdRng::seed_from_u64(seed), pace)
            .take(count)
            .collect()
    }

    #[test]
    fn every_fault_comes_alone_once_and_then_pairs_of_two_families() {
        let steps = steps(1, Fault::ALL.len() + 100);
        let (alone, pairs) = steps.split_at(Fault::ALL.len());
        let seen: BTreeSet<Fault> = alone.iter().flat_map(|step| step.faults.clone()).collect();
        assert_eq!(seen.len(), Fault::ALL.len());
        for step in pairs {
            let [first, second] = step.faults[..] else {
                panic!("{step:?}");
            };
            assert_ne!(first.family(), second.family());
        }
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(steps(7, 60), steps(7, 60));
        assert_ne!(steps(7, 60), steps(8, 60));
    }
}
