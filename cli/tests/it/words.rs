//! Renamed things: the old names appear nowhere.

use std::{path::Path, process::Command};

/// File patterns, and the old names, as whole words.
const GIVEN_UP: &[(&str, &[&str])] = &[
    (
        ".",
        &[
            "FAREBOX_LEDGER",
            "FAREBOX_FULFIL",
            "FAREBOX_FULFIL_EVENTS",
            "FAREBOX_FULFIL_SECRET",
            "FulfilFunction",
            "[Ll]edger",
            "[Ll]edgers",
        ],
    ),
    (
        "*.rs",
        &[
            "Admission",
            "Admitted",
            "Agenda",
            "Basket",
            "Canned",
            "Contents",
            "Counted",
            "Courier",
            "Desk",
            "Fixed",
            "Gate",
            "Happening",
            "Intake",
            "Letter",
            "MOST_WAYS",
            "Mapping",
            "Marks",
            "Opening",
            "Patience",
            "Settled",
            "Stage",
            "Standing",
            "Step",
            "Taken",
            "Till",
            "Trouble",
            "Undelivered",
            "Unfit",
            "Way",
            "Whose",
            "admit_next_way",
            "close_way",
            "happenings_until",
            "intake",
            "is_ours_to_mend",
            "note_operation",
            "take_due",
            "told_to_stop",
            "way_number",
        ],
    ),
];

/// The lines with a word that matches `names`. It skips the changelog, which lists old names, and
/// Rust comments, where a sentence may begin with such a word.
fn lines_with(names: &[&str], files: &str) -> String {
    let output = Command::new("git")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args([
            "grep",
            "--line-number",
            "--word-regexp",
            "--extended-regexp",
        ])
        .args([&names.join("|"), "--", files])
        .args([":!CHANGELOG.md", ":!cli/tests/it/words.rs"])
        .output()
        .expect("git runs");
    assert!(output.stderr.is_empty(), "{output:?}");
    let found = String::from_utf8(output.stdout).unwrap();
    let is_comment = |line: &&str| {
        let text = line.splitn(3, ':').nth(2).unwrap_or_default();
        line.contains(".rs:") && text.trim_start().starts_with("//")
    };
    let lines = found.lines().filter(|line| !is_comment(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn names_that_were_given_up_stand_nowhere() {
    for (files, names) in GIVEN_UP {
        assert_eq!(lines_with(names, files), "");
    }
}

#[test]
fn a_name_that_stands_somewhere_is_found() {
    assert!(lines_with(&["PutOrder", "Nowhere"], "*.rs").contains("store/put_order.rs:"));
}
