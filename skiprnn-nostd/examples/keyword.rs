//! A keyword-like stream: frames of features go in, a class comes out at every frame, and a word is said once its class has held
//! for a few frames. The network is a dense GRU of 16 units without a skip gate, and its state is never reset.
//!
//! The signal is synthetic: eight bands of sound level, 50 frames a second. A "word" is a band that rises, or falls, through the
//! others within 16 frames; clicks and steady tones are no words. It stands in for a microphone with a filter bank, and says
//! nothing of speech. The model was made by
//!
//! ```text
//! cargo run --package skiprnn-nostd --example keyword -- recordings/keyword      writes x.npy and y.npy
//! skiprnn train dataset --data recordings/keyword --cell gru --hidden 16 --steps 1000 --threads 1 --sample-period-s 0.02 \
//!     --out runs/keyword
//! skiprnn quantize runs/keyword --out keyword.srnn --length 0 --name keyword --class-names background,rising,falling \
//!     --channel-names band0,band1,band2,band3,band4,band5,band6,band7 --channel-units dB,dB,dB,dB,dB,dB,dB,dB \
//!     --full-scale 128,128,128,128,128,128,128,128
//! ```
#![cfg_attr(target_os = "none", no_std, no_main)]

mod board;

use board::Noise;
use skiprnn_nostd::{Sequence, network};

network!(mod keyword, "keyword.srnn");

/// One decibel in counts: 32,768 of them are 128 dB.
const DB: i16 = 256;
/// Frames of a word.
const WORD: u32 = 16;
/// From this frame of a word on it can be told from others.
const CLEAR: u32 = 9;
/// Frames after a word for which its class is still the right one.
const TAIL: u32 = 4;
/// Frames for which a class has to hold until its word is said.
const HOLD: u32 = 3;

/// What is heard.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sound {
    Silence,
    /// Class 1 or 2.
    Word(usize),
    Tone(usize),
    Click,
}

/// Frames with the class that is right at each.
struct Frames {
    noise: Noise,
    sound: Sound,
    age: u32,
    until: u32,
    words: u32,
}

impl Frames {
    const fn new(seed: u32) -> Self {
        Frames {
            noise: Noise(seed),
            sound: Sound::Silence,
            age: 0,
            until: 40,
            words: 0,
        }
    }

    /// The next sound, after each a silence.
    fn turn(&mut self) {
        self.age = 0;
        (self.sound, self.until) = match (self.sound, self.noise.below(6)) {
            (Sound::Silence, 0 | 1) => (Sound::Word(1), WORD + TAIL),
            (Sound::Silence, 2 | 3) => (Sound::Word(2), WORD + TAIL),
            (Sound::Silence, 4) => (Sound::Tone(self.noise.below(8) as usize), WORD),
            (Sound::Silence, _) => (Sound::Click, 1),
            _ => (Sound::Silence, 10 + self.noise.below(40)),
        };
        self.words += u32::from(matches!(self.sound, Sound::Word(_)));
    }
}

impl Iterator for Frames {
    type Item = (keyword::Sample, usize);

    fn next(&mut self) -> Option<Self::Item> {
        if self.age == self.until {
            self.turn();
        }
        let mut frame = keyword::Sample::default();
        let place = (self.age / 2).min(7) as usize;
        for (band, level) in frame.iter_mut().enumerate() {
            let heard = match self.sound {
                Sound::Word(1) if self.age < WORD => band == place,
                Sound::Word(_) if self.age < WORD => band == 7 - place,
                Sound::Tone(tone) => band == tone,
                Sound::Click => true,
                _ => false,
            };
            *level = 20 * DB + self.noise.within(5 * DB) + if heard { 24 * DB } else { 0 };
        }
        let class = match self.sound {
            Sound::Word(class) if self.age >= CLEAR => class,
            _ => 0,
        };
        self.age += 1;
        Some((frame, class))
    }
}

/// Says a word once when its class has held for [`HOLD`] frames, and is ready for the next one when the background has.
#[derive(Default)]
struct Smooth {
    class: usize,
    held: u32,
    said: bool,
}

impl Smooth {
    /// Takes the class of a frame; returns a word.
    fn hear(&mut self, class: usize) -> Option<usize> {
        self.held = if class == self.class { self.held + 1 } else { 1 };
        self.class = class;
        match (class, self.held >= HOLD) {
            (0, true) => self.said = false,
            (word, true) if !self.said => {
                self.said = true;
                return Some(word);
            }
            _ => {}
        }
        None
    }
}

/// What became of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    words: u32,
    right: u32,
    wrong: u32,
}

/// Hears ten minutes.
fn run() -> Option<Outcome> {
    // An endless stream: a frame is always due, and nothing resets the state.
    let mut stream = Sequence::new(keyword::network().ok()?);
    let (mut smooth, mut outcome) = (Smooth::default(), Outcome::default());
    let mut frames = Frames::new(2);
    for (frame, expected) in frames.by_ref().take(30_000) {
        stream.step(&frame).ok()?;
        let class = stream.decision(&mut keyword::Logits::default()).ok()?;
        if let Some(said) = smooth.hear(class) {
            outcome.right += u32::from(said == expected);
            outcome.wrong += u32::from(said != expected);
        }
    }
    outcome.words = frames.words;
    Some(outcome)
}

#[cfg(not(target_os = "none"))]
fn main() -> std::io::Result<()> {
    if let Some(folder) = std::env::args_os().nth(1) {
        return board::recordings::write(folder.as_ref(), Frames::new(1), (400, 200), 1.0 / f32::from(DB));
    }
    let outcome = run().expect("the blob is sound");
    println!("{outcome:?} in 30,000 frames");
    Ok(())
}

#[test]
fn nearly_all_words_are_said_and_hardly_any_other() {
    let Outcome { words, right, wrong } = run().expect("the blob is sound");
    assert!(
        words > 400 && right * 20 > words * 19 && wrong * 50 < words,
        "{words} {right} {wrong}"
    );
}

// On a chip: kept in the image, started by nobody.
#[cfg(target_os = "none")]
#[used]
static KEPT: fn() -> Option<Outcome> = run;
