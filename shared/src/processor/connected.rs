//! The connected accounts whose events are processed.

use crate::event::is_id;

/// The connected accounts whose events are processed like the platform's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedAccounts(Vec<String>);

impl ConnectedAccounts {
    /// Reads ids such as `acct_1,acct_2`, or `*` for every account.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let accounts: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let is_account = |id: &String| id == "*" || (id.starts_with("acct_") && is_id(id));
        match accounts.iter().all(is_account) {
            true => Ok(Self(accounts)),
            false => Err("must be ids of connected accounts, `acct_…`, comma-separated, or `*`"),
        }
    }

    /// Returns true when events of `account` are processed; the last account of a path counts.
    #[must_use]
    pub fn include(&self, account: &str) -> bool {
        let meant = account.rsplit('/').next().unwrap_or(account);
        self.0.iter().any(|id| id == "*" || id == meant)
    }
}
