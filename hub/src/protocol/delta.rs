//! Fossil deltas: a text as copies from another text and what is new.
//!
//! The format is that of the Fossil version control system: the new length, then commands, then a
//! checksum; numbers are to the base of 64. Blocks of 16 bytes of the old text are indexed, the new
//! text is searched for them, and what is found is extended in both directions. Copies begin and
//! end between characters of the new text, so that a delta is text itself and may stand in JSON.

/// Bytes that must agree before a copy is considered.
const BLOCK: usize = 16;
/// Places in the old text that are compared for one place in the new one, so that a text which
/// repeats itself does not take for ever.
const CANDIDATES: usize = 32;
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/// How `new` differs from `old`; `None` where that is not shorter than `new` itself.
pub fn create(old: &str, new: &str) -> Option<String> {
    let mut delta = String::with_capacity(new.len().min(256));
    put_number(&mut delta, new.len());
    delta.push('\n');
    let index = Index::of(old.as_bytes());
    let mut said = 0;
    let mut at = 0;
    while at + BLOCK <= new.len() {
        let found = index
            .longest(new.as_bytes(), said, at)
            .and_then(|copy| copy.between_characters(new));
        let Some(copy) = found else {
            at += 1;
            continue;
        };
        put_insert(&mut delta, &new[said..copy.begin]);
        put_copy(&mut delta, &copy);
        said = copy.end;
        at = said;
        if delta.len() >= new.len() {
            return None;
        }
    }
    put_insert(&mut delta, &new[said..]);
    put_number(&mut delta, checksum(new.as_bytes()) as usize);
    delta.push(';');
    (delta.len() < new.len()).then_some(delta)
}

/// A run of the new text that stands in the old text too.
#[derive(Debug, Clone, Copy)]
struct Copy {
    /// In the new text.
    begin: usize,
    end: usize,
    /// Where it begins in the old text.
    source: usize,
}

impl Copy {
    fn len(&self) -> usize {
        self.end - self.begin
    }

    /// The part that begins and ends between characters, where it is worth a command.
    fn between_characters(mut self, new: &str) -> Option<Self> {
        while !new.is_char_boundary(self.begin) {
            self.begin += 1;
            self.source += 1;
        }
        while !new.is_char_boundary(self.end) {
            self.end -= 1;
        }
        // Two separators, and numbers of at most as many digits as this.
        let cost = 2 + digits(self.source) + digits(self.end);
        (self.end > self.begin && self.len() > cost).then_some(self)
    }
}

/// The blocks of the old text by their content.
struct Index<'a> {
    old: &'a [u8],
    /// The first block of each hash, counted from 1; 0 is none. The earliest is tried first, since
    /// most of the old text follows it.
    first: Vec<usize>,
    /// The block after, of the same hash, for each block.
    next: Vec<usize>,
    shift: u32,
}

impl<'a> Index<'a> {
    fn of(old: &'a [u8]) -> Self {
        let (blocks, _) = old.as_chunks::<BLOCK>();
        let bits = (blocks.len() + 1).next_power_of_two().ilog2() + 1;
        let mut index = Self {
            old,
            first: vec![0; 1 << bits],
            next: vec![0; blocks.len()],
            shift: 64 - bits,
        };
        for (number, block) in blocks.iter().enumerate().rev() {
            let place = index.place(block);
            index.next[number] = index.first[place];
            index.first[place] = number + 1;
        }
        index
    }

    fn place(&self, block: &[u8; BLOCK]) -> usize {
        let [low, high] = halves(block);
        // Odd numbers without a pattern; the upper bits of a product depend on all lower ones.
        let mixed = low
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(high)
            .wrapping_mul(0xd6e8_feb8_6659_fd93);
        usize::try_from(mixed >> self.shift).expect("as many bits as the table has")
    }

    /// The longest run around `new[at..]` that stands in the old text; it begins at `from` at the
    /// earliest.
    fn longest(&self, new: &[u8], from: usize, at: usize) -> Option<Copy> {
        let wanted: &[u8; BLOCK] = new.get(at..)?.first_chunk()?;
        let mut number = self.first[self.place(wanted)];
        let mut best: Option<Copy> = None;
        for _ in 0..CANDIDATES {
            let Some(block) = number.checked_sub(1) else {
                break;
            };
            let source = block * BLOCK;
            if self.old[source..].starts_with(wanted) {
                let copy = self.extend(new, from, at, source);
                if best.is_none_or(|best| copy.len() > best.len()) {
                    best = Some(copy);
                }
            }
            number = self.next[block];
        }
        best
    }

    fn extend(&self, new: &[u8], from: usize, at: usize, source: usize) -> Copy {
        let after = agreeing(self.old[source..].iter(), new[at..].iter());
        let before = agreeing(self.old[..source].iter().rev(), new[from..at].iter().rev());
        Copy {
            begin: at - before,
            end: at + after,
            source: source - before,
        }
    }
}

fn halves(block: &[u8; BLOCK]) -> [u64; 2] {
    let number = u128::from_le_bytes(*block);
    #[expect(clippy::cast_possible_truncation, reason = "each half on purpose")]
    [number as u64, (number >> 64) as u64]
}

fn agreeing<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other).take_while(|(a, b)| a == b).count()
}

fn put_copy(delta: &mut String, copy: &Copy) {
    put_number(delta, copy.len());
    delta.push('@');
    put_number(delta, copy.source);
    delta.push(',');
}

fn put_insert(delta: &mut String, text: &str) {
    if !text.is_empty() {
        put_number(delta, text.len());
        delta.push(':');
        delta.push_str(text);
    }
}

fn put_number(delta: &mut String, number: usize) {
    for place in (0..digits(number)).rev() {
        let digit = number >> (6 * place) & 0x3f;
        delta.push(char::from(DIGITS[digit]));
    }
}

/// Digits of a number to the base of 64.
fn digits(number: usize) -> usize {
    let bits = usize::BITS - number.leading_zeros();
    bits.div_ceil(6).max(1) as usize
}

/// The sum of the text as big-endian words of 32 bits, the last filled up with zeros.
fn checksum(text: &[u8]) -> u32 {
    let (words, rest) = text.as_chunks::<4>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    words
        .iter()
        .chain([&last])
        .fold(0, |sum, word| sum.wrapping_add(u32::from_be_bytes(*word)))
}

#[cfg(test)]
pub(crate) use tests::apply;

#[cfg(test)]
mod tests {
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
}
