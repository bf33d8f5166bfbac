//! `farebox healthcheck`: asks a server's `/healthz`, as a container does without another program.

use std::{process::ExitCode, time::Duration};

use http_body_util::Full;
use hyper::{Request, StatusCode};
use shared::{cause::causes, host, http};

/// The URL without `--url`: of `farebox serve` without `--bind`.
const DEFAULT: &str = "http://127.0.0.1:8080/healthz";
/// The timeout of the request.
const TIMEOUT: Duration = Duration::from_secs(5);

const USAGE: &str = "\
farebox healthcheck [--url URL]

Exits with 0 when URL returns 200, else with 1. Without --url it is that of `farebox serve` on this
machine, http://127.0.0.1:8080/healthz.";

/// Runs the check, by its `arguments`.
pub async fn run(arguments: &[String]) -> ExitCode {
    let url = match arguments {
        [] => DEFAULT,
        [name, url] if name == "--url" => url,
        _ => return host::usage(arguments, USAGE),
    };
    let checked = async {
        check(url)
            .await
            .map_err(|what| host::Error::Work(what.into()))
    };
    host::run("farebox", checked).await
}

/// Fails with the reason.
async fn check(url: &str) -> Result<(), String> {
    let request = Request::get(url).body(Full::default());
    let request = request.map_err(|_| format!("{url} is not a URL"))?;
    let answered = tokio::time::timeout(TIMEOUT, http::pooled_client().request(request)).await;
    let response = answered.map_err(|_| format!("{url} did not answer within {TIMEOUT:?}"))?;
    let response = response.map_err(|error| format!("{url}: {}", causes(&error)))?;
    match response.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("{url} returned {status}")),
    }
}
