//! Every function is listed wherever it has to be: here, in the README, and for AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use dev::routes;
use shared::ledger::Ledger;
use testing::Shop;

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("it is in the workspace")
}

/// The folders of `functions`.
pub(crate) fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(workspace().join("functions")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

async fn routes() -> Vec<routes::Function> {
    let shop = Shop::open().await;
    let ledger = Ledger::open(&shop.config).await.unwrap();
    routes::functions(&shop.config, &ledger)
}

#[tokio::test]
async fn every_function_is_served_by_cargo_dev() {
    let routed = routes().await.into_iter().map(|function| function.name);
    let served: BTreeSet<String> = routed
        .chain(routes::WITHOUT_ROUTE)
        .map(str::to_owned)
        .collect();
    assert_eq!(served, folders());
}

#[tokio::test]
async fn the_readme_lists_every_function_and_its_path() {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let listed: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| [`"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, folders());
    for function in routes().await {
        assert!(readme.contains(function.path), "{}", function.path);
    }
}

#[test]
fn a_function_is_a_thin_main_over_a_library_of_the_same_name() {
    for name in folders() {
        let folder = workspace().join("functions").join(&name);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        assert!(manifest.contains("path = \"src/main.rs\""), "{name}");
        let main = fs::read_to_string(folder.join("src/main.rs")).unwrap();
        assert!(
            main.lines().count() <= 25,
            "{name}: main.rs starts, and nothing else"
        );
    }
}

#[tokio::test]
async fn the_template_and_cargo_lambda_know_every_function_and_its_path() {
    let read = |name| fs::read_to_string(workspace().join(name)).unwrap();
    let (template, manifest) = (read("template.yaml"), read("Cargo.toml"));
    let blocks = template.split("CodeUri: functions/").skip(1);
    let blocks: BTreeMap<&str, &str> = blocks.filter_map(|block| block.split_once('\n')).collect();
    for name in folders() {
        assert!(blocks.contains_key(name.as_str()), "{name}");
    }
    for function in routes().await {
        let (name, path) = (function.name, function.path);
        assert!(blocks[name].contains(&format!("Path: {path} ")), "{name}");
        assert!(
            manifest.contains(&format!("\"{path}\" = \"{name}\"\n")),
            "{name}"
        );
    }
}
