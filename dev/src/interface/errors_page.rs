//! `docs/errors.md`: the table of errors, for a reader.

use shared::error::Code;

/// The page around the table.
const PAGE: &str = include_str!("errors.md");

/// The whole page, as the file holds it.
#[must_use]
pub fn errors_page() -> String {
    let head = "| status | code | when | what the site does | again after |\n|---|---|---|---|---|";
    let rows = Code::ALL.map(line);
    let table = [head.to_owned(), rows.join("\n")].join("\n");
    PAGE.replace("{table}", &table)
}

fn line(of: Code) -> String {
    let row = of.row();
    let code = match of {
        Code::Declined => "the decline code".to_owned(),
        _ => format!("`{}`", row.code),
    };
    let again = row
        .retry_after
        .map_or_else(|| "—".to_owned(), |seconds| format!("{seconds} s"));
    let status = row.status.as_u16();
    format!(
        "| {status} | {code} | {} | {} | {again} |",
        row.when, row.then
    )
}
