//! The command line.

use std::process::ExitCode;

/// The text of `--help`.
const USAGE: &str = "\
farebox dev [OPTIONS]
farebox serve [--bind ADDRESS:PORT]
farebox healthcheck [--url URL]
farebox backup FILE
farebox doctor [--url URL]
farebox reconcile [--once | subscriptions]
farebox dead-letters
farebox redrive ID
farebox forget CALLER
farebox import FILE
farebox generate

dev starts Farebox with a sandbox of Stripe and a demo shop. No Stripe account is needed. In a
checkout of Farebox, `cargo dev` is `farebox dev`.

  --port PORT          the port of the shop and the functions (default 4242; 0: a free port)
  --sandbox-port PORT  the port of the sandbox (default 12111; 0: a free port)
  --stripe             use Stripe's test mode, with the keys in the environment or in .env
  --notify URL         send notifications to your site, such as http://localhost:3000/api/farebox
  --headless           open no browser
  --help               show this

The other commands use a deployment's settings, in the environment and in .env: serve runs all of it
in one process, doctor checks it, backup copies its SQLite database, reconcile processes missed
events, dead-letters lists undelivered messages, redrive queues them again, forget removes who paid
from a caller's orders, import ties Stripe customers that exist to callers. healthcheck asks a
running server whether it serves, and generate writes the files that the code defines. Each has a
--help.";

/// The options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The port of the shop and the functions.
    pub port: u16,
    /// The port of the sandbox.
    pub sandbox_port: u16,
    /// True to call Stripe in test mode in place of the sandbox.
    pub stripe: bool,
    /// True to leave the browser closed.
    pub headless: bool,
    /// The destination of notifications, in place of the demo shop.
    pub notify: Option<String>,
}

/// The command line holds no options to start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usage {
    /// `--help`.
    Help,
    /// An unknown option or a wrong value.
    Invalid(String),
}

impl Options {
    /// Parses the arguments.
    ///
    /// # Errors
    ///
    /// [`Usage`] for `--help`, or when an argument is not valid.
    pub fn parse(arguments: &[String]) -> Result<Self, Usage> {
        let mut options = Self {
            port: 4242,
            sandbox_port: 12111,
            stripe: false,
            headless: false,
            notify: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--port" => options.port = port(argument, arguments.next())?,
                "--sandbox-port" => options.sandbox_port = port(argument, arguments.next())?,
                "--stripe" => options.stripe = true,
                "--headless" => options.headless = true,
                "--notify" => options.notify = Some(url(argument, arguments.next())?),
                "--help" | "-h" => return Err(Usage::Help),
                other => return Err(Usage::Invalid(format!("`{other}` is not an option"))),
            }
        }
        Ok(options)
    }
}

fn port(option: &str, value: Option<&String>) -> Result<u16, Usage> {
    value
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Usage::Invalid(format!("`{option}` needs a port from 0 to 65535")))
}

/// Reading the settings checks the URL further.
fn url(option: &str, value: Option<&String>) -> Result<String, Usage> {
    let url = value.filter(|text| text.contains("://"));
    url.cloned()
        .ok_or_else(|| Usage::Invalid(format!("`{option}` needs a URL")))
}

impl Usage {
    /// Prints the usage.
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
            Self::Invalid(what) => {
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
        let notify = "--notify http://localhost:3000/api/farebox";
        let text = format!("--headless --port 1 --sandbox-port 2 --stripe {notify}");
        let options = parse(&text).unwrap();
        let expected = Options {
            port: 1,
            sandbox_port: 2,
            stripe: true,
            headless: true,
            notify: Some("http://localhost:3000/api/farebox".to_owned()),
        };
        assert_eq!(options, expected);
        assert_eq!(parse("--help"), Err(Usage::Help));
    }

    #[test]
    fn an_invalid_option_is_named() {
        for (text, named) in [
            ("--prot 1", "--prot"),
            ("--port", "--port"),
            ("--port x", "--port"),
            ("--notify", "--notify"),
            ("--notify --headless", "--notify"),
            ("4242", "4242"),
        ] {
            let Err(Usage::Invalid(what)) = parse(text) else {
                panic!("{text}")
            };
            assert!(what.contains(named), "{what}");
        }
    }
}
