//! The reasons why a request is not authenticated.

/// The reason why a token is refused. It is for the log, and contains nothing of the token; the
/// caller receives the same error for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("there is no bearer token")]
    NoToken,
    #[error("there is more than one token")]
    SeveralTokens,
    #[error("the token is too long")]
    TooLong,
    #[error("the token is not a signed JWT, or repeats a name")]
    Malformed,
    #[error("Farebox does not accept the token's algorithm")]
    Algorithm,
    #[error("the token's header requires an extension")]
    Extension,
    #[error("the token's `kid` is missing or malformed")]
    OddKey,
    #[error("the issuer has no key with the token's `kid`")]
    UnknownKey,
    #[error("the token's signature does not match")]
    Signature,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token has expired, or has no `exp`")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token's subject is missing, blank or over-long")]
    Subject,
}

impl TokenError {
    /// A code for programs that read the log.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::SeveralTokens => "several_tokens",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Extension => "extension",
            Self::OddKey => "odd_key",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Subject => "subject",
        }
    }
}
