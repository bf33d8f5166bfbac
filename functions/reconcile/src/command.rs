//! The commands of the `reconcile` program, and its run on Lambda.

use std::{process::ExitCode, time::Duration};

use shared::host::{self, ReadConfig};

use crate::{
    FUNCTION, ReconcileError, Reconciler, Report, RunLimits, service,
    time_range::{TimeRange, Trigger},
};

/// The pause between two runs.
const PAUSE: Duration = Duration::from_secs(5 * 60);

/// The arguments of each command, and what it does.
const COMMANDS: [(&str, &str); 4] = [
    (
        "",
        "take what the webhook missed, every 5 minutes until told to stop",
    ),
    ("--once", "take what it missed since the last run, then end"),
    (
        "--since TIME",
        "take what it missed since TIME, at most 30 days ago",
    ),
    (
        "--since TIME --until TIME",
        "take what it missed in between",
    ),
];

/// The form of the times.
const TIMES: &str = "TIME is like 2026-11-20T12:00:00Z, or Unix seconds. \
    A run with --since does not count as the last run.";

/// Runs `program`, with the settings that `config` reads, by its `arguments`.
pub async fn run(program: &str, arguments: &[String], config: ReadConfig) -> ExitCode {
    match Command::parse(arguments) {
        Some(command) => host::run(FUNCTION.name, command.carry_out(config)).await,
        None => {
            let usage = host::usage_lines(program, &COMMANDS);
            host::usage(arguments, &format!("{usage}\n{TIMES}"))
        }
    }
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    /// Catches up repeatedly until shutdown; on Lambda for each event, on Vercel for each call of
    /// the schedule.
    Run,
    /// Catches up once.
    Once,
    /// Processes the events of a time range.
    TimeRange {
        /// Its start, as typed.
        since: String,
        /// Its end, as typed.
        until: Option<String>,
    },
}

impl Command {
    /// Reads the arguments; `None` when they are none of [`COMMANDS`].
    fn parse(arguments: &[String]) -> Option<Self> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let span = |since: &str, until: Option<&str>| Self::TimeRange {
            since: since.to_owned(),
            until: until.map(str::to_owned),
        };
        Some(match arguments.as_slice() {
            [] => Self::Run,
            ["--once"] => Self::Once,
            ["--since", since] => span(since, None),
            ["--since", since, "--until", until] => span(since, Some(until)),
            _ => return None,
        })
    }

    /// Fails when settings are missing, the database cannot be opened, Stripe or the database did
    /// not answer, or a time is not valid.
    async fn carry_out(self, config: ReadConfig) -> Result<(), host::Error> {
        if self == Self::Run && host::is_vercel()? {
            return host::serve_scheduled(FUNCTION, Reconciler::open, service).await;
        }
        let app = Reconciler::open(config(FUNCTION.settings)?).await?;
        self.carry_out_with(&app).await
    }

    async fn carry_out_with(self, app: &Reconciler) -> Result<(), host::Error> {
        let report = match self {
            Self::Run if host::is_lambda()? => {
                return host::events(|trigger: Trigger| invoked(app, trigger)).await;
            }
            Self::Run => {
                app.run(PAUSE, host::shutdown_signal()).await;
                return Ok(());
            }
            Self::Once => app.catch_up().await,
            Self::TimeRange { since, until } => by_hand(app, &since, until.as_deref()).await,
        };
        print(&report.map_err(|failure| host::Error::Work(failure.into()))?);
        Ok(())
    }
}

/// Runs once on Lambda, where time is short: a time range that is too long ends early, and the
/// response names the rest.
async fn invoked(app: &Reconciler, trigger: Trigger) -> Result<Report, ReconcileError> {
    match trigger.span(app.clock().now())? {
        None => app.catch_up().await,
        Some(span) => app.take(span).await,
    }
}

async fn by_hand(
    app: &Reconciler,
    since: &str,
    until: Option<&str>,
) -> Result<Report, ReconcileError> {
    let span = TimeRange::parse(since, until, app.clock().now())?;
    app.clone().with_limits(RunLimits::none()).take(span).await
}

#[expect(clippy::print_stdout, reason = "an operator asked for it")]
fn print(report: &Report) {
    println!("{report}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_usage_names_is_understood() {
        let parse = |text: &str| {
            let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            Command::parse(&arguments)
        };
        let span = |until: Option<&str>| Command::TimeRange {
            since: "1".to_owned(),
            until: until.map(str::to_owned),
        };

        assert_eq!(parse(""), Some(Command::Run));
        assert_eq!(parse("--once"), Some(Command::Once));
        assert_eq!(parse("--since 1"), Some(span(None)));
        assert_eq!(parse("--since 1 --until 2"), Some(span(Some("2"))));
        for unknown in [
            "once",
            "--since",
            "--until 2",
            "--since 1 2",
            "--once --since 1",
        ] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
