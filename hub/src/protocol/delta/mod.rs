//! Fossil deltas: a text as copies from another text and what is new.
//!
//! The format is that of the Fossil version control system: the new length, then commands, then a
//! checksum; numbers are to the base of 64. Blocks of 16 bytes of the old text are indexed, the new
//! text is searched for them, and what is found is extended in both directions. Copies begin and
//! end between characters of the new text, so that a delta is text itself and may stand in JSON.

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::apply;

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
