//! What the rules and the projections cost: pure code over worlds as the loader gives them.
//!
//! `cargo bench --bench domain` measures time and allocations. On a noisy machine instructions tell
//! more: `domain --once NAME` prepares one case, runs it twice and marks the second run for
//! `valgrind --tool=callgrind --toggle-collect='*collected*'`; without a name it lists them.

mod company;
mod decisions;
mod projections;
mod slots;

/// Runs what is measured; what it stands on has been made before.
type Run = Box<dyn Fn()>;

/// A case: its name, and how to make ready for it.
type Case = (&'static str, fn() -> Run);

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn cases() -> impl Iterator<Item = Case> {
    let all = [slots::CASES, decisions::CASES, projections::CASES];
    all.into_iter().flatten().copied()
}

fn named(name: &str) -> Option<Run> {
    let (_, ready) = cases().find(|(known, _)| *known == name)?;
    Some(ready())
}

#[divan::bench(args = cases().map(|(name, _)| name))]
fn domain(bencher: divan::Bencher<'_, '_>, name: &str) {
    let run = named(name).expect("one of the cases");
    bencher.bench_local(run);
}

#[inline(never)]
fn collected(run: &Run) {
    run();
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("--once") {
        return divan::main();
    }
    match arguments.next().as_deref().map(named) {
        Some(Some(run)) => {
            run();
            collected(&run);
        }
        Some(None) => panic!("no such case"),
        None => cases().for_each(|(name, _)| println!("{name}")),
    }
}
