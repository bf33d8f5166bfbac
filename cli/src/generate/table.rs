//! A table of Markdown.

/// The table with this `head` and these `rows`.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(&head.map(str::to_owned)),
        format!("|{}", "---|".repeat(N)),
    ];
    lines.extend(rows.into_iter().map(|row| line(&row)));
    lines.join("\n")
}
