//! The accounts of Connect whose events are taken.

use crate::event::is_id;

/// The accounts of Connect whose events are taken like one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedAccounts(Vec<String>);

impl ConnectedAccounts {
    /// Reads ids such as `acct_1,acct_2`, or `*` for every account.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let accounts: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let is_account = |id: &String| id == "*" || (id.starts_with("acct_") && is_id(id));
        match accounts.iter().all(is_account) {
            true => Ok(Self(accounts)),
            false => Err("must be ids of connected accounts, `acct_…`, comma-separated, or `*`"),
        }
    }

    /// Whether events of `account` are taken; a path of accounts ends with the one that is meant.
    #[must_use]
    pub fn include(&self, account: &str) -> bool {
        let meant = account.rsplit('/').next().unwrap_or(account);
        self.0.iter().any(|id| id == "*" || id == meant)
    }
}
