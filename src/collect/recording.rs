//! The file of a recording that is being made: readable at every moment, named when it ends.

use super::folder::Folder;
use anyhow::Context;
use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

/// A CSV file under the name `NAME.csv.partial`, to which rows are appended.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of the last row that was written whole.
    whole: u64,
    samples: u64,
}

impl Recording {
    /// Creates the file with its header row; it must not exist.
    pub fn create(path: PathBuf, header: &str) -> anyhow::Result<Self> {
        let opened = File::options().write(true).create_new(true).open(&path);
        let file = opened.with_context(|| format!("{}: cannot be created", path.display()))?;
        let mut recording = Self {
            path,
            file,
            whole: 0,
            samples: 0,
        };
        recording.append(header, 0)?;
        Ok(recording)
    }

    /// Samples so far.
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Writes rows, each with the end of its line, and as many samples. Where that fails, the rows before it stay whole.
    pub fn append(&mut self, rows: &str, samples: u64) -> anyhow::Result<()> {
        let written = self.file.write_all(rows.as_bytes());
        if let Err(error) = written {
            self.cut()
                .with_context(|| format!("{}: cannot be cut", self.path.display()))?;
            return Err(error).with_context(|| format!("{}: cannot be written", self.path.display()));
        }
        self.whole += rows.len() as u64;
        self.samples += samples;
        Ok(())
    }

    /// Takes away what was written of a row that found no room.
    fn cut(&mut self) -> io::Result<()> {
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.whole))?;
        self.file.set_len(self.whole)
    }

    /// Gives the file its name and adds its label to the folder.
    pub fn finish(self, folder: &Folder) -> anyhow::Result<()> {
        let (path, kept) = (folder.path(), self.path.display().to_string());
        self.file
            .sync_all()
            .with_context(|| format!("{kept}: cannot be written to the disk"))?;
        drop(self.file);
        std::fs::rename(&self.path, &path)
            .with_context(|| format!("{kept}: cannot be renamed to {}; the samples are there", path.display()))?;
        folder.label()
    }
}
