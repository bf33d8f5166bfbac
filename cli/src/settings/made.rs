//! Generated settings of a local run.

use std::{collections::HashMap, fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shared::env::need;

use super::{Addresses, Home, SettingsError};
use crate::{demo_checkout, options::Options};

/// The checkout file's setting.
pub(super) const CHECKOUT: &str = "FAREBOX_CHECKOUT";

/// Generates the settings that the environment lacks. Stripe's own keys cannot be generated.
pub(super) fn make(
    options: &Options,
    addresses: Addresses<'_>,
    named: &impl Fn(&str) -> Option<String>,
) -> Result<HashMap<&'static str, String>, SettingsError> {
    let Home { files, .. } = Home::here();
    let mut made = HashMap::from([
        (need::STRIPE_WEBHOOK_SECRET, format!("whsec_{}", random(32))),
        (need::FAREBOX_SITE_KEY, random(48)),
        (
            need::FAREBOX_NOTIFY_URL,
            format!("http://127.0.0.1:{}/dev/notifications", addresses.port),
        ),
        (
            need::FAREBOX_RETURN_ORIGINS,
            // A site beside this process may use any port.
            "http://127.0.0.1:*,http://localhost:*".to_owned(),
        ),
        (
            "FAREBOX_NOTIFY_SECRET",
            format!("whsec_{}", STANDARD.encode(random(32))),
        ),
    ]);
    // One developer makes all requests, from one address and as one customer.
    made.insert("FAREBOX_LIMIT_CALLER", "1000,open:1000".to_owned());
    if !options.stripe {
        made.insert(need::STRIPE_SECRET_KEY, format!("sk_test_{}", random(24)));
        made.insert(
            need::STRIPE_PUBLISHABLE_KEY,
            format!("pk_test_{}", random(24)),
        );
    }
    if !options.stripe && named(CHECKOUT).is_none() {
        let path = files.join(format!("checkout-{}.json", addresses.port));
        fs::create_dir_all(&files)?;
        fs::write(&path, demo_checkout::file().to_string())?;
        made.insert(CHECKOUT, path.display().to_string());
    }
    if named(need::DATABASE_URL).is_none() {
        let name = match options.stripe {
            true => "farebox-stripe.sqlite".to_owned(),
            false => format!("farebox-{}.sqlite", addresses.port),
        };
        let path = files.join(name);
        fs::create_dir_all(&files)?;
        if !options.stripe {
            clear(&path)?;
        }
        made.insert(need::DATABASE_URL, format!("sqlite:{}", path.display()));
    }
    Ok(made)
}

/// Deletes the database: the sandbox loses its payments when it stops.
fn clear(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Random letters and digits from the operating system.
fn random(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
        .into_iter()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .collect()
}
