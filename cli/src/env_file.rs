//! Tells a site that runs beside `cargo dev`, such as `examples/site`, how to reach it: a file in
//! cargo's target folder, named after the port, in the form of `.env`. The file stays when this
//! process ends: a site takes the newest whose process runs.
//!
//! | name | |
//! |---|---|
//! | `FAREBOX_ORIGIN` | where the functions are |
//! | `FAREBOX_SITE_KEY` | the key by which the site signs who is calling; a new one at each start |
//! | `FAREBOX_DEV_PID` | the process that wrote the file |
//! | `STRIPE_JS_URL` | the stand-in for Stripe.js; with the sandbox alone |

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process,
};

use secrecy::ExposeSecret as _;
use shared::Config;

use crate::settings::{self, Addresses, Unusable};

/// Writes the file anew; nobody but its owner may read it.
pub(crate) async fn tell(config: &Config, addresses: Addresses<'_>) -> Result<(), Unusable> {
    let keys = config.secrets.current().await?;
    let Ok(site_key) = keys.site_key() else {
        return Ok(());
    };
    let port = addresses.port;
    let mut text = format!("FAREBOX_ORIGIN=http://127.0.0.1:{port}\n");
    text += &format!("FAREBOX_SITE_KEY='{}'\n", site_key.expose_secret());
    text += &format!("FAREBOX_DEV_PID={}\n", process::id());
    if let Some(sandbox) = addresses.sandbox {
        text += &format!("STRIPE_JS_URL={sandbox}/endive/stripe.js\n");
    }
    fs::create_dir_all(settings::folder())?;
    write(
        &settings::folder().join(format!("farebox-{port}.env")),
        &text,
    )?;
    Ok(())
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // A file that is there keeps its mode, so it goes first.
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
