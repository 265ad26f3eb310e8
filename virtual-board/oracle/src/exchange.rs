//! What goes to `run_unicorn.py` and comes back, and both as text.

use crate::vectors::{
    case::{Architecture, Case},
    outcome::{Ending, Outcome},
};
use std::fmt::Write;

/// The cases, each as 53 words.
pub fn cases_to_bytes(cases: &[Case]) -> Vec<u8> {
    let words = |case: &Case| {
        let exclusive = u32::from(case.template.name.contains("ex"));
        let head = [
            case.steps,
            case.pc,
            case.apsr,
            u32::from(case.it),
            case.fpscr,
            exclusive,
        ];
        head.into_iter().chain(case.r).chain(case.s).collect::<Vec<_>>()
    };
    cases.iter().flat_map(words).flat_map(u32::to_le_bytes).collect()
}

/// The results, each as 55 words and as many as its last one says.
pub fn outcomes_from_bytes(architecture: Architecture, bytes: &[u8]) -> Result<Vec<Outcome>, String> {
    let mut words = bytes
        .chunks_exact(4)
        .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]));
    let mut outcomes = Vec::new();
    while let Some(ending) = words.next() {
        let mut word = || words.next().ok_or("results end within a result");
        let ending = Ending::from_bits(ending as u8).unwrap_or(Ending::LeftOut);
        let (pc, apsr, it, masks, psp, fpscr) = (word()?, word()?, word()? as u8, word()?, word()?, word()?);
        let mut outcome = Outcome {
            ending,
            r: [0; 15],
            pc,
            apsr: apsr & architecture.flags(),
            it,
            masks,
            psp,
            s: [0; 32],
            fpscr,
            stored: Vec::new(),
        };
        for value in outcome.r.iter_mut().chain(&mut outcome.s) {
            *value = word()?;
        }
        for _ in 0..word()? {
            let stored = word()?;
            outcome.stored.push(((stored >> 8) as u16, stored as u8));
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// The encoding, in hexadecimal halfwords.
pub fn encoding(case: &Case) -> String {
    case.code[..case.halfwords]
        .iter()
        .map(|halfword| format!("{halfword:04x}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn words(text: &mut String, name: &str, values: &[u32]) {
    for (row, chunk) in values.chunks(8).enumerate() {
        let line: String = chunk.iter().map(|value| format!(" {value:08x}")).collect();
        let _ = writeln!(text, "  {name}{:<2}{line}", 8 * row);
    }
}

/// What a vector starts from.
pub fn show_case(case: &Case) -> String {
    let mut text = format!("{}: {} ({})\n", case.index, encoding(case), case.template.name);
    let _ = writeln!(
        text,
        "  pc {:08x} apsr {:08x} it {:02x} fpscr {:08x} steps {}",
        case.pc, case.apsr, case.it, case.fpscr, case.steps
    );
    words(&mut text, "r", &case.r);
    words(&mut text, "s", &case.s);
    text
}

/// What it leaves.
pub fn show_outcome(outcome: &Outcome) -> String {
    let mut text = format!(
        "  {:?} pc {:08x} apsr {:08x} it {:02x} ",
        outcome.ending, outcome.pc, outcome.apsr, outcome.it
    );
    let _ = writeln!(
        text,
        "masks {:04x} psp {:08x} fpscr {:08x}",
        outcome.masks, outcome.psp, outcome.fpscr
    );
    words(&mut text, "r", &outcome.r);
    words(&mut text, "s", &outcome.s);
    let stored: String = outcome
        .stored
        .iter()
        .map(|(offset, byte)| format!(" {offset:03x}:{byte:02x}"))
        .collect();
    let _ = writeln!(text, "  stored{stored}");
    text
}

/// In what two outcomes differ.
pub fn difference(rsemu: &Outcome, unicorn: &Outcome) -> String {
    if rsemu.ending != unicorn.ending {
        return format!("rsemu {:?}, unicorn {:?}", rsemu.ending, unicorn.ending);
    }
    let mut text = String::new();
    let named = [
        ("pc", rsemu.pc, unicorn.pc),
        ("apsr", rsemu.apsr, unicorn.apsr),
        ("it", rsemu.it.into(), unicorn.it.into()),
    ];
    let more = [
        ("masks", rsemu.masks, unicorn.masks),
        ("psp", rsemu.psp, unicorn.psp),
        ("fpscr", rsemu.fpscr, unicorn.fpscr),
    ];
    for (name, a, b) in named.into_iter().chain(more).filter(|(_, a, b)| a != b) {
        let _ = write!(text, "{name} rsemu {a:08x} unicorn {b:08x} ");
    }
    for (name, a, b) in [("r", &rsemu.r[..], &unicorn.r[..]), ("s", &rsemu.s[..], &unicorn.s[..])] {
        for (index, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
            let _ = write!(text, "{name}{index} rsemu {a:08x} unicorn {b:08x} ");
        }
    }
    if rsemu.stored != unicorn.stored {
        text += "memory ";
    }
    text
}
