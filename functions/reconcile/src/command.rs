//! The commands of the `reconcile` program, and its run on Lambda.

use std::{fmt::Display, process::ExitCode, time::Duration};

use shared::host::{self, ReadConfig};

use crate::{
    FUNCTION, ReconcileError, Reconciler, Report, RunLimits,
    adopt::{AdoptError, Adopter},
    service,
    time_range::{TimeRange, Trigger},
};

/// The pause between two runs.
pub const PAUSE: Duration = Duration::from_secs(5 * 60);

/// The arguments of each command, and what it does.
const COMMANDS: [(&str, &str); 5] = [
    ("", "process missed events, every 5 minutes until shutdown"),
    ("--once", "process those since the last run, then exit"),
    (
        "--since TIME",
        "process those since TIME, at most 30 days ago",
    ),
    ("--since TIME --until TIME", "process those in between"),
    (
        "subscriptions",
        "bring the copies of all subscriptions of the account up to date",
    ),
];

/// The form of the times.
const TIMES: &str = "TIME is like 2026-11-20T12:00:00Z, or Unix seconds. \
    A run with --since does not move the cursor.";

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
    /// Looks at all subscriptions of the account.
    Subscriptions,
}

impl Command {
    /// Reads the arguments; `None` when they are none of [`COMMANDS`].
    fn parse(arguments: &[String]) -> Option<Self> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let range = |since: &str, until: Option<&str>| Self::TimeRange {
            since: since.to_owned(),
            until: until.map(str::to_owned),
        };
        Some(match arguments.as_slice() {
            [] => Self::Run,
            ["--once"] => Self::Once,
            ["subscriptions"] => Self::Subscriptions,
            ["--since", since] => range(since, None),
            ["--since", since, "--until", until] => range(since, Some(until)),
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
            Self::Subscriptions => return adopt(app.adopter()).await,
        };
        print(&report.map_err(|failure| host::Error::Work(failure.into()))?);
        Ok(())
    }
}

/// Runs once on Lambda, where time is short: a time range that is too long ends early, and the
/// response names the rest.
async fn invoked(app: &Reconciler, trigger: Trigger) -> Result<Report, ReconcileError> {
    match trigger.time_range(app.clock().now())? {
        None => app.catch_up().await,
        Some(range) => app.process(range).await,
    }
}

async fn by_hand(
    app: &Reconciler,
    since: &str,
    until: Option<&str>,
) -> Result<Report, ReconcileError> {
    let range = TimeRange::parse(since, until, app.clock().now())?;
    app.clone()
        .with_limits(RunLimits::none())
        .process(range)
        .await
}

async fn adopt(adopter: &Adopter) -> Result<(), host::Error> {
    let failed = |failure: AdoptError| host::Error::Work(failure.into());
    let adopted = adopter.adopt(None).await.map_err(failed)?;
    print(&adopted);
    adopted.if_complete().map(drop).map_err(failed)
}

#[expect(clippy::print_stdout, reason = "an operator asked for it")]
fn print(report: &impl Display) {
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
        let range = |until: Option<&str>| Command::TimeRange {
            since: "1".to_owned(),
            until: until.map(str::to_owned),
        };

        assert_eq!(parse(""), Some(Command::Run));
        assert_eq!(parse("--once"), Some(Command::Once));
        assert_eq!(parse("subscriptions"), Some(Command::Subscriptions));
        assert_eq!(parse("--since 1"), Some(range(None)));
        assert_eq!(parse("--since 1 --until 2"), Some(range(Some("2"))));
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
