//! The workspace's `.env`.

use std::collections::HashMap;

use super::{SettingsError, workspace};

/// Reads the variables; none if the file does not exist.
pub(super) fn read() -> Result<HashMap<String, String>, SettingsError> {
    let path = workspace().join(".env");
    if !path.exists() {
        return Ok(HashMap::new());
    }
    // The error's text may quote a line and so a key: show only its kind.
    let wrong = |error: dotenvy::Error| {
        SettingsError::DotEnv(match error {
            dotenvy::Error::LineParse(_, position) => {
                format!("a line is malformed at character {position}")
            }
            dotenvy::Error::Io(error) => error.to_string(),
            _ => "it is malformed".to_owned(),
        })
    };
    let entries = dotenvy::from_path_iter(&path).map_err(wrong)?;
    entries.map(|entry| entry.map_err(wrong)).collect()
}
