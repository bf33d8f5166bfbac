//! Checks the table of layers in the crate's documentation against the `use` lines of its sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The names that the crate's root re-exports, each with its module.
const ROOT: [(&str, &str); 7] = [
    ("App", "app"),
    ("Clock", "clock"),
    ("Config", "config"),
    ("ConfigError", "env"),
    ("Error", "error"),
    ("Function", "function"),
    ("Secrets", "secrets"),
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules of the table, each with the number of its layer, the ground last. A row without a
/// layer belongs to the one above it.
fn table() -> BTreeMap<String, usize> {
    let lib = fs::read_to_string(sources().join("lib.rs")).unwrap();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows = rows.skip(1).scan(0, |layer, row| {
        *layer += usize::from(!row.starts_with('|'));
        Some((*layer, row))
    });
    rows.flat_map(|(layer, row)| {
        let modules = row.split('`').skip(1).step_by(2);
        let modules = modules.map(|name| name.trim_start_matches("mod@"));
        let modules = modules.filter(|name| sources().join(format!("{name}.rs")).exists());
        modules.map(move |name| (name.to_owned(), layer))
    })
    .collect()
}

/// Every source of the module `name`, without its tests.
fn files(name: &str) -> Vec<PathBuf> {
    let mut found = vec![sources().join(format!("{name}.rs"))];
    let mut folders = vec![sources().join(name)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                _ if ["tests", "stand_in"].contains(&stem.as_str()) => {}
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

/// The first names of all paths in `source` that begin at the crate's root.
fn used(source: &str) -> BTreeSet<String> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code: String = code.flat_map(|line| [line, "\n"]).collect();
    let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut names = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        let Some(group) = path.strip_prefix('{') else {
            names.insert(name(path));
            continue;
        };
        let mut depth = 1;
        let mut item = String::new();
        for letter in group.chars() {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            if depth == 0 || (depth == 1 && letter == ',') {
                names.insert(name(item.trim_start()));
                item.clear();
            } else {
                item.push(letter);
            }
            if depth == 0 {
                break;
            }
        }
    }
    names.remove("");
    names
}

/// The name at the beginning of `text`, by its module where the root re-exports it.
fn name(text: &str) -> String {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &text[..end.unwrap_or(text.len())];
    let known = ROOT.iter().find(|(exported, _)| *exported == name);
    known.map_or(name, |(_, module)| module).to_owned()
}

#[test]
fn every_module_is_in_the_table() {
    let lib = fs::read_to_string(sources().join("lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    let declared: BTreeSet<String> = declared
        .filter(|name| *name != "layers")
        .map(str::to_owned)
        .collect();
    assert_eq!(table().into_keys().collect::<BTreeSet<_>>(), declared);
}

#[test]
fn a_module_uses_only_what_is_below_it() {
    let table = table();
    let mut wrong = Vec::new();
    for (module, layer) in &table {
        for file in files(module) {
            for other in used(&fs::read_to_string(&file).unwrap()) {
                if other != *module && table.get(&other).is_none_or(|below| below <= layer) {
                    wrong.push(format!("{}: {module} uses {other}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_use_lines_sees_groups_paths_and_re_exports() {
    let source = "use crate::{\n    Clock, amount::{Amount, Currency},\n};\n// crate::host\nfn f() { crate::cause::causes(); }";
    let names: Vec<String> = used(source).into_iter().collect();
    assert_eq!(names, ["amount", "cause", "clock"]);
}
