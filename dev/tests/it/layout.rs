//! Every function is listed wherever it has to be: here, in the README, for AWS and for Vercel.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use dev::routes;
use serde_json::{Value, json};
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

/// A function on Vercel: what its entry in `vercel.json` must be.
fn service_of(name: &str, seconds: &Value) -> Value {
    let entrypoint = format!("functions/{name}/src/main.rs");
    json!({
        "root": ".", "runtime": "rust", "entrypoint": entrypoint,
        "functions": { &entrypoint: { "maxDuration": seconds } },
    })
}

#[tokio::test]
async fn vercel_knows_every_function_its_path_its_time_and_its_schedule() {
    let text = fs::read_to_string(workspace().join("vercel.json")).unwrap();
    let project: Value = serde_json::from_str(&text).unwrap();
    let services = project["services"].as_object().unwrap();
    assert_eq!(services.keys().cloned().collect::<BTreeSet<_>>(), folders());
    for (name, service) in services {
        let seconds = &service["functions"][format!("functions/{name}/src/main.rs")]["maxDuration"];
        // Above the deadlines of Stripe and the ledger; the most that every plan has is 300.
        assert!((30..=300).contains(&seconds.as_i64().unwrap()), "{name}");
        assert_eq!(*service, service_of(name, seconds), "{name}");
    }

    let scheduled = |name: &&str| (format!("/api/cron/{name}"), (*name).to_owned());
    let scheduled: BTreeMap<_, _> = routes::WITHOUT_ROUTE.iter().map(scheduled).collect();
    let mut paths = scheduled.clone();
    for function in routes().await {
        paths.insert(function.path.to_owned(), function.name.to_owned());
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rewrites = project["rewrites"].as_array().unwrap().iter();
    let rewrites = rewrites.map(|rewrite| {
        assert_eq!(rewrite.as_object().unwrap().len(), 2, "{rewrite}");
        (
            text(&rewrite["source"]),
            text(&rewrite["destination"]["service"]),
        )
    });
    assert_eq!(rewrites.collect::<BTreeMap<_, _>>(), paths);
    let crons = project["crons"].as_array().unwrap().iter();
    let crons: BTreeSet<String> = crons.map(|cron| text(&cron["path"])).collect();
    assert_eq!(crons, scheduled.into_keys().collect());
}

#[test]
fn no_crate_needs_a_runtime_of_vercels() {
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
    assert!(
        !lock.contains("vercel"),
        "the functions are plain HTTP servers there"
    );
}
