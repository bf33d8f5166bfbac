//! Variables whose names look like misspelt settings.

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

/// The `names` that are no setting and resemble one; `known` are the settings.
pub(crate) fn among(names: impl IntoIterator<Item = String>, known: &[&str]) -> Vec<Misspelt> {
    let is_foreign = |name: &String| {
        let is_ours = BEGINNINGS.iter().any(|start| name.starts_with(start));
        is_ours && !known.contains(&name.as_str())
    };
    let names = names.into_iter().filter(is_foreign);
    names
        .filter_map(|found| {
            let meant = nearest(&found, known)?.to_owned();
            Some(Misspelt { found, meant })
        })
        .collect()
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
            let told = among([found.to_owned()], &known);
            let told = told.first().map(|misspelt| misspelt.meant.as_str());
            assert_eq!(told, meant, "{found}");
        }
    }
}
