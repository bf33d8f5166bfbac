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
        Trigger::Schedule(schedule) => (format!("`{schedule}`"), "—".to_owned()),
        Trigger::Route { path, .. } | Trigger::Routes { path, .. } => {
            let operations = of.operations();
            let routes = operations
                .iter()
                .map(|one| format!("`{} {path}`", one.method));
            let permissions = operations.iter().map(|one| match one.permission {
                Some(name) => format!("`{name}`"),
                None => "Stripe's signature".to_owned(),
            });
            (joined(routes), joined(permissions))
        }
    };
    let Function { name, summary, .. } = of;
    let link = format!("[`{name}`](../functions/{name}/src/lib.rs)");
    [link, starts, permission, summary.to_owned()]
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
