//! The file `.env` in the workspace.

use std::collections::HashMap;

use super::{Unusable, workspace};

/// Reads its variables; none where there is no file.
pub(super) fn read() -> Result<HashMap<String, String>, Unusable> {
    let path = workspace().join(".env");
    if !path.exists() {
        return Ok(HashMap::new());
    }
    // The cause may quote a line, and so a key: it is told by its kind.
    let wrong = |error: dotenvy::Error| {
        Unusable::DotEnv(match error {
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
