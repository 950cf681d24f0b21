//! What comes out, whatever order things go in.

use super::*;
use crate::ports::Body;

const CONFIG: SequencerConfig = SequencerConfig {
    hold: Duration::from_millis(30),
    retry: Duration::from_millis(100),
    page: 3,
    held: 100,
    ring: RecoveryLimits {
        publications: 4,
        bytes: 10_000,
    },
};

fn at(ms: u64) -> Moment {
    Moment::since_start(Duration::from_millis(ms))
}

fn position(offset: u64, epoch: &str) -> Position {
    Position {
        offset,
        epoch: epoch.into(),
    }
}

fn publication(offset: u64, epoch: &str) -> Publication {
    Publication {
        channel: "c".into(),
        offset,
        epoch: epoch.into(),
        key: None,
        body: Body::from_text("{}").unwrap(),
        info: None,
    }
}

struct Run {
    sequencer: Sequencer,
    delivered: Vec<u64>,
    asked: Vec<u64>,
    resets: Vec<Position>,
    went_back: usize,
}

impl Run {
    fn starting_at(offset: u64) -> Self {
        Self {
            sequencer: Sequencer::starting(position(offset, "e"), CONFIG, at(0)),
            delivered: Vec::new(),
            asked: Vec::new(),
            resets: Vec::new(),
            went_back: 0,
        }
    }

    fn note(&mut self, effects: Vec<SequencerEffect>) {
        for effect in effects {
            match effect {
                SequencerEffect::Deliver(p) => self.delivered.push(p.offset),
                SequencerEffect::Fetch { after, .. } => self.asked.push(after),
                SequencerEffect::Reset(position) => self.resets.push(position),
                SequencerEffect::WentBack(_) => self.went_back += 1,
            }
        }
    }

    fn hears(&mut self, offset: u64, ms: u64) {
        let mut effects = Vec::new();
        self.sequencer
            .heard(Arc::new(publication(offset, "e")), at(ms), &mut effects);
        self.note(effects);
    }

    fn ticks(&mut self, ms: u64) {
        let mut effects = Vec::new();
        self.sequencer.tick(at(ms), &mut effects);
        self.note(effects);
    }

    fn reads(&mut self, offsets: &[u64], head: Position, ms: u64) {
        let publications = offsets
            .iter()
            .map(|offset| publication(*offset, &head.epoch))
            .collect();
        let mut effects = Vec::new();
        let read = LogRead { publications, head };
        self.sequencer.fetched(Some(read), at(ms), &mut effects);
        self.note(effects);
    }
}

#[test]
fn what_comes_in_order_is_delivered_at_once_and_repeats_are_dropped() {
    let mut run = Run::starting_at(4);
    for offset in [5, 6, 5, 6, 4, 7] {
        run.hears(offset, 1);
    }
    assert_eq!(run.delivered, [5, 6, 7]);
    assert_eq!(run.sequencer.deadline(), None);
}

#[test]
fn reordering_is_mended_without_asking_the_log() {
    let mut run = Run::starting_at(0);
    for offset in [3, 1, 2] {
        run.hears(offset, 1);
    }
    assert_eq!(run.delivered, [1, 2, 3]);
    run.ticks(500);
    assert!(run.asked.is_empty());
}

#[test]
fn a_gap_is_held_for_a_while_and_then_read_from_the_log() {
    let mut run = Run::starting_at(0);
    run.hears(1, 0);
    run.hears(3, 10);
    assert_eq!(run.sequencer.deadline(), Some(at(40)));
    run.ticks(39);
    assert!(run.asked.is_empty());
    run.ticks(40);
    assert_eq!(run.asked, [1]);
    run.reads(&[2, 3], position(3, "e"), 45);
    assert_eq!(run.delivered, [1, 2, 3]);
    assert_eq!(run.sequencer.deadline(), None);
}

