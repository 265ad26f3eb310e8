//! The time column: which one it is, in which unit it counts, and what its cells are in seconds.

use super::{
    cell,
    dialect::Record,
    form::{self, Form},
    units::{self, TimeUnit},
};
use crate::{Notes, names::shown};

/// Words that say that a column is a time.
const TIME_WORDS: [&str; 22] = [
    "zeit",
    "uhrzeit",
    "datum",
    "temps",
    "heure",
    "tiempo",
    "fecha",
    "time",
    "timestamp",
    "timestamps",
    "stamp",
    "datetime",
    "date",
    "epoch",
    "epoc",
    "elapsed",
    "clock",
    "t",
    "ts",
    "tick",
    "ticks",
    "utc",
];
/// Words that may stand beside them.
const BESIDE: [&str; 44] = [
    "relative",
    "rel",
    "absolute",
    "abs",
    "since",
    "start",
    "boot",
    "reboot",
    "sensor",
    "system",
    "sys",
    "unix",
    "local",
    "device",
    "phone",
    "host",
    "logging",
    "log",
    "event",
    "sample",
    "recording",
    "recorded",
    "measurement",
    "accelerometer",
    "accel",
    "acc",
    "gyro",
    "gyroscope",
    "imu",
    "node",
    "of",
    "the",
    "in",
    "at",
    "server",
    "gmt",
    "run",
    "delta",
    "from",
    "begin",
    "capture",
    "received",
    "uptime",
    "1970",
];

/// A name in its words, small letters: `relativeTime_ms` is relative, time, ms.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() && c != 'µ' {
            words.push(String::new());
        } else {
            if c.is_uppercase() && was_small {
                words.push(String::new());
            }
            words.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|w| !w.is_empty());
    words
}

/// What the name of a column says of time: nothing, that it is one, or its unit too.
pub(crate) fn by_name(name: &str, row_unit: Option<&str>) -> Option<Option<TimeUnit>> {
    let (base, bracket) = units::bracketed(name).map_or((name, None), |(base, unit)| (base, Some(unit)));
    let mut words = words(base);
    let mut unit = bracket.or(row_unit).and_then(units::time);
    if let Some(u) = words.last().and_then(|w| units::time(w))
        && unit.is_none()
    {
        unit = Some(u);
        words.pop();
    } else if let Some(u) = words.first().and_then(|w| units::time(w)).filter(|_| unit.is_none()) {
        // `seconds_elapsed`, `millis since boot`.
        unit = Some(u);
        words.remove(0);
    }
    let known = |w: &String| TIME_WORDS.contains(&w.as_str()) || BESIDE.contains(&w.as_str());
    let is_time = words.iter().any(|w| TIME_WORDS.contains(&w.as_str()));
    match (words.is_empty(), unit) {
        // `ms`, `Seconds`, `s`: a unit and nothing else. An `s` alone may be anything.
        (true, Some(u)) => (name.len() > 1).then_some(Some(u)),
        (false, _) if is_time && words.iter().all(known) => Some(unit),
        // `"distance (s)"` is no time; `sensor_ms` is.
        (false, Some(u)) if bracket.is_none() && row_unit.is_none() && words.iter().all(known) => Some(Some(u)),
        _ => None,
    }
}

/// What the stamps of a time column count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    /// Numbers, in seconds times this.
    Number(TimeUnit),
    /// Dates and times of day.
    Form(Form),
    /// A date in one column, the time of day in the next one that is given.
    Pair(Form, usize),
}

/// The time column of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) column: usize,
    pub(crate) scale: Scale,
    /// The first stamp, in the scale's own unit: times count from it, so that stamps of 19 digits lose nothing.
    first: Option<(i128, f64)>,
    /// The last one, for times of day that pass midnight, in nanoseconds.
    last: i128,
    days: i128,
    /// Midnights that were passed.
    pub(crate) midnights: u64,
    /// Counters of 32 bits that went over, as `millis()` does after 49.7 days and `micros()` after 71 minutes.
    pub(crate) wraps: u64,
    /// The last whole number and the last step, as they stand in the file.
    last_whole: Option<(i64, i64)>,
    /// Most digits behind the point.
    digits: usize,
}

