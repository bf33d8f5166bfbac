//! `cargo dev generate` writes what is made from the code: `openapi.json`, from the functions' own
//! types; `docs/errors.md`, from the table of errors; `docs/functions.md`, `vercel.json` and the
//! routes of `cargo lambda watch`, from the list of functions; `docs/configuration.md` and
//! `.env.example`, from the table of variables. Tests hold them to the code.

mod document;
mod errors_page;
mod functions_page;
mod platforms;
mod table;
mod variables;

use std::{fs, io, path::Path, process::ExitCode};

pub use document::document;
pub use errors_page::errors_page;
pub use functions_page::functions_page;
pub use platforms::{vercel, watch_router};
pub use variables::{configuration_page, example_file};

use crate::{settings::workspace, terminal};

const USAGE: &str = "\
cargo dev generate

Writes what is generated from the code: openapi.json, pages of docs, vercel.json, watch routes.";

/// A file of the workspace, and what the code says that it holds.
pub type Generated = (&'static str, String);

/// All files that are made from the code.
///
/// # Errors
///
/// When `Cargo.toml`, of which a part is made, cannot be read.
pub fn files() -> io::Result<[Generated; 7]> {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml"))?;
    Ok([
        ("openapi.json", document()),
        ("docs/errors.md", errors_page()),
        ("docs/functions.md", functions_page()),
        ("docs/configuration.md", configuration_page()),
        (".env.example", example_file()),
        ("vercel.json", vercel()),
        ("Cargo.toml", watch_router(&manifest)),
    ])
}

/// Writes them, and says which of them changed.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        return shared::host::usage(arguments, USAGE);
    }
    let files = match files() {
        Ok(files) => files,
        Err(error) => {
            terminal::complain(&format!("Cargo.toml cannot be read: {error}"));
            return ExitCode::FAILURE;
        }
    };
    for (name, text) in files {
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
