//! Times that are written as dates and times of day.

use jiff::{Timestamp, civil, fmt::strtime};

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// ISO 8601 with an offset or `Z`.
    Instant,
    /// ISO 8601 without an offset, or with a blank or `/` in it.
    Civil,
    /// A date alone.
    Date,
    /// Hours, minutes and seconds.
    OfDay,
    /// Another order of day, month and year.
    Other(&'static str),
}

/// Orders of day, month and year of other countries, and of programs.
const OTHERS: [&str; 8] = [
    "%d.%m.%Y %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d/%m/%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S%.f %p",
    "%d-%m-%Y %H:%M:%S%.f",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%d_%H%M%S%.f",
    "%d-%b-%Y %H:%M:%S%.f",
];

/// How a cell writes a time; `None` where it holds none.
pub(crate) fn of(cell: &str) -> Option<Form> {
    let plausible = (5..=40).contains(&cell.len()) && cell.as_bytes().iter().any(u8::is_ascii_digit);
    if !plausible || !cell.contains([':', '-', '/', '.', '_']) {
        return None;
    }
    let all = [Form::OfDay, Form::Date, Form::Instant, Form::Civil];
    all.into_iter()
        .chain(others())
        .find(|form| nanoseconds(cell, *form).is_some())
}

/// The orders of other countries and programs.
pub(crate) fn others() -> impl Iterator<Item = Form> {
    OTHERS.iter().map(|f| Form::Other(f))
}

/// A time that is written so, in nanoseconds from a moment that is the same for all cells of a form.
pub(crate) fn nanoseconds(cell: &str, form: Form) -> Option<i128> {
    match form {
        Form::OfDay => of_day(cell),
        Form::Date if cell.len() > 10 => None,
        Form::Date => civil_nanoseconds(
            iso(cell)?
                .parse::<civil::Date>()
                .ok()?
                .to_datetime(civil::Time::midnight()),
        ),
        Form::Instant => {
            let text = iso(cell)?;
            let offset = text.len() > 19 && (text.ends_with(['Z', 'z']) || text[19..].contains(['+', '-']));
            if !offset {
                return None;
            }
            // `2024-01-02 10:00:00.5 +0200`: the offset without a blank before it.
            let (head, tail) = text.split_at(19);
            let text = format!("{head}{}", tail.replace(' ', ""));
            text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
        }
        Form::Civil => {
            let text = iso(cell)?;
            if text.len() < 16 || !text.contains(':') {
                return None;
            }
            civil_nanoseconds(text.parse::<civil::DateTime>().ok()?)
        }
        Form::Other(format) => {
            let text = cell.replace(',', ".");
            civil_nanoseconds(strtime::parse(format, text).ok()?.to_datetime().ok()?)
        }
    }
}

/// What jiff reads: `-` in the date, `:` in the time. Some programs write `2024/01/02`, and some `10.11.12` for the time.
fn iso(cell: &str) -> Option<String> {
    let bytes = cell.as_bytes();
    let digits = |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|b| b.iter().all(u8::is_ascii_digit));
    let date = cell.is_ascii() && digits(0..4) && digits(5..7) && digits(8..10);
    if !date || !b"-/".contains(&bytes[4]) || bytes[4] != bytes[7] {
        return None;
    }
    let mut text = cell.replace('/', "-");
    if digits(11..13) && bytes.get(13) == Some(&b'.') && bytes.get(16) == Some(&b'.') {
        text.replace_range(13..14, ":");
        text.replace_range(16..17, ":");
    }
    Some(text)
}

fn civil_nanoseconds(time: civil::DateTime) -> Option<i128> {
    let instant = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
    Some(instant.as_nanosecond())
}

/// `h:mm:ss`, `hh:mm:ss.fff`, and `mm:ss.fff` with a fraction.
fn of_day(cell: &str) -> Option<i128> {
    let parts = cell.split(':').count();
    if !(2..=3).contains(&parts) || (parts == 2 && !cell.contains(['.', ','])) {
        return None;
    }
    let mut whole: i128 = 0;
    let (head, seconds) = cell.rsplit_once(':')?;
    for (place, part) in head.split(':').enumerate() {
        let value: i128 = digits(part).filter(|v| part.len() <= 4 && (place == 0 || *v < 60))?;
        whole = whole * 60 + value;
    }
    let (seconds, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
    let seconds = digits(seconds).filter(|v| seconds.len() <= 2 && *v < 60)?;
    let nanos = match fraction {
        "" => 0,
        text => digits(text.get(..text.len().min(9))?)? * 10i128.pow(9 - text.len().min(9) as u32),
    };
    Some((whole * 60 + seconds) * 1_000_000_000 + nanos)
}

fn digits(text: &str) -> Option<i128> {
    let all = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_time_are_known() {
        let second = 1_000_000_000;
        for (cell, form, later, by) in [
            (
                "2024-01-02T10:11:12Z",
                Form::Instant,
                "2024-01-02T10:11:12.5Z",
                second / 2,
            ),
            (
                "2024-01-02 10:11:12+02:00",
                Form::Instant,
                "2024-01-02T08:11:13Z",
                second,
            ),
            (
                "2022-12-28 12:00:00.250 -0700",
                Form::Instant,
                "2022-12-28T19:00:01.25Z",
                second,
            ),
            (
                "2024-01-02 10:11:12",
                Form::Civil,
                "2024-01-02T10:11:12.001",
                second / 1000,
            ),
            (
                "2018-01-01T12.34.56.789",
                Form::Civil,
                "2018-01-01T12.34.57.789",
                second,
            ),
            (
                "2024/01/02 10:11:12",
                Form::Civil,
                "2024/01/03 10:11:12",
                86_400 * second,
            ),
            ("2024-01-02", Form::Date, "2024-01-03", 86_400 * second),
            ("9:59:59,5", Form::OfDay, "10:00:00.0", second / 2),
            ("00:01.250", Form::OfDay, "00:01.500", second / 4),
            (
                "02.01.2024 10:11:12",
                Form::Other(OTHERS[0]),
                "02.01.2024 10:11:12,250",
                second / 4,
            ),
            (
                "1/2/2024 1:11:12 PM",
                Form::Other(OTHERS[3]),
                "1/2/2024 2:11:12 PM",
                3600 * second,
            ),
        ] {
            assert_eq!(of(cell), Some(form), "{cell}");
            let at = |cell| nanoseconds(cell, form).unwrap_or_else(|| panic!("{cell} {form:?}"));
            assert_eq!(at(later) - at(cell), by, "{cell}");
        }
        for cell in ["walk", "1.5", "12:34", "10-20", "x-axis", "99:99:99", "2024-13-01"] {
            assert_eq!(of(cell), None, "{cell}");
        }
    }
}
