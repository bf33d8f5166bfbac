//! The commands of the `notify` program.

use std::{process::ExitCode, time::Duration};

use shared::{
    Clock, Config,
    env::need,
    host::{self, ReadConfig},
    store::OutboxMessage,
};

use crate::{FUNCTION, Notifier, service, trigger::Trigger};

/// The pause between two looks at an empty outbox.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The arguments of the commands that deliver, and what each does.
const DELIVERIES: [(&str, &str); 2] = [
    ("", "deliver the outbox until shutdown"),
    ("--once", "deliver the messages that are due, then exit"),
];

/// The same of the commands that an operator also has as `farebox`.
const INSPECTIONS: [(&str, &str); 5] = [
    ("dead-letters", "list the dead letters"),
    ("redrive ID", "make a dead letter due again"),
    ("redrive --all", "make all dead letters due again"),
    ("quarantined", "list the quarantined events"),
    (
        "release EVENT",
        "process a quarantined event when Stripe sends it again",
    ),
];

/// Runs `notify`, with the settings that `config` reads, by its `arguments`.
pub async fn run(arguments: &[String], config: ReadConfig) -> ExitCode {
    match Command::parse(arguments) {
        Some(command) => host::run(FUNCTION.name, command.carry_out(config)).await,
        None => {
            let commands = [&DELIVERIES[..], &INSPECTIONS].concat();
            host::usage(arguments, &host::usage_lines(FUNCTION.name, &commands))
        }
    }
}

/// Runs a command of `program` that inspects the outbox; `None` when `arguments` begin no such
/// command.
pub async fn inspect(program: &str, arguments: &[String], config: ReadConfig) -> Option<ExitCode> {
    let first = arguments.first()?;
    let mut names = INSPECTIONS
        .iter()
        .filter_map(|(line, _)| line.split(' ').next());
    names.find(|name| name == first)?;
    Some(match Command::parse(arguments) {
        Some(command) => host::run(FUNCTION.name, command.carry_out(config)).await,
        None => host::usage(arguments, &host::usage_lines(program, &INSPECTIONS)),
    })
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    /// Delivers until shutdown; on Lambda for each event, on Vercel for each call of the schedule.
    Run,
    /// Delivers the messages that are due.
    Once,
    /// Lists dead letters.
    DeadLettered,
    /// Makes one dead letter due again, or all.
    Redrive(Option<String>),
    /// Lists quarantined events.
    Quarantined,
    /// Lets a quarantined event be processed at its next delivery.
    Release(String),
}

impl Command {
    /// Reads the arguments; `None` when they are of no command.
    fn parse(arguments: &[String]) -> Option<Self> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Some(match arguments.as_slice() {
            [] => Self::Run,
            ["--once"] => Self::Once,
            ["dead-letters"] => Self::DeadLettered,
            ["redrive", "--all"] => Self::Redrive(None),
            ["redrive", id] if id.starts_with("msg_") => Self::Redrive(Some((*id).to_owned())),
            ["quarantined"] => Self::Quarantined,
            ["release", event] if event.starts_with("evt_") => Self::Release((*event).to_owned()),
            _ => return None,
        })
    }

    /// The variables that the command needs. A command without deliveries needs no destination, so
    /// that an operator who inspects an outbox cannot deliver its messages to the wrong place by
    /// mistake.
    fn needs(&self) -> &'static [&'static str] {
        match self {
            Self::Run | Self::Once => FUNCTION.settings,
            _ => &[need::DATABASE_URL],
        }
    }

    /// Fails when settings are missing, the database cannot be opened, or it did not answer.
    async fn carry_out(self, config: ReadConfig) -> Result<(), host::Error> {
        if self == Self::Run && host::is_vercel()? {
            return host::serve_scheduled(FUNCTION, open_to_deliver, service).await;
        }
        let config = config(self.needs())?;
        let app = match self {
            Self::Run | Self::Once => open_to_deliver(config).await?,
            _ => Notifier::open(config).await?,
        };
        self.carry_out_with(&app).await
    }

    async fn carry_out_with(self, app: &Notifier) -> Result<(), host::Error> {
        let now = Clock::default().now();
        match self {
            Self::Run if host::is_lambda()? => {
                return host::events(|trigger: Trigger| app.handle(trigger)).await;
            }
            Self::Run => app.run(PAUSE, host::shutdown_signal()).await,
            Self::Once => {
                let report = app.drain().await?;
                app.forget_expired().await?;
                print(&format!(
                    "{} delivered, {} delayed, {} dead-lettered",
                    report.delivered, report.delayed, report.dead_lettered
                ));
            }
            Self::DeadLettered => app
                .store()
                .dead_letters()
                .await?
                .iter()
                .map(line)
                .for_each(|l| print(&l)),
            Self::Redrive(id) => {
                let count = app.store().redrive(id.as_deref(), now).await?;
                print(&format!("{count} due again"));
            }
            Self::Release(event) => {
                let said = match app.store().release(&event).await? {
                    true => "released: send it again from Stripe's dashboard or CLI",
                    false => "there is no such event in the quarantine",
                };
                print(said);
            }
            Self::Quarantined => {
                for event in app.store().quarantined().await? {
                    let (id, kind, at) = (event.event_id, event.kind, event.at);
                    print(&format!("{id}\t{kind}\t{at}\t{}", event.reason));
                }
            }
        }
        Ok(())
    }
}

/// Opens the notifier and checks its destination.
async fn open_to_deliver(config: Config) -> Result<Notifier, host::Error> {
    let app = Notifier::open(config).await?;
    app.check_destination().await?;
    Ok(app)
}

/// A dead letter without its body.
fn line(queued: &OutboxMessage) -> String {
    let error = queued.error.as_deref().unwrap_or_default();
    let (id, kind) = (&queued.message.id, &queued.message.kind);
    format!(
        "{id}\t{kind}\t{}\t{} attempts\t{error}",
        queued.created_at, queued.attempts
    )
}

#[expect(clippy::print_stdout, reason = "an operator asked for it")]
fn print(line: &str) {
    println!("{line}");
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

        assert_eq!(parse(""), Some(Command::Run));
        assert_eq!(parse("--once"), Some(Command::Once));
        assert_eq!(parse("redrive --all"), Some(Command::Redrive(None)));
        assert_eq!(
            parse("redrive msg_1"),
            Some(Command::Redrive(Some("msg_1".to_owned())))
        );
        let release = Command::Release("evt_1".to_owned());
        assert_eq!(parse("release evt_1"), Some(release));
        for unknown in [
            "redrive",
            "redrive all",
            "--twice",
            "dead-letters --all",
            "--once --once",
            "release",
            "release --all",
        ] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
