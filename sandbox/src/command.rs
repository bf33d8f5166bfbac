//! The command line.

use std::{
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use stripe_sandbox::{Builder, Sandbox, StartError, demo_catalogue};
use tokio::signal::unix::{SignalKind, signal};

use crate::gateway_event;

const HELP: &str = "\
A sandbox of Stripe on this machine.

Usage: sandbox [--port PORT] [--webhook-url URL --webhook-secret SECRET [--webhook-payload KIND]]...
       [--settle-after MS] [--allow-origin ORIGIN]...
       sandbox sign FILE --webhook-secret SECRET

  --port PORT              listen on this port of 127.0.0.1 (default 12111; 0 for any free one)
  --webhook-url URL        send events to this http URL on this machine; repeatable
  --webhook-secret SECRET  sign the events of the URL before it; commas separate several
  --webhook-payload KIND   send snapshot (the default) or thin events to the URL before it
  --settle-after MS        end a bank debit after this many milliseconds, as its test account
                           says; without it, the control plane ends it
  --allow-origin ORIGIN    let pages of this origin call the control plane too; repeatable
  --help                   print this help

  sign FILE                print the API Gateway event in FILE with a new signature

It starts with prices for a mug, a shirt and a sticker (lookup keys mug, shirt, sticker).
Use any key that begins with sk_test_, and pk_test_ in a browser.
";

const DEFAULT_PORT: &str = "12111";

const FLAGS: &[&str] = &[
    "--port",
    "--webhook-url",
    "--webhook-secret",
    "--webhook-payload",
    "--settle-after",
    "--allow-origin",
];

/// The options of one webhook.
struct Webhook {
    url: String,
    secret: Option<String>,
    thin: bool,
}

impl Webhook {
    fn to(url: String) -> Self {
        Self {
            url,
            secret: None,
            thin: false,
        }
    }
}

/// Runs the command; errors go to stderr, one line each.
pub(crate) async fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let mut arguments = arguments.peekable();
    if arguments.next_if_eq("sign").is_some() {
        return match sign(&arguments.collect::<Vec<_>>()) {
            Ok(event) => {
                say(&event);
                ExitCode::SUCCESS
            }
            Err(problem) => complain(&problem),
        };
    }
    let outcome = match parse(arguments) {
        Ok(Some(builder)) => serve(builder).await.map_err(|error| error.to_string()),
        Ok(None) => {
            say(HELP);
            Ok(())
        }
        Err(problem) => Err(problem),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => complain(&problem),
    }
}

/// Signs the event in a file.
fn sign(arguments: &[String]) -> Result<String, String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ([file, "--webhook-secret", secret] | ["--webhook-secret", secret, file]) =
        arguments.as_slice()
    else {
        return Err("sign needs FILE and --webhook-secret SECRET".to_owned());
    };
    let event = std::fs::read_to_string(file).map_err(|error| format!("'{file}': {error}"))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|_| "the clock is before 1970")?;
    gateway_event::signed(&event, secret, now.as_secs())
        .map_err(|problem| format!("'{file}': {problem}"))
}

/// The options of a start.
#[derive(Default)]
struct Arguments {
    port: Option<String>,
    webhooks: Vec<Webhook>,
    settle_after: Option<Duration>,
    origins: Vec<String>,
}

/// Parses the arguments; `None` for `--help`.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Builder>, String> {
    let mut read = Arguments::default();
    while let Some(flag) = arguments.next() {
        if flag == "--help" || flag == "-h" {
            return Ok(None);
        }
        if !FLAGS.contains(&flag.as_str()) {
            return Err(format!("unknown option '{flag}'; see --help"));
        }
        let value = arguments.next();
        let value = value.ok_or_else(|| format!("{flag} needs a value"))?;
        read.take(&flag, value)?;
    }
    read.builder().map(Some)
}

impl Arguments {
    fn take(&mut self, flag: &str, value: String) -> Result<(), String> {
        match (flag, self.webhooks.last_mut()) {
            ("--port", _) => self.port = Some(value),
            ("--settle-after", _) => self.settle_after = Some(milliseconds(&value)?),
            ("--allow-origin", _) => self.origins.push(value),
            ("--webhook-url", _) => self.webhooks.push(Webhook::to(value)),
            ("--webhook-payload", Some(webhook)) => webhook.thin = is_thin(&value)?,
            (_, Some(Webhook { secret, .. })) if secret.is_none() => *secret = Some(value),
            (flag, _) => return Err(format!("{flag} must follow its --webhook-url")),
        }
        Ok(())
    }

    fn builder(self) -> Result<Builder, String> {
        let port = self.port.unwrap_or_else(|| DEFAULT_PORT.to_owned());
        let port = port
            .parse()
            .map_err(|_| format!("--port '{port}' is not a port"))?;
        let mut builder = Sandbox::builder().port(port);
        if let Some(time) = self.settle_after {
            builder = builder.settle_after(time);
        }
        for origin in self.origins {
            builder = builder.allow_origin(&origin);
        }
        for Webhook { url, secret, thin } in self.webhooks {
            let secret =
                secret.ok_or_else(|| format!("--webhook-url '{url}' has no --webhook-secret"))?;
            builder = match thin {
                true => builder.thin_webhook(&url, &secret),
                false => builder.webhook(&url, &secret),
            };
        }
        Ok(builder)
    }
}

fn milliseconds(value: &str) -> Result<Duration, String> {
    let time = value.parse().map(Duration::from_millis);
    time.map_err(|_| format!("--settle-after '{value}' is not a number of milliseconds"))
}

fn is_thin(payload: &str) -> Result<bool, String> {
    match payload {
        "thin" => Ok(true),
        "snapshot" => Ok(false),
        _ => Err(format!(
            "--webhook-payload '{payload}' is neither snapshot nor thin"
        )),
    }
}

async fn serve(builder: Builder) -> Result<(), StartError> {
    // Installed before the program prints that it runs.
    let stopped = stopped();
    let stripe = builder.start().await?;
    for price in demo_catalogue() {
        stripe.add_price(price);
    }
    say(&format!("sandbox listening on {}\n", stripe.url()));
    stopped.await;
    Ok(())
}

/// Resolves at SIGTERM or Ctrl-C; the handlers are installed immediately.
fn stopped() -> impl Future<Output = ()> {
    let listen = |kind| signal(kind).expect("the system allows to listen for signals");
    let mut terminated = listen(SignalKind::terminate());
    let mut interrupted = listen(SignalKind::interrupt());
    async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    }
}

#[expect(clippy::print_stdout, reason = "a command's output is for people")]
fn say(text: &str) {
    print!("{text}");
}

#[expect(clippy::print_stderr, reason = "a command's problem goes to stderr")]
fn complain(problem: &str) -> ExitCode {
    eprintln!("error: {problem}");
    ExitCode::FAILURE
}
