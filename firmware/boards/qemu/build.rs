//! The emulated machines, one row each: their memory for the linker, and their addresses for `src/sys.rs`.
//!
//! The stack lies below everything else in RAM, so that an overflow runs out of RAM and not into the data.

use std::{env, error::Error, fmt::Write, fs, path::PathBuf};

/// (start, bytes) of a region of memory.
type Region = (u32, u32);

struct Machine {
    /// What `qemu-system-arm -machine` takes; also the feature.
    name: &'static str,
    target: &'static str,
    flash: Region,
    ram: Region,
    /// Bytes of the stack, which begins where `ram` does.
    stack: u32,
    /// Where the loader puts the blob.
    blob: Region,
    /// Where the loader puts the sequences; no bytes where they are streamed in.
    sequences: Region,
    /// Frequency of the timers and of SysTick.
    clock_hz: u32,
    /// First registers of the time base and of the alarm.
    timers: [u32; 2],
    /// Interrupt of the alarm.
    wake_up: u16,
    /// The register of the marker pins: CFG1 of the SCC, or the first one of a GPIO port.
    leds: u32,
}

/// The stack's size, that of the real boards: what overflows there overflows here.
const STACK: u32 = 0x3000;

/// The MPS2 boards with the classic memory map.
const MPS2: Machine = Machine {
    name: "mps2-an386",
    target: "thumbv7em-none-eabihf",
    flash: (0, 0x40_0000),
    ram: (0x2000_0000, 0x40_0000),
    stack: STACK,
    blob: (0x2100_0000, 0x40_0000),
    sequences: (0x2140_0000, 0xc0_0000),
    clock_hz: 25_000_000,
    timers: [0x4000_0000, 0x4000_1000],
    wake_up: 9,
    leds: 0x4002_f004,
};

const MACHINES: [Machine; 5] = [
    MPS2,
    Machine {
        name: "mps2-an385",
        target: "thumbv7m-none-eabi",
        ..MPS2
    },
    // The PSRAM lies elsewhere.
    Machine {
        name: "mps2-an500",
        blob: (0x6000_0000, 0x40_0000),
        sequences: (0x6040_0000, 0xc0_0000),
        ..MPS2
    },
    // The secure side of an SSE-200; the PSRAM has no secure alias and needs none to be read.
    Machine {
        name: "mps2-an505",
        target: "thumbv8m.main-none-eabihf",
        flash: (0x1000_0000, 0x40_0000),
        ram: (0x3800_0000, 0x20_0000),
        blob: (0x8000_0000, 0x40_0000),
        sequences: (0x8040_0000, 0xc0_0000),
        clock_hz: 20_000_000,
        timers: [0x5000_0000, 0x5000_1000],
        wake_up: 4,
        leds: 0x5030_0004,
        ..MPS2
    },
    // nRF51822: the blob lies in flash behind the image, sequences are streamed in. One timer is both.
    Machine {
        name: "microbit",
        target: "thumbv6m-none-eabi",
        flash: (0, 0x1_8000),
        ram: (0x2000_0000, 0x4000),
        // What the buffer of the stream leaves.
        stack: 0x2c00,
        blob: (0x1_8000, 0x2_8000),
        sequences: (0, 0),
        clock_hz: 16_000_000,
        timers: [0x4000_8000, 0x4000_8000],
        wake_up: 8,
        leds: 0x5000_0500,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let chosen = |machine: &&Machine| {
        let feature = machine.name.to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
    };
    let mut machines = MACHINES.iter().filter(chosen);
    let (Some(machine), None) = (machines.next(), machines.next()) else {
        let names = MACHINES.map(|machine| machine.name).join(", ");
        return Err(format!("give exactly one machine with --features: {names}").into());
    };
    let target = env::var("TARGET")?;
    if target != machine.target {
        return Err(format!("{}: the target is {}, not {target}", machine.name, machine.target).into());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    fs::write(out.join("memory.x"), memory(machine)?)?;
    fs::write(out.join("machine.rs"), constants(machine)?)?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    // Without this, sections that start at 0x0 are not laid out as cortex-m-rt expects.
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// The linker's memory. A loader on the host reads the symbols of the two regions from the ELF.
fn memory(machine: &Machine) -> Result<String, Box<dyn Error>> {
    let (ram, length) = machine.ram;
    let mut text = String::from("MEMORY\n{\n");
    writeln!(
        text,
        "FLASH : ORIGIN = {:#x}, LENGTH = {:#x}",
        machine.flash.0, machine.flash.1
    )?;
    writeln!(
        text,
        "RAM : ORIGIN = {:#x}, LENGTH = {:#x}",
        ram + machine.stack,
        length - machine.stack
    )?;
    writeln!(text, "}}")?;
    for (symbol, value) in [
        ("_stack_end", ram),
        ("_stack_start", ram + machine.stack),
        ("_blob_start", machine.blob.0),
        ("_blob_size", machine.blob.1),
        ("_sequences_start", machine.sequences.0),
        ("_sequences_size", machine.sequences.1),
    ] {
        writeln!(text, "{symbol} = {value:#x};")?;
    }
    // Nothing in the image refers to them; without this the linker would drop them.
    writeln!(text, "EXTERN(_blob_start _blob_size _sequences_start _sequences_size);")?;
    // Which machine the image is of, as ../build.rs says it of a real board.
    let identity = format!("_board_{}", machine.name.replace('-', "_"));
    writeln!(text, "{identity} = 1;\nEXTERN({identity});")?;
    Ok(text)
}

fn constants(machine: &Machine) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    let [base, alarm] = machine.timers;
    writeln!(text, "pub const NAME: &str = {:?};", machine.name)?;
    writeln!(text, "pub const CLOCK_HZ: u32 = {};", machine.clock_hz)?;
    writeln!(text, "pub const BASE_TIMER: usize = {base:#x};")?;
    writeln!(text, "pub const ALARM_TIMER: usize = {alarm:#x};")?;
    writeln!(text, "pub const WAKE_UP: u16 = {};", machine.wake_up)?;
    writeln!(text, "pub const LEDS: usize = {:#x};", machine.leds)?;
    Ok(text)
}
