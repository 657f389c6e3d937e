//! `bench report`: shows a measurement again, and writes what is made of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::base::limits::RIG_RESULTS_BYTES_MAX;
use crate::base::{Error, Kind, Result};
use crate::cli::output::Output;
use crate::config::file;
use crate::rig::{Results, hgrm, html};

#[derive(Debug, Args)]
pub struct Options {
    /// What `bench run --export-json` has written
    #[arg(value_name = "RESULTS.json")]
    results: PathBuf,
    /// Write a report with charts, which needs no network
    #[arg(long, value_name = "FILE")]
    export_html: Option<PathBuf>,
    /// Write the percentiles of each step for HdrHistogram's plotter
    #[arg(long, value_name = "FOLDER")]
    export_hgrm: Option<PathBuf>,
}

/// Where a measurement goes besides the terminal.
#[derive(Debug, Clone, Default)]
pub struct Exports {
    pub json: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub hgrm: Option<PathBuf>,
}

/// Errors: the file is no measurement; what is made of it cannot be written.
pub fn run(options: &Options, mut output: Output) -> Result<ExitCode> {
    let results = read(&options.results)?;
    let (html, hgrm) = (options.export_html.clone(), options.export_hgrm.clone());
    Exports { json: None, html, hgrm }.write(&results)?;
    output.measurement(&results)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a measurement.
///
/// Errors: it is none, or cannot be read.
pub fn read(path: &Path) -> Result<Results> {
    let shown = path.display();
    let wrong =
        |error: &dyn std::fmt::Display| Error::new(Kind::InvalidArgument, format!("{shown}: {error}"));
    let bytes = file::read(path, RIG_RESULTS_BYTES_MAX).map_err(|error| wrong(&file::reason(&error)))?;
    let text = String::from_utf8(bytes).map_err(|error| wrong(&error))?;
    Results::from_json(&text).map_err(|error| wrong(&error))
}

impl Exports {
    /// Makes sure, before anything is measured, that it can be written afterwards.
    ///
    /// Errors: it cannot.
    pub fn prepare(&self) -> Result<()> {
        for path in [&self.json, &self.html].into_iter().flatten() {
            let opened = fs::OpenOptions::new().append(true).create(true).open(path);
            opened.map_err(|error| failed(path, &error))?;
        }
        self.hgrm
            .as_ref()
            .map_or(Ok(()), |folder| fs::create_dir_all(folder).map_err(|error| failed(folder, &error)))
    }

    /// Errors: something cannot be written.
    pub fn write(&self, results: &Results) -> Result<()> {
        if let Some(path) = &self.json {
            write(path, &results.to_json()?)?;
        }
        if let Some(path) = &self.html {
            write(path, &html::page(results))?;
        }
        if let Some(folder) = &self.hgrm {
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
            hgrm::files(results).into_iter().try_for_each(|(name, text)| write(&folder.join(name), &text))?;
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Local, format!("Cannot write {}: {error}", path.display()))
}
