//! The firmware image itself, in the emulator. Where the emulator is missing these tests fail and say what to install.

use board_host::{Error, Load, Machine, Options, run, self_check};

#[test]
fn counts_exactly_and_refuses_when_nothing_is_loaded() {
    for machine in Machine::ALL {
        let options = Options {
            machine,
            ..Options::default()
        };
        let check = self_check(&options).unwrap_or_else(|error| panic!("{machine}: {error}"));
        assert_eq!(check.refusal, "no blob loaded");
        assert_eq!(check.thousand_instructions.round(), 1000.0, "{:?}", check.log);
        assert!(check.overhead_instructions < 20.0, "{:?}", check.log);
    }
}

#[test]
fn repeats_to_the_instruction() {
    let options = Options::default();
    let [first, second] = [(), ()].map(|()| self_check(&options).unwrap_or_else(|error| panic!("{error}")));
    assert_eq!(first, second);
}

#[test]
fn a_blob_that_is_none_is_refused() {
    match run(&Load::new(&[0x5a; 64], &[0; 12], (2, 3, 2)), &Options::default()) {
        Err(Error::Refused(why)) => assert!(!why.contains("loaded"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_file_is_not_an_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.elf");
    std::fs::write(&path, "not an ELF").unwrap();
    let options = Options {
        firmware: Some(path),
        ..Options::default()
    };
    match self_check(&options) {
        Err(Error::Image { .. }) => {}
        other => panic!("{other:?}"),
    }
}
