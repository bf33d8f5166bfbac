//! `cargo dev interface` writes what is made from the code: `openapi.json`, from the functions' own types, and
//! `docs/errors.md`, from the table of errors. Tests hold both to the code.
//!
//! A function with a route is one line in `described`.

mod document;
mod errors_page;

use std::{fs, io, path::Path, process::ExitCode};

pub use document::{described, document};
pub use errors_page::errors_page;

use crate::{settings::workspace, terminal};

/// A file of the workspace, and what the code says that it holds.
pub type Generated = (&'static str, String);

/// All files that are made from the code.
#[must_use]
pub fn files() -> [Generated; 2] {
    [
        ("openapi.json", document()),
        ("docs/errors.md", errors_page()),
    ]
}

/// Writes them, and says which of them changed.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        return shared::host::usage(
            "cargo dev interface\n\nWrites openapi.json and docs/errors.md anew.",
        );
    }
    for (name, text) in files() {
        match write(&workspace().join(name), &text) {
            Ok(true) => terminal::say(&format!("{name}: written")),
            Ok(false) => terminal::say(&format!("{name}: as it was")),
            Err(error) => {
                terminal::complain(&format!("{name} cannot be written: {error}"));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Whether `text` is new to the file.
fn write(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(false);
    }
    fs::write(path, text).map(|()| true)
}
