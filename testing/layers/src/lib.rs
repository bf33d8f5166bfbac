//! Holds a crate to the table of layers in its documentation.
//!
//! The second column of that table names each module once, the top layer first. The check follows
//! the `mod` lines from `lib.rs` on, leaves out what only tests compile, and resolves every path
//! that reaches the crate's root: in a `use`, in code and in macros, by `crate` or by `super`.

mod paths;
mod table;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fs, path::Path};

use paths::Source;
use table::Table;

/// What a module may use.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// The modules of lower layers.
    LowerLayers,
    /// The modules that come after it in the table.
    LaterModules,
}

/// Checks the sources of the package in the folder `package`.
///
/// # Panics
///
/// When a module breaks `rule`, or the table does not name each module once.
pub fn check(package: &str, rule: Rule) {
    let sources = Path::new(package).join("src");
    let found = violations(&|file| fs::read_to_string(sources.join(file)).ok(), rule);
    assert!(found.is_empty(), "{found:#?}");
}

/// What is wrong in the crate whose files `read` gives by their path below `src`.
fn violations(read: &dyn Fn(&str) -> Option<String>, rule: Rule) -> Vec<String> {
    let root = read("lib.rs").expect("the crate is a library");
    let table = Table::parse(&root, rule);
    let root = Source::parse(&root, &[]);
    let mut found = table.differences(&root.modules);
    let mut waiting = root.modules;
    while let Some(module) = waiting.pop() {
        let folder = module.join("/");
        let files = [format!("{folder}.rs"), format!("{folder}/mod.rs")];
        let Some((file, text)) = files.iter().find_map(|file| Some((file, read(file)?))) else {
            found.push(format!("{folder} has no file"));
            continue;
        };
        let source = Source::parse(&text, &module);
        let used = source
            .used
            .iter()
            .map(|name| root.exports.get(name).unwrap_or(name));
        for other in used.collect::<BTreeSet<_>>() {
            if !table.allows(&module[0], other) {
                found.push(format!("{file}: {} uses {other}", module[0]));
            }
        }
        waiting.extend(source.modules);
    }
    found
}
