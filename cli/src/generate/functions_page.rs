//! `docs/functions.md`: the table of functions, for a reader.

use shared::{Function, function::Trigger};

use crate::functions;

/// The page around the table.
const PAGE: &str = include_str!("functions.md");

/// The whole page, as the file holds it.
#[must_use]
pub fn functions_page() -> String {
    let head = "| function | route, or schedule | permission | what it does |\n|---|---|---|---|";
    let rows: Vec<String> = functions::all().map(line).collect();
    PAGE.replace("{table}", &format!("{head}\n{}", rows.join("\n")))
}

fn line(of: Function) -> String {
    let (starts, permission) = match of.trigger {
        Trigger::Route {
            method,
            path,
            permission,
        } => {
            let permission = permission.map(|name| format!("`{name}`"));
            let signed = || "Stripe's signature".to_owned();
            (
                format!("`{method} {path}`"),
                permission.unwrap_or_else(signed),
            )
        }
        Trigger::Schedule(schedule) => (format!("`{schedule}`"), "—".to_owned()),
    };
    let Function { name, summary, .. } = of;
    format!("| [`{name}`](../functions/{name}/src/lib.rs) | {starts} | {permission} | {summary} |")
}
