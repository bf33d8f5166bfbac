//! The files with settings: `.env`, and `.env.local` before it, as Next.js names them.

use std::{collections::HashMap, path::Path};

use super::{Home, SettingsError};

/// The files, by rank.
const FILES: [&str; 2] = [".env.local", ".env"];
/// The names that a site's file can mean for Farebox: its `DATABASE_URL` is the site's own.
const OURS: [&str; 2] = ["FAREBOX_", "STRIPE_"];

/// Reads the variables; none if no file exists. Of a site's files, those that begin as `OURS`.
pub(super) fn read() -> Result<HashMap<String, String>, SettingsError> {
    read_in(&Home::here())
}

fn read_in(home: &Home) -> Result<HashMap<String, String>, SettingsError> {
    let mut variables = HashMap::new();
    for name in FILES {
        for (variable, value) in entries(&home.folder.join(name), name)? {
            variables.entry(variable).or_insert(value);
        }
    }
    if home.is_site {
        variables.retain(|name, _| OURS.iter().any(|beginning| name.starts_with(beginning)));
    }
    Ok(variables)
}

/// The variables of a file; of those that it names twice, the last.
fn entries(path: &Path, name: &'static str) -> Result<HashMap<String, String>, SettingsError> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    // The error's text may quote a line and so a key: show only its kind.
    let wrong = |error: dotenvy::Error| {
        let what = match error {
            dotenvy::Error::LineParse(_, position) => {
                format!("a line is malformed at character {position}")
            }
            dotenvy::Error::Io(error) => error.to_string(),
            _ => "it is malformed".to_owned(),
        };
        SettingsError::DotEnv(name, what)
    };
    let entries = dotenvy::from_path_iter(path).map_err(wrong)?;
    entries.map(|entry| entry.map_err(wrong)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The variables in a folder with these files, sorted.
    fn variables(is_site: bool, files: &[(&str, &str)]) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let home = Home {
            folder: folder.path().to_owned(),
            files: folder.path().to_owned(),
            is_site,
        };
        let mut found: Vec<_> = read_in(&home).unwrap().into_iter().collect();
        found.sort();
        found
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_local_file_counts_before_the_other() {
        let local = (".env.local", "STRIPE_SECRET_KEY=sk_test_local\n");
        let keys = "STRIPE_SECRET_KEY=sk_test_shared\nSTRIPE_PUBLISHABLE_KEY=pk_test_1\n";
        let shared = (".env", keys);
        let expected = [
            pair("STRIPE_PUBLISHABLE_KEY", "pk_test_1"),
            pair("STRIPE_SECRET_KEY", "sk_test_local"),
        ];
        assert_eq!(variables(false, &[local, shared]), expected);
        assert_eq!(variables(false, &[]), []);
    }

    #[test]
    fn the_database_of_a_site_is_not_ours() {
        let files = [(
            ".env",
            "DATABASE_URL=postgres://shop\nFAREBOX_CAPTURE=manual\n",
        )];
        let names = |is_site| {
            let found = variables(is_site, &files).into_iter();
            found.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(true), ["FAREBOX_CAPTURE"]);
        assert_eq!(names(false), ["DATABASE_URL", "FAREBOX_CAPTURE"]);
    }

    #[test]
    fn a_malformed_line_is_reported_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env.local");
        fs::write(&path, "STRIPE_SECRET_KEY=\"sk_test_abc\n").unwrap();
        let told = entries(&path, ".env.local").unwrap_err().to_string();
        assert!(told.starts_with(".env.local cannot be read"), "{told}");
        assert!(!told.contains("sk_test"), "{told}");
    }
}
