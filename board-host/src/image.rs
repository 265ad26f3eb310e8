//! A firmware image that was read from its ELF: what it runs, where it wants its loads, how its log is decoded.

use crate::{
    Error, Options, Program, backend,
    end::End,
    identity::Identity,
    image_cache, log,
    memory::{Loads, Regions},
};
use std::path::PathBuf;
use virtual_board::host::elf;

/// A firmware image, read.
pub(crate) struct Image {
    pub(crate) program: elf::Image,
    table: log::Table,
    pub(crate) regions: Regions,
}

impl Image {
    /// Finds the image that replays, or builds it.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        Self::of(options, Program::Replay)
    }

    /// Finds the image of a program, or builds it.
    pub(crate) fn of(options: &Options, program: Program) -> Result<Self, Error> {
        options.check()?;
        if let Some(path) = &options.firmware {
            // Another machine's image would run into a fault, or into nothing until the time is over.
            Identity::of(&elf::bytes(path)?, path)?.expect(options.machine.name(), path)?;
        }
        Self::read(image_cache::find(options, program)?)
    }

    pub(crate) fn read(path: PathBuf) -> Result<Self, Error> {
        let elf = elf::bytes(&path)?;
        Ok(Self {
            table: log::Table::read(&elf, &path)?,
            regions: Regions::of(&elf, &path)?,
            program: elf::Image::parse(&elf, &path)?,
        })
    }

    /// Runs it with these loads and decodes its log.
    pub(crate) fn run(&self, loads: &Loads, options: &Options) -> Result<Vec<String>, Error> {
        self.watch(loads, options, &mut |_| {})
    }

    /// Runs it with these loads, decodes its log and hands each line of it to `sink` as it comes.
    pub(crate) fn watch(
        &self,
        loads: &Loads,
        options: &Options,
        sink: &mut dyn FnMut(&str),
    ) -> Result<Vec<String>, Error> {
        let mut decoder = log::Decoder::new(&self.table);
        let output = backend::run(&self.program, loads, options, &mut |bytes| decoder.take(bytes, sink))?;
        if let Some(path) = &options.keep_log {
            let text: String = decoder.lines.iter().flat_map(|line| [line, "\n"]).collect();
            std::fs::write(path, text).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
        }
        let lines = decoder.finish(self.program.path())?;
        match output.end {
            End::Timeout => Err(Error::Timeout {
                seconds: options.timeout_s,
                lines: lines.len(),
            }),
            End::Stopped(why) => Err(Error::Stopped {
                why,
                lines: lines.len(),
            }),
            End::Itself if lines.is_empty() => Err(Error::Silent {
                backend: options.backend.name(),
                messages: output.messages,
            }),
            End::Itself => Ok(lines),
        }
    }
}
