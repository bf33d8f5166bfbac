//! Variables for authentication and authorization.

use super::{Group, Readers, Variable};

pub(super) const GROUP: Group = Group {
    title: "Callers",
    variables: &[
        Variable::new(
            "FAREBOX_SITE_KEY",
            "...",
            Readers::Callers,
            "The key by which your site's server signs tokens and orders (HS256): at least 32 \
             random characters, such as from `openssl rand -base64 48`. Your site's server and \
             Farebox hold it, and nobody else. With an issuer it is optional: signed orders are \
             then refused without it.",
        )
        .see("auth.md#signed-by-your-sites-server"),
        Variable::new(
            "FAREBOX_JWKS_URL",
            "https://your-app.clerk.accounts.dev/.well-known/jwks.json",
            Readers::Callers,
            "Where an issuer of tokens publishes its keys: https, or plain http on this machine. \
             Set it with the next two, or none of them. auth.md has the values for Clerk, Auth0, \
             Cognito and Supabase.",
        )
        .see("auth.md#by-a-provider"),
        Variable::new(
            "FAREBOX_JWT_ISSUER",
            "https://your-app.clerk.accounts.dev",
            Readers::Callers,
            "The exact `iss` of the issuer's tokens.",
        ),
        Variable::new(
            "FAREBOX_JWT_AUDIENCE",
            "farebox",
            Readers::Callers,
            "The exact `aud` of the issuer's tokens, alone or in their list.",
        ),
        Variable::new(
            "FAREBOX_ROLES_CLAIM",
            "roles",
            Readers::Callers,
            "Where a token names the caller's roles: the name of a claim, such as \
             `cognito:groups` or `https://shop.example/roles`, else a path of names with dots \
             between, such as `app_metadata.roles`.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_DEFAULT_ROLE",
            "guest",
            Readers::Callers,
            "The role of a caller whose token names none that the roles file has.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_ROLES",
            "/etc/farebox/roles.json",
            Readers::Callers,
            "The path of a roles file of your own, in place of the built-in roles.json. A mistake \
             in it stops the start.",
        )
        .see("security.md#roles"),
    ],
};
