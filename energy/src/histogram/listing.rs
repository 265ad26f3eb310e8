use std::collections::HashMap;

use super::{Class, Histogram};

/// Instructions of an image by address, from a disassembler's listing.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    instructions: HashMap<u32, Instruction>,
    functions: Vec<(u32, String)>,
}

#[derive(Debug, Clone, Copy)]
struct Instruction {
    bytes: u32,
    taken: Option<Class>,
    not_taken: Option<Class>,
}

impl Listing {
    /// Reads the output of `objdump -d` or `llvm-objdump -d`: lines of an address and a colon, the bytes in
    /// hexadecimal, a mnemonic and its operands. Other lines are passed over.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            instructions: text.lines().filter_map(instruction).collect(),
            functions: text.lines().filter_map(function).collect(),
        }
    }

    /// Address of the function whose name contains all of these parts; `None` where no function or more than one does.
    #[must_use]
    pub fn function(&self, parts: &[&str]) -> Option<u32> {
        let mut found = self
            .functions
            .iter()
            .filter(|(_, name)| parts.iter().all(|part| name.contains(part)));
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|(address, _)| *address)
    }

    /// Address of the instruction after the one at `pc`.
    pub(super) fn behind(&self, pc: u32) -> Option<u32> {
        self.instructions.get(&pc).map(|i| pc.wrapping_add(i.bytes))
    }

    /// The class of the instruction at `pc`, executed before the one at `next`.
    pub(super) fn class(&self, pc: u32, next: Option<u32>) -> Option<Class> {
        let instruction = self.instructions.get(&pc)?;
        if next.is_none_or(|next| next == pc.wrapping_add(instruction.bytes)) {
            instruction.not_taken
        } else {
            instruction.taken
        }
    }

    /// How many instructions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// True where no line was an instruction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// The histogram of a run, from its program counters in order (`-singlestep -d exec,nochain` of the emulator). A
    /// branch was taken where the next program counter is not that of the instruction after it; the last instruction
    /// counts as not taken. Addresses that are not in the listing count as unknown. Bit 0, which marks Thumb code, is
    /// passed over.
    pub fn histogram(&self, program_counters: impl IntoIterator<Item = u32>) -> Histogram {
        let mut histogram = Histogram::default();
        let mut pcs = program_counters.into_iter().map(|pc| pc & !1).peekable();
        while let Some(pc) = pcs.next() {
            let class = self.class(pc, pcs.peek().copied());
            histogram.add(class, 1);
        }
        histogram
    }
}

/// `00000100 <name>:`
fn function(line: &str) -> Option<(u32, String)> {
    let (address, name) = line.strip_suffix(">:")?.split_once(" <")?;
    Some((u32::from_str_radix(address, 16).ok()?, name.into()))
}

fn instruction(line: &str) -> Option<(u32, Instruction)> {
    let (address, rest) = line.trim_start().split_once(':')?;
    let address = u32::from_str_radix(address, 16).ok()?;
    let mut tokens = rest.split_whitespace().peekable();
    let mut digits = 0;
    let is_bytes = |token: &&str| matches!(token.len(), 2 | 4 | 8) && token.bytes().all(|b| b.is_ascii_hexdigit());
    while let Some(token) = tokens.next_if(is_bytes) {
        digits += token.len() as u32;
    }
    let mnemonic = tokens.next().filter(|_| digits > 0)?;
    let operands = tokens.collect::<Vec<_>>().join(" ");
    let of = |taken| Class::of(mnemonic, &operands, taken);
    Some((
        address,
        Instruction {
            bytes: digits / 2,
            taken: of(true),
            not_taken: of(false),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycles::Core;

    const LISTING: &str = "
image:     file format elf32-littlearm

00000100 <dot>:
     100:\tb510      \tpush\t{r4, lr}
     102:\t2300      \tmovs\tr3, #0
     104:\tf850 4b04 \tldr.w\tr4, [r0], #4
     108:\tfb24 3304 \tsmlad\tr3, r4, r4, r3
     10c:\t3901      \tsubs\tr1, #1
     10e:\td1f9      \tbne.n\t104 <dot+0x4>
     110:\t4618      \tmov\tr0, r3
     112:\tbd10      \tpop\t{r4, pc}
     114:\t00001234 \t.word\t0x00001234
";

    #[test]
    fn a_run_is_counted_by_its_program_counters() {
        let listing = Listing::parse(LISTING);
        assert_eq!(listing.len(), 9);
        let rounds = [0x104, 0x108, 0x10c, 0x10e].repeat(3);
        let run = [0x100, 0x102].into_iter().chain(rounds).chain([0x110, 0x112, 0x2000]);
        let histogram = listing.histogram(run);
        assert_eq!((histogram.instructions(), histogram.unknown()), (17, 1));
        // push 1 + 2, movs 1, three rounds of 1 to 2, 1 and 1, two branches taken of 2 to 4 and one not, mov 1, pop 1 +
        // 2 + 1 to 3, and one unknown of 1 to 4.
        let cycles = histogram.cycles(Core::CortexM4).unwrap();
        assert_eq!(cycles.low, 3.0 + 1.0 + 9.0 + 5.0 + 1.0 + 4.0 + 1.0);
        assert_eq!(cycles.high, 3.0 + 1.0 + 12.0 + 9.0 + 1.0 + 6.0 + 4.0);
    }

    #[test]
    fn other_lines_are_passed_over() {
        assert!(Listing::parse("nothing here\n  zz: 4770 bx lr\n 10: bx lr\n").is_empty());
        let llvm = Listing::parse("     11a: f85d 7b04    \tldr\tr7, [sp], #4\n");
        assert_eq!((llvm.len(), llvm.is_empty()), (1, false));
    }
}
