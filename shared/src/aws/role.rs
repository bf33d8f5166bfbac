//! The role that requests on Vercel assume: `AWS_ROLE_ARN`.

/// The ARN of a role, such as `arn:aws:iam::123456789012:role/farebox`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role(String);

impl Role {
    /// Reads an ARN.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let is_role = match parts.as_slice() {
            ["arn", partition, "iam", "", account, role] => {
                partition.starts_with("aws")
                    && account.len() == 12
                    && account.bytes().all(|b| b.is_ascii_digit())
                    && role.strip_prefix("role/").is_some_and(is_name)
            }
            _ => false,
        };
        match is_role && text.len() <= 2048 {
            true => Ok(Self(text.to_owned())),
            false => {
                Err("must be the ARN of a role, such as arn:aws:iam::123456789012:role/farebox")
            }
        }
    }

    pub(super) fn arn(&self) -> &str {
        &self.0
    }
}

/// IAM's rule for a path and a name.
fn is_name(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=,.@-".contains(&b);
    !text.is_empty() && text.bytes().all(is_allowed)
}
