//! What boards send, and images.

use super::{Layout, Target, bytes::elf, texts};
use board_host::{
    boards,
    collect::{Heard, Listener},
    firmware, serial,
};
use std::{fs, path::Path};

const BOARD: &str = "nrf52840-dk";

/// A serial port, the log of a board that records, and the file of an image.
pub const TARGETS: &[Target] = &[
    Target {
        name: "port",
        layout: Layout::File("port"),
        read: |folder| {
            let bytes = fs::read(folder.join("port")).map_err(|e| e.to_string())?;
            let rows = serial::rows(&bytes)?;
            let samples: Vec<&Vec<f64>> = rows.iter().flatten().collect();
            let columns = samples.first().map_or(0, |row| row.len());
            assert!(
                samples
                    .iter()
                    .all(|row| row.len() == columns && row.iter().all(|v| v.is_finite()))
            );
            match columns {
                0 => Err("no sample".into()),
                _ => Ok(()),
            }
        },
        seeds: || {
            texts(&[
                "12,3\n-0.12,-6.20,7.90\r\n1\t2e-3\t 3\n\n4,5,6,\n7,8",
                "boot v1.2\nready\n1,2,3\n1,2\nhello\n1,NaN,3\n4,5,6\n1,2,3,4\n7,8,9\n",
            ])
        },
    },
    Target {
        name: "log",
        layout: Layout::File("log"),
        read: recording,
        seeds: || {
            texts(&[
                "image machine=nrf52840-dk log=4 ticks_per_second=32768 max_hidden=128 max_layers=2 max_inputs=16 max_outputs=32 max_samples=4096\n\
                 collecting sensor=lis3dh channels=3 bits=10 rate_hz=400 period_ns=0 samples=100\n\
                 channel index=0 unit=g full_scale=4.0\nchannel index=1 unit=g full_scale=4.0\nchannel index=2 unit=g full_scale=4.0\n\
                 0.5 INFO block first=16 at=65536 missed=1 dropped=2 counts=[1, -2, 3, 4, 5, 6] (app/src/log.rs:9)\n\
                 block first=18 at=65636 missed=0 dropped=0 counts=[-32768, 0, 32767]\n\
                 summary samples=6240 missed=1 dropped=8 failures=2\n",
                "image machine=nrf52840-dk log=4 ticks_per_second=32768 max_hidden=128 max_layers=2 max_inputs=16 max_outputs=32 max_samples=4096\n\
                 sensor: no answer at 0x19\nrefused: no sensor\n",
                "sequence index=0 updates=2 decision=1 schedule=[1, 0, 2] logits=[3, -4] state=0xdeadbeef\nstack used=1 bytes=2\n\
                 fault hard at=0x00000100\nparked: again\n",
            ])
        },
    },
    Target {
        name: "image",
        layout: Layout::File("image.elf"),
        read: image,
        seeds: || vec![elf(BOARD)],
    },
];

/// Hears a log line by line, as the lines of a recording and as any line.
fn recording(folder: &Path) -> Result<(), String> {
    let bytes = fs::read(folder.join("log")).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let (mut listener, mut channels, mut heard) = (Listener::new(BOARD), 0, false);
    for line in text.lines() {
        if let Err(error) = board_link::log::Line::read(line) {
            assert!(!error.to_string().is_empty());
        }
        match listener.line(line).map_err(|e| e.to_string())? {
            Some(Heard::Begun(source)) => {
                assert!(source.period_s() > 0.0 && source.period_s().is_finite());
                channels = source.channels.len();
            }
            Some(Heard::Block(block)) => {
                assert!(channels > 0 && block.counts.len() % channels == 0 && block.at_s.is_finite());
                heard = true;
            }
            _ => {}
        }
    }
    match heard {
        true => Ok(()),
        false => Err("no block".into()),
    }
}

/// Reads an image as `flash`, `emulate` and `energy cycles` do, as far as it goes without running it.
fn image(folder: &Path) -> Result<(), String> {
    let path = folder.join("image.elf");
    let bytes = fs::read(&path).map_err(|e| e.to_string())?;
    let program = virtual_board::host::elf::Image::parse(&bytes, &path).map_err(|e| e.to_string());
    let log = firmware::log_lines(&bytes, &path, &[]).map_err(|e| e.to_string());
    // Any bytes as what the image logged.
    if let Err(error) = firmware::log_lines(&bytes, &path, &bytes) {
        assert!(!error.to_string().is_empty());
    }
    let board = boards::find(BOARD).map_err(|e| e.to_string())?;
    let image = board_host::probe_rs::BoardImage::read(&path, &board).map_err(|e| e.to_string())?;
    for region in [image.regions.blob, image.regions.sequences] {
        let _ = firmware::blob(&[0; 64], &Default::default(), region.bytes as usize);
        let _ = firmware::sequences(&[0; 4], (1, 2, 2), region.bytes as usize);
    }
    let program = program?;
    let read: usize = program.segments().iter().map(|s| s.bytes.len()).sum();
    assert!(read <= 64 * bytes.len(), "{read} bytes of a file of {}", bytes.len());
    log.map(|_| ())
}
