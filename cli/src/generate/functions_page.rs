//! `docs/functions.md`: the table of functions.

use shared::{Function, function::Trigger};

use super::table::table;
use crate::functions;

/// The page's template.
const PAGE: &str = include_str!("functions.md");

/// The page's text.
#[must_use]
pub fn functions_page() -> String {
    let head = [
        "function",
        "route, or schedule on Vercel",
        "permission",
        "what it does",
    ];
    PAGE.replace("{table}", &table(head, functions::all().map(row)))
}

fn row(of: Function) -> [String; 4] {
    let (starts, permission) = match of.trigger {
        Trigger::Route {
            method,
            path,
            permission,
            ..
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
    let link = format!("[`{name}`](../functions/{name}/src/lib.rs)");
    [link, starts, permission, summary.to_owned()]
}
