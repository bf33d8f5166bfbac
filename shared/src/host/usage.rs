//! The usage of a program with a command line.

use std::process::ExitCode;

/// Shows the usage of a program, when `arguments` ask for help or are wrong.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a person asked for help, or mistyped a command, and reads it"
)]
#[must_use]
pub fn usage(arguments: &[String], text: &str) -> ExitCode {
    if arguments.iter().any(|one| one == "--help" || one == "-h") {
        println!("{text}");
        return ExitCode::SUCCESS;
    }
    eprintln!("{text}");
    ExitCode::from(2)
}

/// A line for each command of `program`: its arguments, and what it does.
#[must_use]
pub fn usage_lines(program: &str, commands: &[(&str, &str)]) -> String {
    let width = commands.iter().map(|(line, _)| line.len()).max();
    let width = width.unwrap_or_default();
    let line = |(arguments, does): &(&str, &str)| format!("{program} {arguments:width$}  {does}");
    commands.iter().map(line).collect::<Vec<_>>().join("\n")
}
