//! What a child does between fork and exec.
#![allow(unsafe_code, reason = "code between fork and exec has no safe interface")]

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd as _, unix::process::CommandExt as _},
    process::Command,
};

/// Lets a child keep these files open under their numbers, and be killed when the thread that starts it ends, with its process or
/// without (`prctl(2)`, PR_SET_PDEATHSIG).
pub fn bind(command: &mut Command, files: &[File]) {
    let files: Vec<i32> = files.iter().map(|file| file.as_raw_fd()).collect();
    // SAFETY: `getpid` has no preconditions.
    let parent = unsafe { libc::getpid() };
    let prepare = move || {
        // SAFETY: these calls take numbers only. All of them may be made between fork and exec (`signal-safety(7)`): none of them
        // allocates or takes a lock. A number that is no open file any longer is an error, which is handed on.
        unsafe {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // The parent may have ended before the call: then nobody would ever kill this child.
            if libc::getppid() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            for file in &files {
                // Without FD_CLOEXEC, the one flag that there is.
                if libc::fcntl(*file, libc::F_SETFD, 0) != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
        }
        Ok(())
    };
    // SAFETY: the closure does what is allowed between fork and exec, and nothing else: it only reads the list, which it owns.
    unsafe { command.pre_exec(prepare) };
}
