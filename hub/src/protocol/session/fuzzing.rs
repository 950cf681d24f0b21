//! Frames that no client would send, made of golden ones by a seeded hand: whatever comes, nothing
//! panics, every refusal is one that is documented, and a frame makes no more than it may.
//!
//! `FUZZ_ROUNDS` makes it last longer, `FUZZ_SEED` repeats a round that failed.

use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{CloseCode, Encoding, command::Command},
    Input,
    tests::Run,
};

/// Rounds per encoding in an ordinary test run.
const ROUNDS: u64 = 20_000;
/// What a client may send in one message.
const MOST_BYTES: usize = 65_536;

#[derive(Deserialize)]
struct Golden {
    json: String,
    protobuf: String,
}

fn golden(encoding: Encoding) -> Vec<Vec<u8>> {
    let commands = include_str!("../../../golden/commands.json");
    let commands: Vec<Golden> = serde_json::from_str(commands).unwrap();
    let frames = commands.into_iter().map(|golden| match encoding {
        Encoding::Json => golden.json.into_bytes(),
        Encoding::Protobuf => {
            let (pairs, _) = golden.protobuf.as_bytes().as_chunks::<2>();
            let byte =
                |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            pairs.iter().map(byte).collect()
        }
    });
    frames.collect()
}

/// Numbers from a seed, the same everywhere.
struct Hand(u64);

impl Hand {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        let to = from + self.below((length - from).min(40) + 1);
        from..to
    }
}

/// What decoders stumble over.
const SPICE: [&[u8]; 20] = [
    b"\n",
    b"{}\n{}\n{}\n",
    b"\x00\x00\x00",
    b"\x00",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"\\ud800",
    b"\\u0000",
    b"\"",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"\x0b\x0c\x13",
    b",\"id\":0",
];

fn mutated(hand: &mut Hand, golden: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = hand.pick(golden).clone();
    for _ in 0..=hand.below(4) {
        let at = hand.below(frame.len() + 1);
        match hand.below(8) {
            0 if at < frame.len() => frame[at] ^= 1 << hand.below(8),
            1 if at < frame.len() => frame[at] = u8::try_from(hand.below(256)).unwrap(),
            2 => {
                let cut = hand.range(frame.len());
                frame.drain(cut);
            }
            3 => {
                let copied = hand.range(frame.len());
                let copied = frame[copied].to_vec();
                frame.splice(at..at, copied);
            }
            4 => {
                let spice = *hand.pick(&SPICE);
                frame.splice(at..at, spice.iter().copied());
            }
            5 => frame.truncate(at),
            6 => frame.extend(hand.pick(golden).clone()),
            _ => {
                frame.push(b'\n');
                frame.extend(hand.pick(golden).clone());
            }
        }
    }
    frame.truncate(MOST_BYTES);
    frame
}

/// A strange frame, or strange messages framed as they should be.
fn strange(hand: &mut Hand, encoding: Encoding, golden: &[Vec<u8>]) -> Vec<u8> {
    if encoding == Encoding::Json || hand.below(4) == 0 {
        return mutated(hand, golden);
    }
    // All golden frames are short, so that one byte is the length.
    let messages: Vec<_> = golden.iter().map(|frame| frame[1..].to_vec()).collect();
    let mut frame = Vec::new();
    for _ in 0..=hand.below(3) {
        let message = mutated(hand, &messages);
        prost::encode_length_delimiter(message.len(), &mut frame).unwrap();
        frame.extend(message);
    }
    frame
}

fn is_documented(error: &Value) -> bool {
    let code = error["code"].as_u64().unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default();
    (100..=113).contains(&code) && !message.is_empty()
}

/// The only ways in which a client's own frames may end its connection.
const ENDS: [CloseCode; 4] = [
    CloseCode::BAD_REQUEST,
    CloseCode::TOO_MANY_REQUESTS,
    CloseCode::NOT_AVAILABLE,
    CloseCode::SLOW,
];