/// What is missing to the time after a counter of 32 bits went over.
const WRAP: i64 = 1 << 32;
/// A step over the end of the counter is at most so many times as long as the one before.
const LONGEST_STEP: i64 = 10;

impl Stamp {
    pub(crate) fn new(column: usize, scale: Scale) -> Self {
        Stamp {
            column,
            scale,
            first: None,
            last: 0,
            days: 0,
            midnights: 0,
            wraps: 0,
            last_whole: None,
            digits: 0,
        }
    }

    /// The time of a record in seconds after the first one; `None` where the cell holds no time.
    pub(crate) fn seconds(&mut self, record: &Record, comma: bool) -> Option<f64> {
        let cell = record.get(self.column);
        let nanos = match self.scale {
            Scale::Number(unit) => return self.number(cell, unit, comma),
            Scale::Form(form) => form::nanoseconds(cell, form)?,
            Scale::Pair(form, beside) => {
                form::nanoseconds(cell, form)? + form::nanoseconds(record.get(beside), Form::OfDay)?
            }
        };
        let clock = match self.scale {
            Scale::Pair(_, beside) => record.get(beside),
            _ => cell,
        };
        self.note_digits(clock);
        const DAY: i128 = 86_400_000_000_000;
        let mut nanos = nanos;
        if self.scale == Scale::Form(Form::OfDay) {
            if self.first.is_some() && nanos < self.last - DAY / 2 {
                self.days += 1;
                self.midnights += 1;
            }
            self.last = nanos;
            nanos += self.days * DAY;
        }
        let (first, _) = *self.first.get_or_insert((nanos, 0.0));
        Some((nanos - first) as f64 / 1e9)
    }

    fn number(&mut self, cell: &str, unit: TimeUnit, comma: bool) -> Option<f64> {
        // Whole numbers exactly: nanoseconds since 1970 have 19 digits, a float 16.
        let whole = cell.parse::<i64>().ok();
        let value = match whole {
            Some(v) => v as f64,
            None => cell::number(cell, comma)?,
        };
        match whole {
            Some(v) => self.note_wrap(v),
            None => self.note_digits(cell),
        }
        let (first, rest) = *self.first.get_or_insert(match whole {
            Some(v) => (i128::from(v), 0.0),
            None => (0, value),
        });
        let since = match whole {
            Some(v) => (i128::from(v) + i128::from(self.wraps) * i128::from(WRAP) - first) as f64 - rest,
            None => value - first as f64 - rest,
        };
        Some(since * unit.seconds)
    }

    /// Counts the counter that went over before `value`: a number below 2^32 that is far behind the one before, and with 2^32 more a
    /// step ahead of it like the steps before.
    fn note_wrap(&mut self, value: i64) {
        let known = self.last_whole;
        let step = known.map_or(0, |(last, _)| value.saturating_sub(last));
        self.last_whole = Some((value, step));
        if let Some((last, before)) = known
            && (0..WRAP).contains(&last)
            && value >= 0
            && step < -(WRAP / 2)
            && before > 0
            && (1..=before.saturating_mul(LONGEST_STEP)).contains(&(step + WRAP))
        {
            self.wraps += 1;
            self.last_whole = Some((value, step + WRAP));
        }
    }

    fn note_digits(&mut self, cell: &str) {
        let fraction = cell.rsplit_once(['.', ',']).map_or("", |(_, f)| f);
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let fixed = fraction.bytes().skip(digits).all(|b| !b.eq_ignore_ascii_case(&b'e'));
        // A floating-point exponent says nothing of a decimal place that all share.
        self.digits = self.digits.max(if fixed { digits } else { 9 });
    }

    /// The unit to which the stamps are rounded, in seconds.
    pub(crate) fn resolution_s(&self) -> f64 {
        let unit = match self.scale {
            Scale::Number(unit) => unit.seconds,
            _ => 1.0,
        };
        unit * 10f64.powi(-(self.digits.min(15) as i32))
    }
}

