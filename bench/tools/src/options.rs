//! A command line of `--name value` pairs.

use std::{env, str::FromStr};

/// The options of a program; a name may repeat.
#[derive(Debug)]
pub struct Options(Vec<(String, String)>);

impl Options {
    /// Parses this process's arguments.
    ///
    /// # Panics
    ///
    /// When a name has no value, or is not in `known`.
    #[must_use]
    pub fn from_args(known: &[&str]) -> Self {
        let mut words = env::args().skip(1);
        let mut pairs = Vec::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").unwrap_or_default().to_owned();
            assert!(known.contains(&name.as_str()), "{word} is not known");
            let value = words.next();
            pairs.push((name, value.expect("every option has a value")));
        }
        Self(pairs)
    }

    /// The value of `name`, if present.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self.0.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The value of `name`.
    ///
    /// # Panics
    ///
    /// When it is missing or malformed.
    #[must_use]
    pub fn need<T: FromStr>(&self, name: &str) -> T {
        let value = self.get(name).and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("--{name} is missing or malformed"))
    }
}
