//! The settings of authentication and authorization.

use hyper::Uri;

use super::Roles;
use crate::env::{self, Reader, endpoint};

/// The accepted tokens, and the roles of callers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `FAREBOX_ROLES`: the path of a roles file; the one that ships with Farebox by default.
    pub roles: Roles,
    /// `FAREBOX_ROLES_CLAIM`: the claim with a token's roles, by its name or as a path of names
    /// with dots between; `roles` by default.
    pub roles_claim: String,
    /// `FAREBOX_DEFAULT_ROLE`: the role of a token that names no known one; `guest` by default.
    pub default_role: String,
    /// `FAREBOX_JWKS_URL`, `FAREBOX_JWT_ISSUER`, `FAREBOX_JWT_AUDIENCE`: an issuer whose tokens are
    /// accepted, beside those of the site's server; all three or none.
    pub issuer: Option<Issuer>,
}

/// An issuer of tokens that publishes its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The URL of its JWK set.
    pub jwks_url: Uri,
    /// The exact `iss` of its tokens.
    pub name: String,
    /// The `aud` of its tokens, alone or among others.
    pub audience: String,
}

const JWKS_URL: &str = "FAREBOX_JWKS_URL";
const JWT_ISSUER: &str = "FAREBOX_JWT_ISSUER";
const JWT_AUDIENCE: &str = "FAREBOX_JWT_AUDIENCE";
const DEFAULT_ROLE: &str = "FAREBOX_DEFAULT_ROLE";
const ROLES: &str = "FAREBOX_ROLES";

impl Settings {
    /// Reads the settings; records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let roles = read_roles(read);
        let named = read.value(DEFAULT_ROLE, text);
        let default_role = named.clone().unwrap_or_else(|| "guest".to_owned());
        if let Some(roles) = &roles
            && !roles.has(&default_role)
        {
            let what = match named {
                Some(_) => "is not a role of the roles file",
                None => "is not set, and the roles file has no `guest`",
            };
            read.problem(DEFAULT_ROLE, what);
        }
        Self {
            roles: roles.unwrap_or_else(Roles::shipped),
            roles_claim: read
                .value("FAREBOX_ROLES_CLAIM", text)
                .unwrap_or_else(|| "roles".to_owned()),
            default_role,
            issuer: Issuer::read(read),
        }
    }
}

impl Issuer {
    /// All three settings, or none.
    fn read(read: &mut Reader<'_>) -> Option<Self> {
        let jwks_url = read.value(JWKS_URL, endpoint);
        let name = read.value(JWT_ISSUER, text);
        let audience = read.value(JWT_AUDIENCE, text);
        let names = [JWKS_URL, JWT_ISSUER, JWT_AUDIENCE];
        if names.iter().any(|name| read.is_set(name)) {
            for name in names {
                read.require(name);
            }
        }
        Some(Self {
            jwks_url: jwks_url?,
            name: name?,
            audience: audience?,
        })
    }
}

/// The roles of the named file, else those that ship with Farebox; `None` when they are faulty.
fn read_roles(read: &mut Reader<'_>) -> Option<Roles> {
    if !read.is_set(ROLES) {
        return Some(Roles::shipped());
    }
    let file = read.value(ROLES, env::file)?;
    match Roles::parse(&file) {
        Ok(roles) => Some(roles),
        Err(problems) => {
            for what in problems {
                read.problem(ROLES, what);
            }
            None
        }
    }
}

fn text(text: &str) -> Result<String, &'static str> {
    match text.len() <= 512 && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err("is too long, or holds control characters"),
    }
}