/// The unit of stamps whose name has none, by their values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ByValues {
    /// Counted since 1970.
    Epoch(TimeUnit),
    /// Days since 1900, as Excel counts them.
    Days,
    /// Steps below one second, or too few values to say more.
    Seconds,
    /// What it looks like, and the step of the numbers.
    Doubtful(TimeUnit, f64),
}

fn unit(name: &str) -> TimeUnit {
    units::time(name).expect("a unit of the list")
}

/// Days from 1970 to 2119, counted from 1900 as Excel does.
const EXCEL_DAYS: std::ops::Range<f64> = 25_569.0..80_000.0;
const DAY_S: f64 = 86_400.0;

/// Looks at numbers in the order of the file.
pub(crate) fn by_values(values: &[f64]) -> ByValues {
    let mut steps: Vec<f64> = values.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied();
    // Between 2001 and 2096, in each unit; a step of more than a minute is none of a recording.
    for (name, scale) in [("s", 1.0), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)] {
        let since = |v: f64| (1e9..4e9).contains(&(v / scale));
        if values.first().is_some_and(|v| since(*v)) && step.is_none_or(|d| d / scale <= 60.0) {
            return ByValues::Epoch(unit(name));
        }
    }
    let Some(step) = step else { return ByValues::Seconds };
    let is_day = |v: &f64| EXCEL_DAYS.contains(v);
    if step <= 60.0 / DAY_S && values.iter().all(is_day) && values.iter().any(|v| v.fract() != 0.0) {
        return ByValues::Days;
    }
    let repeated = values.windows(2).filter(|w| w[0] == w[1]).count();
    match step {
        // Several samples a whole second.
        d if d < 1.0 || (d < 2.0 && 2 * repeated > values.len()) => ByValues::Seconds,
        d if d < 1.5 => ByValues::Doubtful(unit("s"), d),
        d if d <= 2e3 => ByValues::Doubtful(unit("ms"), d),
        d if d <= 2e6 => ByValues::Doubtful(unit("us"), d),
        d => ByValues::Doubtful(unit("ns"), d),
    }
}

