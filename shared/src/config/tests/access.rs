//! Settings of authentication and authorization.

use super::*;

/// The settings of an issuer of tokens, without the site's key; `but` is given `value`, none
/// removes it.
fn with_issuer(but: &str, value: Option<&str>) -> Result<Config, ConfigError> {
    Config::from_lookup(ALL, |name| {
        if name == but {
            return value.map(str::to_owned);
        }
        let of_issuer = match name {
            "FAREBOX_SITE_KEY" => return None,
            "FAREBOX_JWKS_URL" => "https://id.example/jwks.json",
            "FAREBOX_JWT_ISSUER" => "https://id.example/",
            "FAREBOX_JWT_AUDIENCE" => "farebox",
            other => return complete(other),
        };
        Some(of_issuer.to_owned())
    })
}

#[test]
fn an_issuer_stands_in_for_the_sites_key_when_all_of_it_is_set() {
    let issuer = with_issuer("", None).unwrap().access.issuer;
    assert_eq!(issuer.unwrap().name, "https://id.example/");
    assert!(with_issuer("FAREBOX_SITE_KEY", Some(SITE_KEY)).is_ok());

    for name in [
        "FAREBOX_JWKS_URL",
        "FAREBOX_JWT_ISSUER",
        "FAREBOX_JWT_AUDIENCE",
    ] {
        let problems = with_issuer(name, None).unwrap_err().problems().to_vec();
        let named: BTreeSet<&str> = problems.iter().map(|p| p.name).collect();
        assert_eq!(named, BTreeSet::from([name, "FAREBOX_SITE_KEY"]));
        assert!(with_issuer(name, Some(" ")).is_err());
    }
    for url in [
        "http://id.example/jwks.json",
        "file:///etc/jwks.json",
        "jwks.json",
    ] {
        let problems = with_issuer("FAREBOX_JWKS_URL", Some(url)).unwrap_err();
        assert!(!problems.to_string().contains(url), "{problems}");
    }
    assert!(with_issuer("FAREBOX_JWKS_URL", Some("http://127.0.0.1:9/jwks.json")).is_ok());
}

#[test]
fn every_problem_of_a_roles_file_stops_the_start_in_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roles.json");
    let path = path.to_str().unwrap();
    let with = |default: Option<&str>| {
        Config::from_lookup(ALL, |name| match name {
            "FAREBOX_ROLES" => Some(path.to_owned()),
            "FAREBOX_DEFAULT_ROLE" => default.map(str::to_owned),
            other => complete(other),
        })
    };
    let said = with(None).unwrap_err().to_string();
    assert!(said.contains("FAREBOX_ROLES cannot be read"), "{said}");
    assert!(!said.contains(path), "{said}");

    let wrong = r#"{ "guest": { "order:write": {}, "order:read": {} }, "": {} }"#;
    std::fs::write(path, wrong).unwrap();
    let said = with(None).unwrap_err().to_string();
    assert_eq!(said.matches("\n  FAREBOX_ROLES ").count(), 3, "{said}");

    std::fs::write(path, r#"{ "staff": { "order:read": { "scope": "any" } } }"#).unwrap();
    let said = with(None).unwrap_err().to_string();
    assert!(said.contains("FAREBOX_DEFAULT_ROLE is not set"), "{said}");
    let said = with(Some("stuff")).unwrap_err().to_string();
    assert!(
        said.contains("FAREBOX_DEFAULT_ROLE is not a role"),
        "{said}"
    );
    let roles = with(Some("staff")).unwrap().access.roles;
    assert_eq!(roles.names().collect::<Vec<_>>(), ["staff"]);
}
