//! Tests that every command of the README and of the integration guides runs, and that the guide to
//! HTTP is complete. `e2e/package/documents.test.mjs` compiles their TypeScript, and
//! `e2e/clients/http-guide.test.mjs` runs their JavaScript.

use std::{collections::BTreeSet, fs};

use farebox::generate;
use serde_json::Value;

use crate::layout::workspace;

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap()
}

/// The commands in a document's code blocks.
fn commands(path: &str) -> BTreeSet<String> {
    let text = read(path);
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let commands = lines.map(|line| line.split(" # ").next().unwrap_or_default().trim());
    commands.map(str::to_owned).collect()
}

/// A command, the file that runs it, and the text in that file.
const RUN: &[(&str, &str, &str)] = &[
    (
        "cargo dev",
        ".cargo/config.toml",
        "dev = \"run --package farebox -- dev\"",
    ),
    (
        "npm install farebox @stripe/stripe-js @stripe/react-stripe-js",
        "e2e/dist/npm.py",
        "npm([\"install\"",
    ),
    (
        "npx farebox init",
        "packages/farebox/test/readme.test.mjs",
        "runInit(",
    ),
    (
        "npx farebox dev",
        "e2e/dist/test_dist.py",
        "\"npx\", \"--offline\", \"farebox\", \"dev\"",
    ),
    ("./scripts/test", ".ci/run", "exec ./scripts/test"),
];

#[test]
fn every_command_of_the_readme_and_the_guide_is_run() {
    let mut shown = commands("README.md");
    shown.extend(commands("docs/integrate.md"));
    shown.extend(commands("docs/http.md"));
    let run: BTreeSet<String> = RUN
        .iter()
        .map(|(command, ..)| (*command).to_owned())
        .collect();
    assert_eq!(shown, run);
    for (command, path, by) in RUN {
        assert!(read(path).contains(by), "{path} does not run `{command}`");
    }
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 130, "it has {lines} lines");
}

/// The words in backticks in the rows of a table, below the row that begins with `head`.
fn in_table(text: &str, head: &str) -> BTreeSet<String> {
    let (_, after) = text.split_once(&format!("\n| {head} |")).unwrap();
    let rows = after
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_guide_says_what_each_status_and_each_error_asks_of_a_site() {
    let document: Value = serde_json::from_str(&generate::document()).unwrap();
    let guide = read("docs/http.md");
    for (schema, head) in [("OrderStatus", "status"), ("ErrorCode", "reaction")] {
        let all = document["components"]["schemas"][schema]["enum"]
            .as_array()
            .unwrap();
        let named = in_table(&guide, head);
        for one in all {
            let one = one.as_str().unwrap();
            assert!(
                named.contains(one),
                "docs/http.md has no {head} for `{one}`"
            );
        }
    }
}

#[test]
fn the_deploy_button_asks_for_settings_of_its_guide_alone() {
    let guide = read("docs/deploy-vercel.md");
    let (_, asked) = guide.split_once("&env=").unwrap();
    let (asked, _) = asked.split_once(')').unwrap();
    let explained = in_table(&guide, "name | value");
    for name in asked.split(',') {
        assert!(explained.contains(name), "{name}");
    }
}

#[test]
fn links_for_contributors_exist() {
    let text = read("CONTRIBUTING.md");
    let words = text.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = words
        .filter(|word| word.contains('/') && !word.contains([' ', '.']) || word.contains(".rs"))
        .filter(|word| word.contains('/'))
        .collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        assert!(workspace().join(path).exists(), "{path}");
    }
}