/// What must hold of a session that was fed with strange frames; the fault, if any.
fn judge(run: &Run) -> Result<(), String> {
    if let Some(code) = &run.seen.closed
        && !ENDS.contains(code)
    {
        return Err(format!("closed with {code:?}"));
    }
    for reply in &run.seen.replies {
        if let Some(error) = reply.get("error")
            && !is_documented(error)
        {
            return Err(format!("refused with {error}"));
        }
    }
    Ok(())
}

fn round(encoding: Encoding, golden: &[Vec<u8>], seed: u64) -> Result<(), String> {
    let mut hand = Hand(seed);
    let mut run = Run::speaking(encoding);
    if hand.below(4) > 0 {
        run.input(Input::Frame(&golden[1]));
        run.grant_all();
        assert!(run.seen.replies[0].get("connect").is_some());
    }
    for _ in 0..=hand.below(3) {
        let frame = strange(&mut hand, encoding, golden);
        let commands: Vec<_> = encoding.commands(&frame).collect();
        if commands.len() > frame.len().max(1) {
            return Err("more commands than bytes".to_owned());
        }
        let early_end = commands
            .iter()
            .rev()
            .skip(1)
            .any(|command| *command == Command::Malformed);
        if early_end {
            return Err("commands after the end".to_owned());
        }
        let replies = run.seen.replies.len();
        if hand.below(4) == 0 {
            run.input(Input::FrameOverLimit(&frame));
        } else {
            run.input(Input::Frame(&frame));
        }
        run.grant_all();
        // A reply per command at most, and a push for each subscription that is told to end.
        if run.seen.replies.len() - replies > 2 * commands.len() {
            return Err("more replies than commands".to_owned());
        }
        judge(&run)?;
    }
    run.input(Input::Gone);
    run.grant_all();
    if run.seen.registered != 0 || run.seen.listed != 0 {
        return Err("something was left behind".to_owned());
    }
    Ok(())
}

fn fuzz(encoding: Encoding) {
    let golden = golden(encoding);
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let seeds = match number("FUZZ_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FUZZ_ROUNDS").unwrap_or(ROUNDS),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| round(encoding, &golden, seed));
        let fault = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(fault)) => fault,
            Err(_) => "a panic".to_owned(),
        };
        panic!("{fault}; FUZZ_SEED={seed} repeats it");
    }
}

#[test]
fn mutated_json_is_refused_in_documented_ways() {
    fuzz(Encoding::Json);
}

#[test]
fn mutated_protobuf_is_refused_in_documented_ways() {
    fuzz(Encoding::Protobuf);
}

/// As large as a message may be, and made to cost as much as it can.
#[test]
fn a_frame_of_nothing_but_commands_ends_the_connection() {
    let pings = |encoding: Encoding| match encoding {
        Encoding::Json => "{\"id\":1,\"ping\":{}}\n"
            .repeat(MOST_BYTES / 18)
            .into_bytes(),
        Encoding::Protobuf => [4, 8, 1, 0x5a, 0].repeat(MOST_BYTES / 5),
    };
    let answers = |encoding: Encoding| match encoding {
        Encoding::Json => "{}\n".repeat(MOST_BYTES / 3).into_bytes(),
        Encoding::Protobuf => vec![0; MOST_BYTES],
    };
    for encoding in [Encoding::Json, Encoding::Protobuf] {
        let golden = golden(encoding);
        for (frame, end) in [
            (pings(encoding), CloseCode::TOO_MANY_REQUESTS),
            (answers(encoding), CloseCode::BAD_REQUEST),
        ] {
            let mut run = Run::speaking(encoding);
            run.input(Input::Frame(&golden[1]));
            run.grant_all();
            run.input(Input::Frame(&frame));
            assert_eq!(run.seen.closed, Some(end.clone()));
            assert!(run.seen.replies.len() <= 101, "{}", run.seen.replies.len());
            // Behind a connect that is not answered yet, it waits as the bytes that it is.
            let mut run = Run::speaking(encoding);
            let mut behind = golden[1].clone();
            if encoding == Encoding::Json {
                behind.push(b'\n');
            }
            behind.extend(&frame);
            run.input(Input::Frame(&behind));
            assert_eq!(run.seen.closed, None);
            run.grant_all();
            assert_eq!(run.seen.closed, Some(end));
        }
    }
}
