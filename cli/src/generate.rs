//! `cargo dev generate`: writes the files that the code defines.
//!
//! | file | source |
//! |---|---|
//! | `openapi.json` | the functions' types |
//! | `docs/errors.md` | the table of errors |
//! | `docs/functions.md`, `vercel.json`, routes of `cargo lambda watch` | the list of functions |
//! | `docs/configuration.md`, `.env.example` | the table of variables |
//! | the permissions in `docs/deploy-aws.md` | what `doctor` checks |
//!
//! Tests compare the files with the code.

mod document;
mod errors_page;
mod functions_page;
mod permissions_table;
mod platforms;
mod table;
mod variables;

use std::{fs, io, path::Path, process::ExitCode};

pub use document::document;
pub use errors_page::errors_page;
pub use functions_page::functions_page;
pub use permissions_table::permissions_table;
pub use platforms::{vercel, watch_router};
pub use variables::{configuration_page, example_file};

use crate::{settings::workspace, terminal};

const USAGE: &str = "\
farebox generate

Writes the files that the code defines: openapi.json, pages of docs, vercel.json, watch routes.";

/// A file of the workspace and its generated contents.
pub type Generated = (&'static str, String);

/// All generated files.
///
/// # Errors
///
/// When `Cargo.toml` or `docs/deploy-aws.md`, which are partly generated, cannot be read.
pub fn files() -> io::Result<[Generated; 8]> {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml"))?;
    let guide = fs::read_to_string(workspace().join("docs/deploy-aws.md"))?;
    Ok([
        ("openapi.json", document()),
        ("docs/errors.md", errors_page()),
        ("docs/functions.md", functions_page()),
        ("docs/configuration.md", configuration_page()),
        (".env.example", example_file()),
        ("docs/deploy-aws.md", permissions_table(&guide)),
        ("vercel.json", vercel()),
        ("Cargo.toml", watch_router(&manifest)),
    ])
}

/// Writes the files and prints which of them changed.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    if !arguments.is_empty() {
        return shared::host::usage(arguments, USAGE);
    }
    let files = match files() {
        Ok(files) => files,
        Err(error) => {
            terminal::error(&format!("a file of the workspace cannot be read: {error}"));
            return ExitCode::FAILURE;
        }
    };
    for (name, text) in files {
        match write(&workspace().join(name), &text) {
            Ok(true) => terminal::print(&format!("{name}: written")),
            Ok(false) => terminal::print(&format!("{name}: unchanged")),
            Err(error) => {
                terminal::error(&format!("{name} cannot be written: {error}"));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Returns true when the file changed.
fn write(path: &Path, text: &str) -> io::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(false);
    }
    fs::write(path, text).map(|()| true)
}
