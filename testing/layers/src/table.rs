//! The table of layers.

use std::collections::{BTreeMap, BTreeSet};

use crate::Rule;

/// The modules of the table, each with its rank: a module may use those of a higher one.
pub(crate) struct Table {
    ranks: BTreeMap<String, usize>,
    repeated: Vec<String>,
}

impl Table {
    /// Reads the table from the documentation of `source`. A row without a layer belongs to the
    /// layer above it.
    pub(crate) fn parse(source: &str, rule: Rule) -> Self {
        let rows = source
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "));
        let mut table = Self {
            ranks: BTreeMap::new(),
            repeated: Vec::new(),
        };
        let (mut layer, mut place) = (0, 0);
        for row in rows.skip(1) {
            layer += usize::from(!row.starts_with('|'));
            // The split of a row without a layer begins with its blank cell as well.
            let cell = row.split('|').nth(1).unwrap_or_default();
            for name in modules(cell) {
                place += 1;
                let rank = match rule {
                    Rule::LowerLayers => layer,
                    Rule::LaterModules => place,
                };
                if table.ranks.insert(name.to_owned(), rank).is_some() {
                    table.repeated.push(name.to_owned());
                }
            }
        }
        table
    }

    /// Where the table and the modules of the crate's root differ.
    pub(crate) fn differences(&self, declared: &[Vec<String>]) -> Vec<String> {
        let declared: BTreeSet<&String> = declared.iter().map(|path| &path[0]).collect();
        let listed: BTreeSet<&String> = self.ranks.keys().collect();
        let missing = declared.difference(&listed);
        let unknown = listed.difference(&declared);
        missing
            .map(|name| format!("the table does not name {name}"))
            .chain(unknown.map(|name| format!("the table names {name}, which is no module")))
            .chain(
                self.repeated
                    .iter()
                    .map(|name| format!("the table names {name} twice")),
            )
            .collect()
    }

    /// Whether `module` may use `other`.
    pub(crate) fn allows(&self, module: &str, other: &str) -> bool {
        let ranks = (self.ranks.get(module), self.ranks.get(other));
        module == other || matches!(ranks, (Some(own), Some(other)) if own < other)
    }
}

/// The names of modules among the words in backticks of `cell`.
fn modules(cell: &str) -> impl Iterator<Item = &str> {
    let words = cell.split('`').skip(1).step_by(2);
    let words = words.map(|word| word.trim_start_matches("mod@"));
    words.filter(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}
