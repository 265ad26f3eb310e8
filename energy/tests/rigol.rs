//! CSV of Rigol oscilloscopes: `X,CH1,..,Start,Increment`, whose second line holds units, the time of the first sample and the step.

mod common;

use common::{close, fails, file};
use energy::trace::{Format, ReadOptions};
use energy::{MeasureOptions, measure};

fn shunt(ohm: f64) -> MeasureOptions {
    MeasureOptions {
        read: ReadOptions {
            voltage_v: Some(3.0),
            shunt_ohm: Some(ohm),
            ..ReadOptions::default()
        },
        ..MeasureOptions::default()
    }
}

#[test]
fn a_voltage_across_a_resistor_is_measured_at_the_step_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    // 0.02 V across 10 Ohm are 2 mA, at 3 V for 1000 steps of 2 us: 12 uJ.
    let rows: String = (0..1000).map(|n| format!("{n},2.00e-02,,\n")).collect();
    for head in [
        "X,CH1,Start,Increment,\nSequence,Volt,-1.000000e-03,2.000000e-06\n",
        "X,CH1,Start,Increment\r\nSequence,Volt,-1.000000e-03,2.000000e-06\r\n",
    ] {
        let path = file(&folder, "NewFile1.csv", format!("{head}{rows}").as_bytes());
        let measured = measure(&path, &shunt(10.0)).unwrap();
        assert_eq!((measured.format, measured.samples), (Format::Rigol, 1000));
        close(measured.windows[0].gross_uj, 12.0);
        fails(&path, &common::at(3.0), "--shunt OHM");
    }
}

#[test]
fn two_channels_need_the_name_of_one_and_a_missing_step_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..1000).map(|n| format!("{n},2.00e-02,3.0,,\n")).collect();
    let head = "X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,0,2e-06\n";
    let path = file(&folder, "t.csv", format!("{head}{rows}").as_bytes());
    fails(&path, &shunt(10.0), "--columns shunt=NAME:UNIT");
    let mut options = shunt(10.0);
    options.read.columns = "shunt=CH1,voltage=CH2".parse().unwrap();
    close(measure(&path, &options).unwrap().windows[0].gross_uj, 12.0);
    for step in ["", "0", "-1", "1e300", "nan", "x"] {
        let head = format!("X,CH1,CH2,Start,Increment,\nSequence,Volt,Volt,0,{step}\n");
        let path = file(&folder, "t.csv", format!("{head}{rows}").as_bytes());
        assert!(measure(&path, &options).is_err(), "{step}");
    }
}
