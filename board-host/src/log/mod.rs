//! The image's log: from bytes to text by the table in its ELF, from text to the lines of [`board_link::log`].

mod decoder;
mod format;
mod table;

pub use board_link::log::is_last;
pub use decoder::Decoder;
pub use table::Table;

use crate::{Error, Spending};
use board_link::log::{Line, Unreadable, VERSION, word};

impl From<Unreadable<'_>> for Error {
    fn from(error: Unreadable<'_>) -> Self {
        Self::Mismatch(error.to_string())
    }
}

/// The lines of a kind, in order; `pick` takes them out.
pub fn all<'a, T>(lines: &'a [String], pick: fn(Line<'a>) -> Option<T>) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    for line in lines {
        found.extend(pick(Line::read(line)?));
    }
    Ok(found)
}

/// The first line that begins with this word, which `pick` takes out.
pub fn first<'a, T>(lines: &'a [String], of: &str, pick: fn(Line<'a>) -> Option<T>) -> Result<T, Error> {
    let line = lines.iter().find(|line| word(line) == of);
    let read = line.map(|line| Line::read(line)).transpose()?;
    read.and_then(pick)
        .ok_or_else(|| Error::Mismatch(format!("it has no line: {of}")))
}

/// Picks a kind of line out: `pick!(Stack)` is a function for [`all`] and [`first`].
macro_rules! pick {
    ($kind:ident) => {
        |line| match line {
            board_link::log::Line::$kind(line) => Some(line),
            _ => None,
        }
    };
}

pub(crate) use pick;

/// Whether the image came to its end: an error where it says why not.
pub fn ended(lines: &[String]) -> Result<(), Error> {
    for line in lines {
        match Line::read(line) {
            Ok(Line::Refused(why)) => return Err(Error::Refused(why.to_owned())),
            Ok(Line::Fault(why)) => return Err(Error::Fault(why.to_owned())),
            _ => {}
        }
    }
    match lines.iter().any(|line| word(line) == "summary") {
        true => Ok(()),
        false => Err(Error::Mismatch("it has no line: summary".into())),
    }
}

/// Why an image refused to go on, with what it said of its sensor, where it did.
pub fn refusal(lines: &[String]) -> Option<String> {
    let last = |pick: fn(Line<'_>) -> Option<&str>| lines.iter().rev().find_map(|line| pick(Line::read(line).ok()?));
    let refused = last(pick!(Refused))?;
    Some(match last(pick!(Sensor)) {
        Some(sensor) => format!("{refused}: {sensor}"),
        None => refused.to_owned(),
    })
}

/// The first fault of an image, where there was one.
pub fn fault(lines: &[String]) -> Option<&str> {
    lines.iter().find_map(|line| match Line::read(line) {
        Ok(Line::Fault(why)) => Some(why),
        _ => None,
    })
}

/// The last report of what was booked on a budget; a board without a budget makes none.
pub fn spending(lines: &[String]) -> Result<Option<Spending>, Error> {
    Ok(all(lines, pick!(Spending))?.pop().map(Spending::from))
}

/// Checks that the image is one for the board or machine of this name and for this program; returns the ticks of its clock in a second.
pub fn ticks_per_second(lines: &[String], board: &str) -> Result<f64, Error> {
    let line = lines.iter().find(|line| word(line) == "image");
    // The version comes first: another one may have other fields.
    let version = line.and_then(|line| board_link::log::value(line, "log"));
    if let Some(version) = version.filter(|version| *version != VERSION.to_string()) {
        return Err(Error::Mismatch(format!(
            "version {version} of the log, this program reads {VERSION}"
        )));
    }
    let machine = line.and_then(|line| board_link::log::value(line, "machine"));
    if let Some(machine) = machine.filter(|machine| *machine != board) {
        return Err(Error::Mismatch(format!("an image for {machine}, not for {board}")));
    }
    let image = first(lines, "image", pick!(Image))?;
    Ok(f64::from(image.ticks_per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn what_was_booked_is_read_back() {
        let read = |last: &str| spending(&lines(&["budget allowed_nj=1 booked_nj=2", last]));
        assert_eq!(spending(&lines(&["stack used=1 bytes=2"])).unwrap(), None);
        let expected = Spending {
            allowed_nj: 12,
            booked_nj: 5,
        };
        assert_eq!(read("budget allowed_nj=12 booked_nj=5").unwrap(), Some(expected));
        assert!(read("budget allowed_nj=12").is_err());
    }

    #[test]
    fn the_refusal_says_what_is_wrong_with_the_sensor() {
        let said = lines(&["sensor: not found: Bus", "refused: no decisions without the sensor"]);
        assert_eq!(
            refusal(&said).unwrap(),
            "no decisions without the sensor: not found: Bus"
        );
        assert_eq!(refusal(&said[..1]), None);
        assert_eq!(fault(&lines(&["fault panic"])), Some("panic"));
    }

    #[test]
    fn an_image_of_another_version_or_board_is_refused() {
        let error = |line: &str| ticks_per_second(&lines(&[line]), "mps2-an386").unwrap_err().to_string();
        assert!(error("image machine=mps2-an386 log=9").contains("version 9 of the log"));
        assert!(error("image machine=mps2-an500 log=4").contains("an image for mps2-an500"));
        assert!(error("image machine=mps2-an386 log=4").contains("no readable ticks_per_second"));
        assert!(error("").contains("no line: image"));
    }
}
