//! Channels by their names: which of one list is which of another.

/// Where the channels of one list are in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    /// For each channel of the first list its place in the second, by the names, of which both have the same.
    At(Vec<usize>),
    /// One of them has no names, or numbers for names.
    Unnamed,
    /// The names are not the same.
    Differ {
        /// Channels of the first list that the second lacks.
        missing: Vec<usize>,
        /// Channels of the second list that the first lacks.
        more: Vec<usize>,
    },
}

/// A name without what people write differently.
fn key(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a name only counts: that of a channel without one.
#[must_use]
pub fn is_unnamed(name: &str) -> bool {
    name.is_empty()
        || name
            .strip_prefix("channel")
            .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// Finds the channels of `wanted` in `found`, both by name. Case, spaces and punctuation do not count.
#[must_use]
pub fn places<A: AsRef<str>, B: AsRef<str>>(wanted: &[A], found: &[B]) -> Places {
    let without = wanted.is_empty() || found.is_empty();
    if without || wanted.iter().any(|n| is_unnamed(n.as_ref())) || found.iter().any(|n| is_unnamed(n.as_ref())) {
        return Places::Unnamed;
    }
    let (own, theirs): (Vec<String>, Vec<String>) = (
        wanted.iter().map(|n| key(n.as_ref())).collect(),
        found.iter().map(|n| key(n.as_ref())).collect(),
    );
    if own == theirs {
        return Places::At((0..own.len()).collect());
    }
    let absent = |names: &[String], of: &[String]| -> Vec<usize> {
        (0..names.len()).filter(|k| !of.contains(&names[*k])).collect()
    };
    let (missing, more) = (absent(&own, &theirs), absent(&theirs, &own));
    let place = |name: &String| theirs.iter().position(|t| t == name);
    match missing.is_empty() && more.is_empty() && own.len() == theirs.len() {
        true => Places::At(own.iter().filter_map(place).collect()),
        false => Places::Differ { missing, more },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_found_by_name_whatever_their_order_and_spelling() {
        let wanted = ["acceleration x", "acceleration y"];
        assert_eq!(
            places(&wanted, &["Acceleration_Y", "acceleration x"]),
            Places::At(vec![1, 0])
        );
        assert_eq!(places(&wanted, &["channel0", "channel1"]), Places::Unnamed);
        assert_eq!(places(&wanted, &[] as &[&str]), Places::Unnamed);
        let differ = Places::Differ {
            missing: vec![1],
            more: vec![1, 2],
        };
        assert_eq!(places(&wanted, &["acceleration x", "gyro", "n"]), differ);
    }
}
