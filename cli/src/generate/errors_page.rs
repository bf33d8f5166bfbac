//! `docs/errors.md`: the table of errors, for a reader.

use shared::error::{Code, Retry};

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
    let row = of.spec();
    let code = match of {
        Code::Declined => "the decline code".to_owned(),
        _ => format!("`{}`", row.code),
    };
    let again = match row.retry {
        Retry::Never => "—".to_owned(),
        Retry::After(seconds) => format!("{seconds} s"),
        Retry::AsTold => "as told".to_owned(),
    };
    let status = row.status.as_u16();
    format!(
        "| {status} | {code} | {} | {} | {again} |",
        row.when, row.remedy
    )
}
