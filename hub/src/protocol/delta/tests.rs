//! Deltas applied as clients apply them.

use proptest::{collection::vec, prelude::*};

use super::*;

/// Applies a delta, as clients do; `None` where it does not fit.
pub(crate) fn apply(old: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta;
    let length = take_number(&mut rest)?;
    rest = rest.strip_prefix(b"\n")?;
    let mut new = Vec::new();
    loop {
        let number = take_number(&mut rest)?;
        let (separator, after) = rest.split_first()?;
        rest = after;
        match separator {
            b'@' => {
                let source = take_number(&mut rest)?;
                rest = rest.strip_prefix(b",")?;
                new.extend(old.get(source..source.checked_add(number)?)?);
            }
            b':' => {
                let (text, after) = rest.split_at_checked(number)?;
                new.extend(text);
                rest = after;
            }
            b';' => {
                let fits =
                    new.len() == length && checksum(&new) as usize == number && rest.is_empty();
                return fits.then_some(new);
            }
            _ => return None,
        }
    }
}

fn take_number(rest: &mut &[u8]) -> Option<usize> {
    let digit = |byte: &u8| DIGITS.iter().position(|digit| digit == byte);
    let length = rest.iter().take_while(|byte| digit(byte).is_some()).count();
    let (number, after) = rest.split_at(length);
    *rest = after;
    (length > 0).then_some(())?;
    number.iter().try_fold(0_usize, |sum, byte| {
        sum.checked_mul(64)?.checked_add(digit(byte)?)
    })
}

#[track_caller]
fn check(old: &str, new: &str) -> Option<String> {
    let delta = create(old, new);
    if let Some(delta) = &delta {
        assert!(delta.len() < new.len());
        let applied = apply(old.as_bytes(), delta.as_bytes());
        assert_eq!(applied.as_deref(), Some(new.as_bytes()), "{delta:?}");
    }
    delta
}

/// Text without repetition.
fn prose(words: std::ops::Range<u64>) -> String {
    let words = words.map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
    words.collect::<Vec<_>>().join(" ") + " "
}

#[test]
fn the_format_is_fossils() {
    // 51 bytes are `o`, the 32 copied are `W`, the 19 new ones `J`; they begin at 10, `A`.
    let old = "a".repeat(10) + "0123456789abcdef" + "0123456789ABCDEF" + "x";
    let new = "0123456789abcdef0123456789ABCDEF and some new text.";
    assert_eq!(new.len(), 51);
    let words = new.as_bytes().chunks(4).map(|chunk| {
        let mut word = [0; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from(u32::from_be_bytes(word))
    });
    let sum = usize::try_from(words.sum::<u64>() & 0xffff_ffff).unwrap();
    let mut ending = String::new();
    put_number(&mut ending, sum);
    let delta = create(&old, new).expect("shorter");
    assert_eq!(delta, format!("o\nW@A,J: and some new text.{ending};"));
}

#[test]
fn numbers_are_to_the_base_of_64() {
    let written = |number| {
        let mut text = String::new();
        put_number(&mut text, number);
        text
    };
    for (number, text) in [(0, "0"), (63, "~"), (64, "10"), (4095, "~~"), (4096, "100")] {
        assert_eq!(written(number), text);
        assert_eq!(take_number(&mut text.as_bytes()), Some(number));
    }
    assert_eq!(written(u32::MAX as usize), "3~~~~~");
}

#[test]
fn changes_far_apart_cost_no_more_than_themselves() {
    let old = prose(0..200);
    let new = old.replacen(' ', " one change ", 1) + "and another";
    let delta = check(&old, &new).expect("shorter");
    assert!(delta.len() < 100, "{delta}");
    let moved = prose(100..200) + &prose(0..100);
    let delta = check(&old, &moved).expect("shorter");
    assert!(delta.len() < 100, "{delta}");
}

#[test]
fn what_has_nothing_in_common_has_no_delta() {
    assert_eq!(check("", ""), None);
    assert_eq!(check("", &prose(0..10)), None);
    assert_eq!(check(&prose(0..10), ""), None);
    assert_eq!(check(&prose(0..10), &prose(20..30)), None);
    assert_eq!(check("short", "short"), None);
}

#[test]
fn a_character_is_copied_or_written_whole() {
    // Both differ only within characters of two and four bytes.
    for (before, after) in [("é", "è"), ("😀", "😁")] {
        let [start, end] = [prose(0..5), prose(5..10)];
        let old = format!("{start}{before}{end}");
        let new = format!("{start}{after}{end}");
        let delta = check(&old, &new).expect("shorter");
        assert!(delta.contains(after), "{delta}");
    }
}

#[test]
fn a_text_that_repeats_itself_takes_no_longer() {
    let old = "a".repeat(200_000);
    let new = format!("{}b{}", "a".repeat(99_999), "a".repeat(99_999));
    let delta = check(&old, &new).expect("shorter");
    assert!(delta.len() < 50, "{delta}");
    // Every block of the old text has the same hash, and none of it fits.
    let never = "aaaaaaaaaaaaaaab".repeat(5_000);
    check(&old, &never);
}

#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, String),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = 0..2_000_usize;
    prop_oneof![
        (place.clone(), "\\PC{0,20}").prop_map(|(at, text)| Edit::Insert(at, text)),
        (place.clone(), 1..40_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (place, 1..200_usize).prop_map(|(at, count)| Edit::Repeat(at, count)),
    ]
}

fn edited(old: &str, edits: &[Edit]) -> String {
    let mut characters: Vec<char> = old.chars().collect();
    for edit in edits {
        let length = characters.len();
        match edit {
            Edit::Insert(at, text) => {
                let at = at % (length + 1);
                characters.splice(at..at, text.chars());
            }
            Edit::Remove(at, count) if length > 0 => {
                let at = at % length;
                characters.drain(at..(at + count).min(length));
            }
            Edit::Repeat(at, count) if length > 0 => {
                let at = at % length;
                let again = characters[at..(at + count).min(length)].to_vec();
                characters.extend(again);
            }
            Edit::Remove(..) | Edit::Repeat(..) => {}
        }
    }
    characters.into_iter().collect()
}

proptest! {
    #[test]
    fn what_was_edited_comes_back(
        old in "(\\PC{0,60}|[a-c]{0,60}|[é😀ß]{0,60}){0,10}",
        edits in vec(edit(), 0..6),
    ) {
        let new = edited(&old, &edits);
        check(&old, &new);
        check(&new, &old);
    }

    #[test]
    fn a_small_change_of_a_long_text_is_a_small_delta(
        at in 0..3_000_usize,
        text in "\\PC{0,8}",
    ) {
        let old = prose(0..200);
        let new = edited(&old, &[Edit::Insert(at, text)]);
        let delta = check(&old, &new).expect("shorter");
        prop_assert!(delta.len() < 120, "{}", delta);
    }

    #[test]
    fn rubbish_is_no_delta_and_no_panic(old in vec(any::<u8>(), 0..40), delta in vec(any::<u8>(), 0..40)) {
        apply(&old, &delta);
    }
}
