//! The layers of the crate, as the table in its documentation orders them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules of the table, the top one first.
fn table(crate_doc: &str) -> Vec<String> {
    let layers = ["top", "objects", "ground"].map(|layer| format!("//! | {layer} | "));
    let mut modules = Vec::new();
    for layer in &layers {
        let rows = crate_doc
            .lines()
            .filter_map(|line| line.strip_prefix(layer));
        let cells = rows.filter_map(|row| row.split('|').next());
        modules.extend(
            cells
                .flat_map(|cell| cell.split('`').skip(1).step_by(2))
                .map(str::to_owned),
        );
    }
    modules
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    let is_source = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs");
    files.filter(is_source).collect()
}

/// The code of a source, without comments and without its tests, which come last.
fn code(path: &Path) -> String {
    let source = fs::read_to_string(path).unwrap();
    let lines = source.lines().map(str::trim);
    let lines = lines.take_while(|line| *line != "#[cfg(test)]");
    lines.filter(|line| !line.starts_with("//")).collect()
}

/// The names directly below `crate::`, in paths and in `use crate::{…}`.
fn used(code: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = |text: &str| text.chars().take_while(|c| is_name(*c)).collect::<String>();
    let mut names = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let mut depth = 0;
        let mut member = String::new();
        for c in group.chars() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => drop(names.insert(name(&std::mem::take(&mut member)))),
                ' ' => {}
                c if depth == 0 => member.push(c),
                _ => {}
            }
        }
        names.insert(name(&member));
    }
    names.remove("");
    names
}

#[test]
fn no_module_uses_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table = table(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let place = |module: &str| table.iter().position(|known| known == module);
    // The program: it uses the library from outside.
    let program = ["lib", "main", "command", "gateway_event"];
    let mut seen = BTreeSet::new();
    for path in sources(&src) {
        let relative = path.strip_prefix(&src).unwrap().with_extension("");
        let parts: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
        let module = parts[0];
        if program.contains(&module) {
            continue;
        }
        let at = place(module).unwrap_or_else(|| panic!("{module} is not in the table"));
        seen.insert(module.to_owned());
        let code = code(&path);
        for used in used(&code) {
            let below = place(&used).unwrap_or_else(|| panic!("{used} in {path:?} is no module"));
            assert!(at <= below, "{path:?} uses {used}, which is above it");
        }
        let climbs = "super::".repeat(parts.len());
        assert!(
            !code.contains(&climbs),
            "{path:?} hides a path behind {climbs}"
        );
    }
    assert_eq!(
        seen,
        table.iter().cloned().collect(),
        "the table lists every module once"
    );
    assert_eq!(seen.len(), table.len(), "the table lists every module once");
}
