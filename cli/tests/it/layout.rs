//! Every function is in every list: here, for AWS and for Vercel.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use farebox::functions;
use shared::function::Trigger;

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

#[test]
fn every_folder_of_functions_is_in_the_list() {
    let listed: BTreeSet<String> = functions::all().map(|one| one.name.to_owned()).collect();
    assert_eq!(listed, folders());
}

/// A program passes the log lines of the crate that its `FUNCTION` names, and of `shared`.
#[test]
fn a_program_runs_the_function_of_its_own_crate() {
    for name in folders() {
        let crate_name = name.replace('-', "_");
        let main = workspace().join(format!("functions/{name}/src/main.rs"));
        let main = fs::read_to_string(main).unwrap();
        let served = format!("host::serve({crate_name}::FUNCTION, {crate_name}::service)");
        let commanded = format!("{crate_name}::command::run(");
        assert!(
            main.contains(&served) || main.contains(&commanded),
            "{name}"
        );
        let library = workspace().join(format!("functions/{name}/src/lib.rs"));
        let library = fs::read_to_string(library).unwrap();
        assert!(
            library.contains(&format!("    name: \"{name}\",\n")),
            "{name}"
        );
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

#[test]
fn the_template_has_every_function_with_its_method_and_path() {
    let template = fs::read_to_string(workspace().join("template.yaml")).unwrap();
    let blocks = template.split("CodeUri: functions/").skip(1);
    let blocks: BTreeMap<&str, &str> = blocks.filter_map(|block| block.split_once('\n')).collect();
    assert_eq!(blocks.len(), functions::all().count());
    for function in functions::all() {
        let block = blocks[function.name];
        let Some(path) = function.path() else {
            continue;
        };
        for operation in function.operations() {
            let event = format!("Method: {}, Path: {path} }}", operation.method);
            assert!(block.contains(&event), "{}", function.name);
        }
    }
}

#[test]
fn a_function_on_vercel_has_time_for_its_deadlines() {
    for function in functions::all() {
        // Above the timeouts of Stripe and the database; Vercel's limit is 300 on every plan.
        assert!(
            (30..=300).contains(&function.max_duration),
            "{}",
            function.name
        );
    }
}

#[test]
fn vercels_hobby_plan_permits_each_schedule() {
    let mut hours = Vec::new();
    for function in functions::all() {
        let Trigger::Schedule(schedule) = function.trigger else {
            continue;
        };
        let fields: Vec<&str> = schedule.split(' ').collect();
        let [minute, hour, "*", "*", "*"] = fields[..] else {
            panic!("{schedule} is not daily")
        };
        assert!(minute.parse::<u8>().is_ok(), "{schedule}");
        hours.push(hour.parse::<u8>().unwrap());
    }
    // The plan calls some time in the hour. `notify` delivers what `reconcile` appended.
    assert_eq!(hours, [5, 4]);
}

#[test]
fn no_crate_needs_a_runtime_of_vercels() {
    let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
    assert!(
        !lock.contains("vercel"),
        "the functions are plain HTTP servers there"
    );
}
