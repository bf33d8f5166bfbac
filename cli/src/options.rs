//! What the command line asks for.

use std::process::ExitCode;

/// What is said when something else is asked for, or help.
const USAGE: &str = "\
cargo dev [OPTIONS]
cargo dev doctor [--url URL]
cargo dev reconcile [--once]
cargo dev dead-letters
cargo dev redrive ID
cargo dev generate

Starts Farebox with a sandbox of Stripe, and a small shop to try it. No account is needed.

  --port PORT          serve shop and functions there (default 4242; 0 takes a free port)
  --sandbox-port PORT  serve the sandbox there (default 12111; 0 takes a free port)
  --stripe             talk to Stripe's test mode instead, with the keys in the environment or in .env
  --headless           open no browser
  --help               show this

The other commands use the settings of a deployment, in the environment and in .env: doctor checks
them, reconcile takes the events that the webhook missed, dead-letters lists the messages that were
given up, redrive makes them due again. generate writes anew what is made from the code. Each has a
--help.";

/// How to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where shop and functions are served.
    pub port: u16,
    /// Where the sandbox is served.
    pub sandbox_port: u16,
    /// Whether Stripe itself is called, in test mode.
    pub stripe: bool,
    /// Whether the browser stays closed.
    pub headless: bool,
}

/// Something else was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Help.
    Help,
    /// What is not an option, or not its value.
    Mistyped(String),
}

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// [`Usage`] when help is asked for, or an argument is not understood.
    pub fn parse(arguments: &[String]) -> Result<Self, Usage> {
        let mut options = Self {
            port: 4242,
            sandbox_port: 12111,
            stripe: false,
            headless: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--port" => options.port = port(argument, arguments.next())?,
                "--sandbox-port" => options.sandbox_port = port(argument, arguments.next())?,
                "--stripe" => options.stripe = true,
                "--headless" => options.headless = true,
                "--help" | "-h" => return Err(Usage::Help),
                other => return Err(Usage::Mistyped(format!("`{other}` is not an option"))),
            }
        }
        Ok(options)
    }
}

fn port(option: &str, value: Option<&String>) -> Result<u16, Usage> {
    value
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Usage::Mistyped(format!("`{option}` needs a port from 0 to 65535")))
}

impl Usage {
    /// Shows it to whoever started the program.
    #[expect(
        clippy::print_stdout,
        clippy::print_stderr,
        reason = "a person reads it"
    )]
    #[must_use]
    pub fn show(&self) -> ExitCode {
        match self {
            Self::Help => {
                println!("{USAGE}");
                ExitCode::SUCCESS
            }
            Self::Mistyped(what) => {
                eprintln!("error: {what}\n\n{USAGE}");
                ExitCode::from(2)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, Usage> {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn without_options_the_ports_are_the_documented_ones() {
        let options = parse("").unwrap();
        assert_eq!((options.port, options.sandbox_port), (4242, 12111));
        assert!(!options.stripe && !options.headless);
    }

    #[test]
    fn each_option_is_understood() {
        let options = parse("--headless --port 1 --sandbox-port 2 --stripe").unwrap();
        let expected = Options {
            port: 1,
            sandbox_port: 2,
            stripe: true,
            headless: true,
        };
        assert_eq!(options, expected);
        assert_eq!(parse("--help"), Err(Usage::Help));
    }

    #[test]
    fn what_is_mistyped_is_named() {
        for (text, named) in [
            ("--prot 1", "--prot"),
            ("--port", "--port"),
            ("--port x", "--port"),
            ("4242", "4242"),
        ] {
            let Err(Usage::Mistyped(what)) = parse(text) else {
                panic!("{text}")
            };
            assert!(what.contains(named), "{what}");
        }
    }
}
