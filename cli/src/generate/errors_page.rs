//! `docs/errors.md`: the table of errors.

use shared::error::{Code, Retry};

use super::table::table;

/// The page's template.
const PAGE: &str = include_str!("errors.md");

/// The page's text.
#[must_use]
pub fn errors_page() -> String {
    let head = ["status", "code", "when", "remedy", "retry after"];
    PAGE.replace("{table}", &table(head, Code::ALL.map(row)))
}

fn row(of: Code) -> [String; 5] {
    let row = of.spec();
    let code = match of {
        Code::Declined => "the decline code".to_owned(),
        _ => format!("`{}`", row.code),
    };
    let retry = match row.retry {
        Retry::Never => "—".to_owned(),
        Retry::After(seconds) => format!("{seconds} s"),
        Retry::AfterHeader => "`Retry-After`".to_owned(),
    };
    let status = row.status.as_u16().to_string();
    [
        status,
        code,
        row.when.to_owned(),
        row.remedy.to_owned(),
        retry,
    ]
}