#[test]
fn a_lost_tail_is_found_by_a_look_at_the_heads() {
    let mut run = Run::starting_at(2);
    run.sequencer.head_seen(&position(9, "e"), at(250), at(251));
    run.ticks(281);
    assert_eq!(run.asked, [2]);
    run.reads(&[3, 4, 5], position(9, "e"), 290);
    assert_eq!(run.asked, [2, 5], "a full page is followed by the next");
    run.reads(&[6, 7, 8], position(9, "e"), 291);
    run.reads(&[9], position(9, "e"), 292);
    assert_eq!(run.delivered, [3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn what_is_seen_while_the_head_is_read_is_not_forgotten() {
    let mut opening = Opening::default();
    opening.heard(Arc::new(publication(6, "e")), 1);
    opening.doubt();
    let mut effects = Vec::new();
    let head = position(5, "e");
    let sequencer = Sequencer::open(head, opening, CONFIG, at(0), &mut effects);
    assert_eq!(sequencer.position().offset, 6);
    assert!(matches!(
        effects[..],
        [
            SequencerEffect::Deliver(_),
            SequencerEffect::Fetch { after: 6, .. }
        ]
    ));
    let mut full = Opening::default();
    full.heard(Arc::new(publication(6, "e")), 1);
    full.heard(Arc::new(publication(7, "e")), 1);
    assert!(full.doubted, "7 was not kept, so the log has to be asked");
}

#[test]
fn a_trimmed_gap_resets_the_subscribers_to_the_head() {
    let mut run = Run::starting_at(2);
    run.hears(8, 0);
    run.ticks(30);
    run.reads(&[6, 7, 8], position(8, "e"), 31);
    assert_eq!(run.resets, [position(8, "e")]);
    assert!(run.delivered.is_empty());
    run.hears(9, 40);
    assert_eq!(run.delivered, [9]);
}

#[test]
fn a_reset_does_not_forget_what_was_seen_while_the_log_was_read() {
    let mut run = Run::starting_at(2);
    run.hears(8, 0);
    run.ticks(30);
    run.sequencer.head_seen(&position(9, "e"), at(31), at(32));
    run.reads(&[6, 7, 8], position(8, "e"), 33);
    assert_eq!(run.resets, [position(8, "e")]);
    run.ticks(63);
    assert_eq!(run.asked, [2, 8], "9 was seen and is still missing");
}

#[test]
fn another_epoch_is_believed_only_from_the_log() {
    let mut run = Run::starting_at(5);
    let mut effects = Vec::new();
    let stray = Arc::new(publication(6, "old"));
    run.sequencer.heard(stray, at(0), &mut effects);
    run.ticks(0);
    assert_eq!(run.asked, [5]);
    run.reads(&[], position(5, "e"), 1);
    assert!(run.resets.is_empty(), "the log says the epoch is the same");
    run.sequencer.doubt(at(2));
    run.ticks(2);
    run.reads(&[], position(3, "f"), 3);
    assert_eq!(run.resets, [position(3, "f")]);
}

#[test]
fn a_doubt_lasts_until_the_log_has_answered() {
    let mut run = Run::starting_at(5);
    assert!(!run.sequencer.is_in_doubt());
    run.sequencer.head_seen(&position(6, "f"), at(0), at(1));
    assert!(run.sequencer.is_in_doubt());
    run.ticks(1);
    assert!(run.sequencer.is_in_doubt(), "the log is being asked");
    let mut effects = Vec::new();
    run.sequencer.fetched(None, at(2), &mut effects);
    assert!(run.sequencer.is_in_doubt(), "it has not answered");
    run.ticks(102);
    run.reads(&[], position(6, "f"), 103);
    assert_eq!(run.resets, [position(6, "f")]);
    assert!(!run.sequencer.is_in_doubt());
}

#[test]
fn a_head_below_what_was_seen_before_the_read_means_the_log_went_back() {
    let mut run = Run::starting_at(5);
    run.hears(6, 0);
    run.sequencer.doubt(at(1));
    run.ticks(1);
    run.hears(7, 2);
    run.reads(&[], position(6, "e"), 3);
    assert_eq!(run.went_back, 0, "7 came after the read was sent");
    run.sequencer.doubt(at(4));
    run.ticks(4);
    run.reads(&[], position(6, "e"), 5);
    assert_eq!(run.went_back, 1);
    assert_eq!(run.sequencer.deadline(), Some(at(105)), "asks again");
}

#[test]
fn a_log_that_cannot_be_read_is_asked_again_later() {
    let mut run = Run::starting_at(0);
    run.hears(2, 0);
    run.ticks(30);
    let mut effects = Vec::new();
    run.sequencer.fetched(None, at(50), &mut effects);
    assert_eq!(run.sequencer.deadline(), Some(at(150)));
    run.hears(1, 60);
    assert_eq!(run.delivered, [1, 2]);
    assert_eq!(run.sequencer.deadline(), None);
}

#[test]
fn recent_clients_recover_from_memory() {
    let mut run = Run::starting_at(0);
    for offset in 1..=6 {
        run.hears(offset, 0);
    }
    let recalled = |offset, epoch| match run.sequencer.recall(offset, epoch) {
        Some(Recovery::Complete { publications, .. }) => {
            Some(publications.iter().map(|p| p.offset).collect::<Vec<_>>())
        }
        Some(Recovery::Impossible) | None => None,
    };
    assert_eq!(recalled(4, "e"), Some(vec![5, 6]));
    assert_eq!(recalled(6, "e"), Some(vec![]));
    assert_eq!(recalled(2, "e"), Some(vec![3, 4, 5, 6]));
    assert_eq!(recalled(1, "e"), None, "beyond the ring");
    assert_eq!(recalled(7, "e"), None, "ahead of this instance");
    assert_eq!(recalled(4, "f"), None);
}

proptest::proptest! {
    /// Whatever the wire repeats, reorders and loses: in order, once each, and nothing past a gap.
    #[test]
    fn any_arrival_is_delivered_in_order_and_once(arrivals in proptest::collection::vec(1_u64..12, 0..40)) {
        let mut run = Run::starting_at(0);
        for (ms, offset) in (0..).zip(&arrivals) {
            run.hears(*offset, ms);
        }
        let contiguous = (1..12).take_while(|offset| arrivals.contains(offset));
        let reachable: Vec<u64> = contiguous.collect();
        proptest::prop_assert_eq!(&run.delivered, &reachable);
        // What is missing is asked for, and delivered with everything that waited for it.
        let head = arrivals.iter().copied().max().unwrap_or(0);
        run.ticks(1_000);
        let missing = head > reachable.len() as u64;
        proptest::prop_assert_eq!(run.asked.len(), usize::from(missing));
        let mut ms = 1_001;
        while run.sequencer.position().offset < head {
            let after = *run.asked.last().expect("a gap is asked for");
            let page: Vec<u64> = (after + 1..=head).take(CONFIG.page).collect();
            run.reads(&page, position(head, "e"), ms);
            run.ticks(ms + 100);
            ms += 101;
        }
        let all: Vec<u64> = (1..=head).collect();
        proptest::prop_assert_eq!(run.delivered, all);
    }
}
