//! In which order what goes wrong: every fault once, alone, the families in turns, so that a short run
//! has something of each; then random pairs of different families.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use rand::{
    Rng as _,
    rngs::StdRng,
    seq::{IndexedRandom as _, SliceRandom as _},
};

use super::{Family, Fault};

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
    let mut singles = singles(&mut dice).into_iter();
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

fn singles(dice: &mut StdRng) -> Vec<Fault> {
    let mut shuffled = Fault::ALL.to_vec();
    shuffled.shuffle(dice);
    let mut turns: BTreeMap<Family, usize> = BTreeMap::new();
    let mut with_turn: Vec<(usize, Fault)> = Vec::new();
    for fault in shuffled {
        let turn = turns.entry(fault.family()).or_default();
        with_turn.push((*turn, fault));
        *turn += 1;
    }
    // Stable: within a turn the shuffled order stays.
    with_turn.sort_by_key(|(turn, _)| *turn);
    let mut singles: Vec<Fault> = with_turn.into_iter().map(|(_, fault)| fault).collect();
    // How instances stop is looked at only where nothing else goes wrong: a run of any length has that.
    let place = singles
        .iter()
        .position(|fault| *fault == Fault::RollingRestart);
    singles[..=place.expect("every fault is there once")].rotate_right(1);
    singles
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
        assert_eq!(steps[0].faults, [Fault::RollingRestart]);
        let families: BTreeSet<Family> = steps[1..=6]
            .iter()
            .map(|step| step.faults[0].family())
            .collect();
        assert_eq!(families.len(), 6, "one of each family comes soon");
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
