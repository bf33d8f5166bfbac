//! The environment file for a site that runs beside `farebox dev`, such as `examples/site`.
//!
//! It is in the folder for the files of a run, is named after the port, and has the format of
//! `.env`. The file stays when this process ends; a site reads the newest file with a running
//! process.
//!
//! | name | value |
//! |---|---|
//! | `FAREBOX_ORIGIN` | the origin of the functions |
//! | `FAREBOX_SITE_KEY` | the site's signing key for caller tokens; a new one at each start |
//! | `FAREBOX_NOTIFY_SECRET` | the secret that signs notifications; a new one at each start |
//! | `FAREBOX_DEV_PID` | the process that wrote the file |
//! | `STRIPE_JS_URL` | the sandbox's Stripe.js; only with the sandbox |

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process,
};

use secrecy::ExposeSecret as _;
use shared::Config;

use crate::settings::{Addresses, Home, SettingsError};

/// Writes the file, readable by its owner only.
pub(crate) async fn create(config: &Config, addresses: Addresses<'_>) -> Result<(), SettingsError> {
    let keys = config.secrets.current().await?;
    let Ok(site_key) = keys.site_key() else {
        return Ok(());
    };
    let port = addresses.port;
    let mut text = format!("FAREBOX_ORIGIN=http://127.0.0.1:{port}\n");
    text += &format!("FAREBOX_SITE_KEY='{}'\n", site_key.expose_secret());
    if let Ok(secret) = keys.notify_secret() {
        text += &format!("FAREBOX_NOTIFY_SECRET='{}'\n", secret.expose_secret());
    }
    text += &format!("FAREBOX_DEV_PID={}\n", process::id());
    if let Some(sandbox) = addresses.sandbox {
        text += &format!("STRIPE_JS_URL={sandbox}/endive/stripe.js\n");
    }
    let Home { files, .. } = Home::here();
    fs::create_dir_all(&files)?;
    write(&files.join(format!("farebox-{port}.env")), &text)?;
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // Overwriting would keep the old file's mode, so delete it first.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
