//! The folder that a run belongs to, and the folder for its files.
//!
//! | started | `.env` | files of the run |
//! |---|---|---|
//! | by cargo, or in a checkout of Farebox | in the workspace | `target/dev` |
//! | in a site, or below it | beside its `package.json` | `node_modules/.cache/farebox` there |
//! | elsewhere | in the current folder | `node_modules/.cache/farebox` there |
//!
//! `FAREBOX_DEV_DIR` names another folder for the files. A site looks for them in these places,
//! from its own folder upwards.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The variable that names the folder for the files of a run.
const DEV_DIR: &str = "FAREBOX_DEV_DIR";
/// The folder for caches of tools in a site: npm leaves it alone, and git ignores it.
const CACHE: &str = "node_modules/.cache/farebox";
/// A file that only a checkout of Farebox has.
const OWN: &str = "functions/create-intent/Cargo.toml";

/// Where a run belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    /// The folder of `.env`.
    pub(crate) folder: PathBuf,
    /// The folder for the files of a run.
    pub(crate) files: PathBuf,
    /// True for the folder of a site, whose `.env` has settings of its own too.
    pub(crate) is_site: bool,
}

impl Home {
    /// The home of this process.
    pub(crate) fn here() -> Self {
        let current = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self::of(&current, |name| env::var_os(name))
    }

    fn of(current: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name: &str| variable(name).filter(|text| !text.is_empty());
        let package = folder("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let mut home = Self::at(current, package.as_deref());
        if let Some(target) = folder("CARGO_TARGET_DIR") {
            home.files = PathBuf::from(target).join("dev");
        }
        if let Some(files) = folder(DEV_DIR) {
            home.files = current.join(files);
        }
        home
    }

    /// `package` is the folder of this package, where cargo started the program.
    fn at(current: &Path, package: Option<&Path>) -> Self {
        if let Some(workspace) = package.and_then(Path::parent) {
            return Self::checkout(workspace);
        }
        for folder in current.ancestors() {
            if folder.join("package.json").is_file() {
                return Self {
                    folder: folder.to_owned(),
                    files: folder.join(CACHE),
                    is_site: true,
                };
            }
            if folder.join(OWN).is_file() {
                return Self::checkout(folder);
            }
        }
        Self {
            folder: current.to_owned(),
            files: current.join(CACHE),
            is_site: false,
        }
    }

    fn checkout(workspace: &Path) -> Self {
        Self {
            folder: workspace.to_owned(),
            files: workspace.join("target/dev"),
            is_site: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The home of a process in `current`, with these variables alone.
    fn home(current: &Path, variables: &[(&str, &Path)]) -> Home {
        Home::of(current, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, path)| path.as_os_str().to_owned())
        })
    }

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn files_of_a_site_are_in_the_cache_beside_its_package() {
        let site = tempfile::tempdir().unwrap();
        touch(&site.path().join("package.json"));
        // A Rust program in the same folder does not make its target folder ours.
        touch(&site.path().join("Cargo.toml"));
        let below = site.path().join("app/checkout");
        fs::create_dir_all(&below).unwrap();

        let found = home(&below, &[]);

        let expected = Home {
            folder: site.path().to_owned(),
            files: site.path().join("node_modules/.cache/farebox"),
            is_site: true,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn files_of_a_checkout_are_in_its_target_folder_but_those_of_a_site_in_it_are_not() {
        let checkout = tempfile::tempdir().unwrap();
        let site = checkout.path().join("examples/site");
        touch(&checkout.path().join(OWN));
        touch(&site.join("package.json"));
        let dev = checkout.path().join("target/dev");

        let docs = checkout.path().join("docs");
        assert_eq!(home(&docs, &[]).files, dev);
        assert_eq!(home(&docs, &[]).folder, checkout.path());
        assert!(home(&site, &[]).files.starts_with(&site));

        // `cargo dev` in the site's folder.
        let package = checkout.path().join("cli");
        let by_cargo = home(&site, &[("CARGO_MANIFEST_DIR", &package)]);
        assert_eq!((by_cargo.files, by_cargo.is_site), (dev, false));
    }

    #[test]
    fn a_named_folder_counts_before_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let target = ("CARGO_TARGET_DIR", Path::new("/target"));
        let named = ("FAREBOX_DEV_DIR", Path::new("dev"));
        let nothing = ("FAREBOX_DEV_DIR", Path::new(""));
        for (variables, files) in [
            (&[][..], folder.path().join(CACHE)),
            (&[target], PathBuf::from("/target/dev")),
            (&[target, named], folder.path().join("dev")),
            (&[target, nothing], PathBuf::from("/target/dev")),
        ] {
            assert_eq!(home(folder.path(), variables).files, files);
        }
    }
}
