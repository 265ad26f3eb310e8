//! Words of a shell's command line: what a user types stays one word, whatever it holds.

use std::{ffi::OsStr, fmt::Write as _, path::Path};

/// A word as `bash` reads it back, on one line: plain as it is, otherwise in quotes; with line breaks, other control characters or
/// bytes that are no UTF-8 in `$'...'`.
#[must_use]
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+".contains(c);
    match word.to_str() {
        Some(word) if !word.is_empty() && word.chars().all(plain) => word.to_owned(),
        Some(word) if !word.contains(is_hidden) => format!("'{}'", word.replace('\'', "'\\''")),
        _ => format!("$'{}'", escaped(word.as_encoded_bytes())),
    }
}

/// The path of a file as an argument: one that begins with `-` is no option.
#[must_use]
pub fn path(path: &Path) -> String {
    match path.as_os_str().as_encoded_bytes().first() {
        Some(b'-') => quoted(Path::new(".").join(path)),
        _ => quoted(path),
    }
}

/// Characters that a terminal does not show as they are, or that turn the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    let hex = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => text.extend(['\\', c]),
                '\n' => text += "\\n",
                c if is_hidden(c) => hex(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => text.push(c),
            }
        }
        hex(&mut text, chunk.invalid());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that would do something if they were not quoted.
    const HOSTILE: [&str; 16] = [
        "",
        "a b",
        "it's",
        "n\ntouch INJECTED\n#",
        "'\ntouch INJECTED\n'",
        "$(touch INJECTED)",
        "`touch INJECTED`",
        "; touch INJECTED #",
        "\" $(touch INJECTED) \"",
        "\\'\n$(touch INJECTED)",
        "a\rb\tc\u{1b}[2Jd\u{202e}e",
        "*",
        "~",
        "!!",
        "{a,b}",
        "\u{7}f\u{85}0",
    ];

    #[test]
    fn a_word_is_one_line_and_names_itself() {
        for word in HOSTILE {
            let quoted = quoted(word);
            assert!(!quoted.contains(is_hidden), "{quoted:?}");
        }
        assert_eq!(quoted("a/b-c_1.2=:,+"), "a/b-c_1.2=:,+");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("n\n'"), "$'n\\n\\''");
        assert_eq!(path(Path::new("-rf")), "./-rf");
        assert_eq!(path(Path::new("a b")), "'a b'");
    }

    #[cfg(unix)]
    #[test]
    fn bash_reads_back_what_was_quoted_and_runs_nothing() {
        use std::{os::unix::ffi::OsStrExt as _, process::Command};
        let folder = tempfile::tempdir().unwrap();
        let mut words: Vec<&OsStr> = HOSTILE.iter().map(OsStr::new).collect();
        words.extend([OsStr::from_bytes(b"\xff'\n0"), OsStr::from_bytes(b"\xc3")]);
        let line: Vec<String> = words.iter().map(quoted).collect();
        // The same on a line that is a comment: nothing of it is left.
        let script = format!("# {0}\nprintf '%s\\0' {0}\n", line.join(" "));
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&folder)
            .output()
            .unwrap();
        let expected: Vec<u8> = words
            .iter()
            .flat_map(|word| [word.as_bytes(), b"\0"].concat())
            .collect();
        assert_eq!(output.stdout, expected, "{script}");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}