/// Settles the unit of a time column of numbers that has none, and says how.
///
/// `period_s` is what the user says of the rate, or 0: where one unit fits it, that is the unit.
pub(crate) fn settle(typed: &str, values: &[f64], period_s: f64, notes: &mut Notes) -> TimeUnit {
    let fits = |step: f64, unit: &TimeUnit| (0.5..2.0).contains(&(step * unit.seconds / period_s));
    match by_values(values) {
        ByValues::Doubtful(_, step)
            if let Some(unit) = ["s", "ms", "us", "ns"]
                .map(unit)
                .into_iter()
                .find(|u| period_s > 0.0 && fits(step, u)) =>
        {
            notes.understood(format!(
                "time: column {}, {}, as the sample period says",
                shown(typed),
                unit.name
            ));
            unit
        }
        ByValues::Epoch(unit) => {
            notes.understood(format!(
                "time: column {}, {} since 1970 by its size",
                shown(typed),
                unit.name
            ));
            unit
        }
        ByValues::Days => {
            notes.understood(format!(
                "time: column {}, days since 1900 by its size, as Excel counts them",
                shown(typed)
            ));
            TimeUnit {
                name: "days",
                seconds: DAY_S,
            }
        }
        ByValues::Seconds => {
            let unit = unit("s");
            notes.understood(format!("time: column {}, seconds", shown(typed)));
            unit
        }
        ByValues::Doubtful(unit, step) => {
            let other = match unit.name {
                "s" => "the numbers of the samples".to_owned(),
                name => format!("{step} s between samples, not {name}"),
            };
            let hz = 1.0 / (step * unit.seconds);
            notes.doubt(
                format!(
                    "time: column {} has no unit; steps of {step} are taken for {}, about {hz:.4} Hz; they could be {other}",
                    shown(typed),
                    unit.name
                ),
                format!("--columns time={}:{}", shown(typed), unit.name),
            );
            unit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_time_are_known() {
        for (name, unit) in [
            ("time", None),
            ("Timestamp", None),
            ("t", None),
            ("ts", None),
            ("datetime", None),
            ("seconds", Some("s")),
            ("seconds_elapsed", Some("s")),
            ("Time (s)", Some("s")),
            ("Time[s]", Some("s")),
            ("time[us]", Some("us")),
            ("Timestamp (ms)", Some("ms")),
            ("timestamp_ns", Some("ns")),
            ("timestampMs", Some("ms")),
            ("millis", Some("ms")),
            ("micros", Some("us")),
            ("elapsed (s)", Some("s")),
            ("relative_time_ms", Some("ms")),
            ("epoc (ms)", Some("ms")),
            ("timestamp (-0700)", None),
            ("loggingTime(txt)", None),
            ("accelerometerTimestamp_sinceReboot(s)", Some("s")),
            ("UTC time", None),
            ("sensor_ms", Some("ms")),
        ] {
            assert_eq!(by_name(name, None).map(|u| u.map(|u| u.name)), Some(unit), "{name}");
        }
        for name in [
            "ax",
            "reaction_time",
            "distance (s)",
            "s",
            "temperature",
            "time_of_flight_mm",
            "x",
            "label",
        ] {
            assert_eq!(by_name(name, None), None, "{name}");
        }
        assert_eq!(by_name("Time", Some("ms")).flatten().map(|u| u.name), Some("ms"));
    }

    #[test]
    fn units_by_values() {
        let of = |first: f64, step: f64| by_values(&(0..20).map(|n| first + f64::from(n) * step).collect::<Vec<_>>());
        assert_eq!(of(1.7e9, 0.02), ByValues::Epoch(unit("s")));
        assert_eq!(of(1_657_533_977_810.0, 9.0), ByValues::Epoch(unit("ms")));
        assert_eq!(of(1.7e18, 1e7), ByValues::Epoch(unit("ns")));
        assert_eq!(of(0.0, 0.02), ByValues::Seconds);
        assert_eq!(of(0.0, 16.0), ByValues::Doubtful(unit("ms"), 16.0));
        assert_eq!(of(5.0, 10_000.0), ByValues::Doubtful(unit("us"), 10_000.0));
        assert_eq!(of(0.0, 1.0), ByValues::Doubtful(unit("s"), 1.0));
        assert_eq!(by_values(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), ByValues::Seconds);
        assert_eq!(by_values(&[5.0]), ByValues::Seconds);
        assert_eq!(of(45_000.5, 0.02 / 86_400.0), ByValues::Days);
        assert_eq!(of(45_000.5, 0.02), ByValues::Seconds, "seconds after 12 hours");
    }

    #[test]
    fn a_counter_of_32_bits_that_goes_over_goes_on() {
        let times = |cells: &[i64]| {
            let mut stamp = Stamp::new(0, Scale::Number(unit("ms")));
            let dialect = super::super::dialect::find(&["1"], None);
            let at = |cell: &i64| {
                let mut record = Record::default();
                dialect.split(&cell.to_string(), &mut record);
                stamp.seconds(&record, false).unwrap()
            };
            let times: Vec<f64> = cells.iter().map(at).collect();
            (times, stamp.wraps)
        };
        let end = WRAP;
        let (found, wraps) = times(&[end - 50, end - 30, end - 10, 10, 30, 50]);
        assert_eq!((found, wraps), (vec![0.0, 0.02, 0.04, 0.06, 0.08, 0.1], 1));
        // A clock that was set back, from the middle of the counter or too far behind its end.
        for back in [&[1 << 31, (1 << 31) + 20, 10][..], &[end - 30, end - 10, 500_000]] {
            assert_eq!(times(back).1, 0, "{back:?}");
        }
    }

    #[test]
    fn stamps_of_nineteen_digits_lose_nothing() {
        let mut stamp = Stamp::new(0, Scale::Number(unit("ns")));
        let mut at = |cell: &str| {
            let mut record = Record::default();
            let dialect = super::super::dialect::find(&["1"], None);
            dialect.split(cell, &mut record);
            stamp.seconds(&record, false)
        };
        assert_eq!(at("1718030736872695301"), Some(0.0));
        assert_eq!(at("1718030736872695302"), Some(1e-9));
        assert_eq!(at("noon"), None);
    }
}
