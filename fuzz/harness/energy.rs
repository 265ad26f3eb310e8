//! Power traces.

use super::{Layout, Target, bytes::stored, texts};
use std::{fs, path::Path};

/// Traces, each by the reader that its name chooses; profiles and calibrations.
pub const TARGETS: &[Target] = &[
    Target {
        name: "trace_csv",
        layout: Layout::File("trace.csv"),
        read: trace,
        seeds: || {
            texts(&[
                "Timestamp(ms),Current(uA),D0-D7\n0,1500.5,00000001\n0.01,1500.1,00000001\n0.02,3.5,00000000\n0.03,3.5,00000000\n",
                "# INA226\ntime_s;current_mA;voltage_V\n0;1,5;3,0\n0,001;1,6;3,0\n0,002;9;3\n",
                "Time(ms),Main(mA),Main Voltage(V)\n0,1.5,3.3\n0.0002,1.6,3.3\n0.0004,1.4,3.3\n",
                "[1.5, 2.5, 1.5, 900.0, 3.0]\n",
                "Timestamp,Main current (A),Main voltage (V)\n2026-01-01T00:00:00.000,0.001,3.0\n2026-01-01T00:00:00.010,0.002,3.0\n",
            ])
        },
    },
    Target {
        name: "trace_json",
        layout: Layout::File("trace.json"),
        read: trace,
        seeds: || {
            let samples = vec!["0.001"; 30].join(",");
            texts(&[&format!(
                "[{{\"power\":{{\"samples\":[{samples}],\"timestamps\":[[\"00\",5],[\"01\",25]],\"voltage\":1.8}},\"infer\":{{\"iterations\":5}}}}]"
            )])
        },
    },
    Target {
        name: "trace_ppk2",
        layout: Layout::File("trace.ppk2"),
        read: trace,
        seeds: || {
            let metadata = br#"{"metadata":{"samplesPerSecond":100},"formatVersion":2}"#;
            let frame = |ua: f32| [&ua.to_le_bytes()[..], &0x5555u16.to_be_bytes()[..]].concat();
            let session = (0..40).flat_map(|k| frame(if k % 20 < 5 { 900.0 } else { 3.0 }));
            vec![stored(&[
                ("metadata.json", metadata.to_vec()),
                ("session.raw", session.collect()),
            ])]
        },
    },
    Target {
        name: "profile",
        layout: Layout::File("profile.toml"),
        read: |folder| {
            let text = fs::read_to_string(folder.join("profile.toml")).map_err(|e| e.to_string())?;
            let board = energy::Board::from_toml("profile.toml", &text).map_err(|e| e.to_string());
            let sensor = energy::Sensor::from_toml("profile.toml", &text).map_err(|e| e.to_string());
            if let Ok(board) = &board {
                let prices = [energy::Corner::Low, energy::Corner::Mid, energy::Corner::High].map(|corner| {
                    board.cycle_energy_uj(corner)
                        + board.active_power_uw(corner)
                        + board.bus_power_uw(corner)
                        + board.sleep_power_uw(corner)
                        + board.wake_energy_uj(corner)
                });
                assert!(
                    prices.iter().all(|price| price.is_finite() && *price >= 0.0),
                    "{prices:?}"
                );
            }
            if let Ok(sensor) = &sensor {
                for rate in &sensor.rates {
                    let price = sensor.on_power_uw(rate, energy::Corner::High);
                    let seconds =
                        sensor.turn_on_s(rate, energy::Corner::High) + sensor.bus_time_s(energy::Corner::High);
                    assert!(price.is_finite() && seconds.is_finite(), "{price} uW, {seconds} s");
                }
            }
            board.map(|_| ()).or(sensor.map(|_| ()))
        },
        seeds: || {
            texts(&[
                include_str!("../../energy/profiles/boards/nrf52840.toml"),
                include_str!("../../energy/profiles/sensors/adxl362.toml"),
                include_str!("../../energy/profiles/sensors/none.toml"),
            ])
        },
    },
    Target {
        name: "calibration",
        layout: Layout::File("calibration.toml"),
        read: |folder| {
            let path = folder.join("calibration.toml");
            let calibration = energy::Calibration::from_file(&path).map_err(|e| e.to_string())?;
            let board = energy::board("nrf52840").map_err(|e| e.to_string())?;
            let board = calibration.apply(&board).map_err(|e| e.to_string())?;
            let price = board.cycle_energy_uj(energy::Corner::High) + board.sleep_power_uw(energy::Corner::High);
            assert!(price.is_finite() && price >= 0.0, "{price}");
            Ok(())
        },
        seeds: || {
            let figure = |name: &str, value: f64| {
                format!(
                    "[{name}]\nlow = {}\nmid = {value}\nhigh = {}\nevidence = \"measured\"\nsource = \"bench\"\n",
                    value * 0.9,
                    value * 1.1
                )
            };
            let all = figure("active_energy_pj_per_cycle", 150.0)
                + &figure("sleep_current_ua", 1.5)
                + &figure("wake_energy_uj", 0.2);
            texts(&[&all, &figure("sleep_current_ua", 2.0)])
        },
    },
];

fn trace(folder: &Path) -> Result<(), String> {
    let name = ["trace.csv", "trace.json", "trace.ppk2"]
        .into_iter()
        .find(|n| folder.join(n).exists());
    let path = folder.join(name.unwrap_or("trace.csv"));
    let mut found = Err(String::new());
    let threshold = energy::Windowing::Threshold {
        factor: 1.5,
        keep: Default::default(),
    };
    let ways = [
        (None, energy::Windowing::Auto),
        (Some(3.0), energy::Windowing::Auto),
        (Some(3.0), threshold),
    ];
    for (voltage_v, windowing) in ways {
        let options = energy::MeasureOptions {
            read: energy::trace::ReadOptions {
                voltage_v,
                ..Default::default()
            },
            windowing,
            ..Default::default()
        };
        let measured = energy::measure(&path, &options).and_then(|measurement| {
            assert!(measurement.samples > 0);
            assert!(!measurement.to_string().contains("NaN"));
            energy::picture::trace(&path, &options.read, &measurement.windows).map(|_| ())
        });
        let measured = measured.map_err(|e| e.to_string());
        // The voltage stands in the file or is asked for.
        if found.is_err() {
            found = measured;
        }
    }
    found
}
