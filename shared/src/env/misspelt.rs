//! Variables whose names look like misspelt settings.
//!
//! `DATABASE_URL` has no prefix of its own, and many an environment has names like it
//! (`DATABASE_USER`, `POSTGRES_URL`). So its name is compared closely, and only while it is unset.

use super::need::DATABASE_URL;

/// A variable of the environment, and the setting that its name resembles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// The name that is set.
    pub found: String,
    /// The setting that may be meant.
    pub meant: String,
}

/// The prefixes of Farebox's settings and of Stripe's.
const BEGINNINGS: [&str; 2] = ["FAREBOX_", "STRIPE_"];

/// Names by which hosting platforms and other programs call the URL of a database.
const DATABASES: [&str; 5] = [
    "DB_URL",
    "POSTGRES_URL",
    "POSTGRES_URI",
    "POSTGRESQL_URL",
    "SQLITE_URL",
];

/// The `names` that are no setting and resemble one; `known` are the settings.
pub(crate) fn among(
    names: impl IntoIterator<Item = String>,
    known: &[&str],
    has_database: bool,
) -> Vec<Misspelt> {
    let meant = |name: &str| {
        if known.contains(&name) {
            return None;
        }
        if BEGINNINGS.iter().any(|start| name.starts_with(start)) {
            return nearest(name, known);
        }
        (!has_database && resembles_database(name)).then_some(DATABASE_URL)
    };
    let names = names.into_iter();
    names
        .filter_map(|found| {
            let meant = meant(&found)?.to_owned();
            Some(Misspelt { found, meant })
        })
        .collect()
}

/// Returns true when `name` differs from `DATABASE_URL` by one slip, or is another word for it.
fn resembles_database(name: &str) -> bool {
    name != DATABASE_URL && strsim::damerau_levenshtein(name, DATABASE_URL) <= 1
        || DATABASES.contains(&name)
}

/// The name that is nearest to `name`, where a quarter of its letters differ at most.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = known.iter().map(|known| (distance(known), *known));
    let (distance, nearest) = near.min()?;
    (distance <= name.len() / 4).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_told_with_the_one_it_resembles() {
        let known = [
            "FAREBOX_NOTIFY_URL",
            "FAREBOX_NOTIFY_SECRET",
            "STRIPE_SECRET_KEY",
            "STRIPE_API_BASE",
        ];
        for (found, meant) in [
            ("STRIPE_SECERT_KEY", Some("STRIPE_SECRET_KEY")),
            ("STRIPE_SECRETKEY", Some("STRIPE_SECRET_KEY")),
            ("FAREBOX_NOTIFY_URLL", Some("FAREBOX_NOTIFY_URL")),
            ("FAREBOX_NOTIFFY_SECRET", Some("FAREBOX_NOTIFY_SECRET")),
            ("FAREBOX_NOTIFY_URL", None),
            ("FAREBOX_ORIGIN", None),
            ("STRIPE_JS_URL", None),
            ("XTRIPE_SECRET_KEY", None),
        ] {
            let told = among([found.to_owned()], &known, true);
            let told = told.first().map(|misspelt| misspelt.meant.as_str());
            assert_eq!(told, meant, "{found}");
        }
    }

    #[test]
    fn a_name_like_the_databases_is_told_while_that_is_unset() {
        for found in [
            "DATABASE_URI",
            "DATABSE_URL",
            "DATABASEURL",
            "DATABASE_ULR",
            "POSTGRES_URL",
            "DB_URL",
        ] {
            let told = among([found.to_owned()], &[DATABASE_URL], false);
            let meant: Vec<&str> = told.iter().map(|told| told.meant.as_str()).collect();
            assert_eq!(meant, [DATABASE_URL], "{found}");
            let told = among([found.to_owned()], &[DATABASE_URL], true);
            assert_eq!(told, [], "{found}");
        }
    }

    #[test]
    fn what_environments_commonly_have_is_not_told() {
        for found in [
            "DATABASE_URL",
            "DATABASE_HOST",
            "DATABASE_NAME",
            "DATABASE_PASSWORD",
            "DATABASE_PORT",
            "DATABASE_SSL",
            "DATABASE_URL_UNPOOLED",
            "DATABASE_USER",
            "DB_HOST",
            "PGHOST",
            "POSTGRES_USER",
            "REDIS_URL",
            "TEST_DATABASE_URL",
            "VERCEL_URL",
        ] {
            let told = among([found.to_owned()], &[], false);
            assert_eq!(told, [], "{found}");
        }
    }
}
