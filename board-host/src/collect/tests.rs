use super::*;

const IMAGE: &str = "image machine=nrf52840-dk log=4 ticks_per_second=32768 max_hidden=128 max_layers=2 max_inputs=16 \
                     max_outputs=32 max_samples=4096";
const COLLECTING: &str = "collecting sensor=lis3dh channels=3 bits=10 rate_hz=400 period_ns=0 samples=100";

/// A listener that has heard the beginning.
fn begun() -> Listener {
    let mut listener = Listener::new("nrf52840-dk");
    for line in [
        IMAGE,
        COLLECTING,
        "channel index=0 unit=g full_scale=4.0",
        "channel index=1 unit=g full_scale=4.0",
    ] {
        assert_eq!(listener.line(line).unwrap(), None);
    }
    let heard = listener.line("channel index=2 unit=g full_scale=4.0").unwrap();
    let Some(Heard::Begun(source)) = heard else {
        panic!("{heard:?}");
    };
    assert_eq!(
        (source.channels.as_slice(), source.period_ns),
        ([("g", 4.0); 3].as_slice(), None)
    );
    assert_eq!(source.period_s(), 0.0025);
    listener
}

#[test]
fn blocks_are_heard_whatever_stands_before_them() {
    let mut listener = begun();
    for before in ["", "0.123 INFO ", "[INFO ] "] {
        let line =
            format!("{before}block first=16 at=65536 missed=1 dropped=2 counts=[1, -2, 3] (app app/src/log.rs:9)");
        let expected = Block {
            first: 16,
            at_s: 2.0,
            missed: 1,
            dropped: 2,
            counts: vec![1, -2, 3],
        };
        assert_eq!(listener.line(&line).unwrap(), Some(Heard::Block(expected)));
    }
    for other in [
        "",
        "hello",
        "      Erasing [####]",
        "a roadblock first=1",
        "stack used=1 bytes=2",
    ] {
        assert_eq!(listener.line(other).unwrap(), None, "{other}");
    }
}

#[test]
fn a_garbled_block_is_counted_and_no_end() {
    let mut listener = begun();
    for line in [
        "block first=16 at=65536 missed=1 dropped=2 counts=[1, -2, 3",
        "block first=16 at=65536 missed=1 dropped=2 counts=[1, -2]",
        "block first=16 at=65536 missed=1 dropped=2 counts=[]",
        "block first=16 at=655",
    ] {
        assert_eq!(listener.line(line).unwrap(), Some(Heard::Garbled), "{line}");
    }
    assert!(!listener.complete());
    let end = listener
        .line("summary samples=100 missed=1 dropped=2 failures=3")
        .unwrap();
    let totals = Totals {
        samples: 100,
        missed: 1,
        dropped: 2,
        failures: 3,
    };
    assert_eq!(end, Some(Heard::Ended(totals)));
    assert!(listener.complete());
}

#[test]
fn what_is_not_the_recording_that_was_meant_is_refused() {
    let error = |lines: &[&str]| {
        let mut listener = Listener::new("nrf52840-dk");
        lines
            .iter()
            .find_map(|line| listener.line(line).err())
            .unwrap()
            .to_string()
    };
    assert!(error(&[&IMAGE.replace("log=4", "log=9")]).contains("version 9"));
    assert!(error(&[&IMAGE.replace("nrf52840-dk", "stm32l4-iot01a")]).contains("an image for stm32l4-iot01a"));
    assert!(error(&[IMAGE, &COLLECTING.replace("lis3dh", "nose")]).contains("unknown sensor, nose"));
    assert!(error(&[IMAGE, &COLLECTING.replace("channels=3", "channels=2")]).contains("2 channels of 10 bits"));
    assert!(error(&[IMAGE, COLLECTING, "channel index=0 unit=rad/s full_scale=4"]).contains("channel 0 in rad/s"));
    assert!(error(&[IMAGE, COLLECTING, "channel index=0 unit=g full_scale=inf"]).contains("full scale inf"));
    assert!(error(&["block first=0 at=0 missed=0 dropped=0 counts=[1]"]).contains("samples before"));
    assert!(error(&["channel index=0 unit=g full_scale=4"]).contains("a channel before"));
    let first = "channel index=0 unit=g full_scale=4";
    let block = "block first=0 at=0 missed=0 dropped=0 counts=[1]";
    assert!(error(&[IMAGE, COLLECTING, first, block]).contains("1 of 3"));
}

#[test]
fn a_sensor_or_a_board_that_fails_ends_it_with_the_reason() {
    let mut listener = begun();
    assert_eq!(listener.line("sensor: no new sample for a second").unwrap(), None);
    let error = listener
        .line("refused: no samples without the sensor")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the firmware refused: no samples without the sensor: no new sample for a second"
    );
    assert!(
        begun()
            .line("fault panic in x, line 1")
            .unwrap_err()
            .to_string()
            .contains("panic in x")
    );
    assert!(begun().line(IMAGE).unwrap_err().to_string().contains("began again"));
}
