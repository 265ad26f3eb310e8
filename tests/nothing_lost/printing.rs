//! What stands on standard error is advisory, and a result that cannot be printed is an error that loses no file.

use crate::{
    common::Folder,
    work::{NO_FILES, Work, by_shell, files, partial, result},
};

/// Ways to lose standard error, as a shell does it.
const WAYS: [(&str, &str); 3] = [
    ("read for one line", "\"$0\" \"$@\" 2> >(head -n 1 > /dev/null)"),
    ("closed", "exec \"$0\" \"$@\" 2>&-"),
    ("full", "exec \"$0\" \"$@\" 2>/dev/full"),
];

#[test]
fn nobody_need_read_what_a_command_says() {
    for work in [Work::train(), Work::sweep(), Work::finetune()] {
        let f = Folder::new();
        let out = |name: &str| f.path(&name.replace(' ', "-"));
        let whole = work.command(&out("whole")).output().unwrap();
        assert!(whole.status.success());
        for (name, script) in WAYS {
            let line = work.line(&out(name));
            let done = by_shell(script, &line).output().unwrap();
            assert_eq!(done.status.code(), Some(0), "{name}: {line}");
            assert!(result(&out(name)) == result(&out("whole")), "{name}: {line}");
        }
    }
}

#[test]
fn a_result_that_nobody_reads_is_no_failure_and_one_that_cannot_be_written_is() {
    let work = Work::train();
    let f = Folder::new();
    let say = |name: &str, script: &str| {
        let done = by_shell(script, &work.line(&f.path(name))).output().unwrap();
        let stderr = String::from_utf8(done.stderr).unwrap();
        assert!(f.path(name).join("training.json").is_file(), "{name}: {stderr}");
        assert!(!stderr.contains("panicked"), "{name}: {stderr}");
        (done.status.code(), stderr)
    };
    let (code, _) = say("left", "exec \"$0\" \"$@\" > >(exit)");
    assert_eq!(code, Some(0));
    let (code, _) = say("closed", "exec \"$0\" \"$@\" >&-");
    assert_eq!(code, Some(0));
    let (code, stderr) = say("full", "exec \"$0\" \"$@\" > /dev/full");
    assert_eq!(code, Some(1));
    assert!(stderr.contains("error: standard output: No space left"), "{stderr}");
    for name in ["left", "closed", "full"] {
        assert_eq!(partial(&f.path(name)), NO_FILES);
        assert!(files(&f.path(name)).len() > 4);
    }
    // Help and errors too.
    for line in ["--help", "train --help", "--version", "eval nowhere"] {
        for script in ["\"$0\" \"$@\" 2>/dev/full >/dev/full", "\"$0\" \"$@\" 2>&- >&-"] {
            let code = by_shell(script, line).output().unwrap().status.code();
            assert!(matches!(code, Some(0..=2)), "{line}: {code:?}");
        }
    }
}
