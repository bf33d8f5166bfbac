//! `vercel.json`, and the routes of `cargo lambda watch` in `Cargo.toml`.

use serde_json::{Map, Value, json};
use shared::{Function, function::Trigger};

use crate::functions;

/// `vercel.json`: a service and a rewrite for each function, and a cron job for each scheduled one.
///
/// # Panics
///
/// Never: the document is JSON.
#[must_use]
pub fn vercel() -> String {
    let by_name = functions::all().map(|one| (one.name.to_owned(), service(one)));
    let services: Map<String, Value> = by_name.collect();
    let rewrites: Vec<Value> = functions::all()
        .map(|one| json!({ "source": path(one), "destination": { "service": one.name } }))
        .collect();
    let crons: Vec<Value> = functions::all()
        .filter_map(|one| match one.trigger {
            Trigger::Schedule(schedule) => Some(json!({ "path": path(one), "schedule": schedule })),
            Trigger::Route { .. } | Trigger::Routes { .. } => None,
        })
        .collect();
    let project = json!({
        "$schema": "https://openapi.vercel.sh/vercel.json",
        "services": services, "rewrites": rewrites, "crons": crons,
    });
    let text = serde_json::to_string_pretty(&project).expect("it is JSON");
    format!("{text}\n")
}

fn service(function: Function) -> Value {
    let entrypoint = format!("functions/{}/src/main.rs", function.name);
    json!({
        "root": ".", "runtime": "rust", "entrypoint": entrypoint,
        "functions": { &entrypoint: { "maxDuration": function.max_duration } },
    })
}

/// The path of a function's route; for a scheduled function, the path that Vercel's cron job calls.
fn path(function: Function) -> String {
    match function.path() {
        Some(path) => path.to_owned(),
        None => format!("/api/cron/{}", function.name),
    }
}

/// The line in `Cargo.toml` above the routes of `cargo lambda watch`.
const ROUTER: &str = "[workspace.metadata.lambda.watch.router]\n";

/// Returns `manifest`, the workspace's `Cargo.toml`, with the routes of all functions.
///
/// # Panics
///
/// When the manifest has no section for them.
#[must_use]
pub fn watch_router(manifest: &str) -> String {
    let split = manifest.split_once(ROUTER);
    let (before, after) = split.expect("Cargo.toml has the routes of `cargo lambda watch`");
    let rest = after.split_once("\n\n").map_or("", |(_, rest)| rest);
    let routes: String = functions::all()
        .filter_map(|one| Some((one.path()?, one.name)))
        .map(|(path, name)| format!("\"{path}\" = \"{name}\"\n"))
        .collect();
    let gap = if rest.is_empty() { "" } else { "\n" };
    format!("{before}{ROUTER}{routes}{gap}{rest}")
}
