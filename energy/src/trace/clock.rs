//! Times in cells: seconds as numbers, dates and times by ISO 8601, and `hh:mm:ss`.

use jiff::{Timestamp, civil};

const DAY_S: f64 = 86_400.0;

/// Turns the cells of a time column into seconds. A number stays what it is; a date becomes seconds from the first row on, so that
/// an f64 resolves nanoseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// The first date, in nanoseconds since 1970.
    origin_ns: Option<i128>,
    /// Seconds that were added at midnights, and the last time of day.
    days_s: f64,
    last_s: Option<f64>,
}

impl Clock {
    /// Seconds of a cell that is a date with a time, or a time alone; `None` where it is neither.
    pub(super) fn seconds(&mut self, cell: &str) -> Option<f64> {
        if let Some(ns) = date(cell) {
            let origin_ns = *self.origin_ns.get_or_insert(ns);
            return Some((ns - origin_ns) as f64 * 1e-9);
        }
        let time_s = time_of_day(cell)?;
        // The clock of a recording over midnight starts again at 0.
        if self.last_s.is_some_and(|last_s| time_s + DAY_S / 2.0 < last_s) {
            self.days_s += DAY_S;
        }
        self.last_s = Some(time_s);
        Some(time_s + self.days_s)
    }
}

/// Whether a cell is a date with a time, or a time alone.
pub(super) fn is_time(cell: &str) -> bool {
    Clock::default().seconds(cell).is_some()
}

/// Nanoseconds since 1970; a date without an offset is taken as it stands.
fn date(cell: &str) -> Option<i128> {
    let first = cell.as_bytes().first()?;
    if !first.is_ascii_digit() || cell.len() < 10 || !cell.contains('-') {
        return None;
    }
    if let Ok(time) = cell.parse::<Timestamp>() {
        return Some(time.as_nanosecond());
    }
    let time = cell.parse::<civil::DateTime>().ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(time).ok()?.as_nanosecond())
}

/// `h:mm:ss`, `hh:mm:ss.fff`: hours may go on past 24.
fn time_of_day(cell: &str) -> Option<f64> {
    let mut parts = cell.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some() || !digits(hours) || !digits(minutes) || seconds.starts_with(['-', '+']) {
        return None;
    }
    let (minutes, seconds): (f64, f64) = (minutes.parse().ok()?, seconds.replace(',', ".").parse().ok()?);
    let within = minutes < 60.0 && (0.0..61.0).contains(&seconds);
    within.then_some(hours.parse::<f64>().ok()? * 3600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_from_the_first_row_on() {
        let mut clock = Clock::default();
        assert_eq!(clock.seconds("2024-05-01T12:00:00.000000100Z"), Some(0.0));
        let later = clock.seconds("2024-05-01T14:00:01.0000002+02:00").unwrap();
        assert!((later - 1.000_000_1).abs() < 1e-12);
        let mut clock = Clock::default();
        assert_eq!(clock.seconds("2024-05-01 23:59:59.5"), Some(0.0));
        assert_eq!(clock.seconds("2024-05-02 00:00:00"), Some(0.5));
    }

    #[test]
    fn times_of_day_go_on_over_midnight() {
        let mut clock = Clock::default();
        assert_eq!(clock.seconds("23:59:59.5"), Some(DAY_S - 0.5));
        assert_eq!(clock.seconds("00:00:00"), Some(DAY_S));
        assert_eq!(Clock::default().seconds("100:00:01,5"), Some(360_001.5));
        for bad in ["12:60:00", "12:00", "a:b:c", "1:2:3:4", "0.5", "", "12:00:-1"] {
            assert_eq!(Clock::default().seconds(bad), None, "{bad}");
        }
    }
}
