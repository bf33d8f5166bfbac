//! `postgres://…`: the address of a Postgres server, and how it is reached.
//!
//! The URL is taken as hosts hand it out. `sslmode` and `sslrootcert` are read here, in the sense
//! of <https://www.postgresql.org/docs/current/libpq-ssl.html>, but for one difference: `require`
//! checks the server's certificate as `verify-full` does. A password never crosses a network
//! unencrypted, nor goes to a server that another could pose as, unless the URL asks for it by
//! `sslmode=no-verify`.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr as _, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};

/// The longest wait for the network's answer to one connection attempt, and for the
/// acknowledgement of what was sent, unless the URL says otherwise.
const NETWORK: Duration = Duration::from_secs(2);
/// The idle time after which the network is asked whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Parameters of other clients and of hosts' own routing, without meaning here.
const IGNORED: [&str; 9] = [
    "connection_limit",
    "pgbouncer",
    "pool_timeout",
    "prepared_statements",
    "schema",
    "sslaccept",
    "statement_cache_size",
    "supa",
    "uselibpqcompat",
];

/// The client's parameters, which are taken as they are, and those of `libpq` without a
/// counterpart, which are refused by their names.
const NAMED: [&str; 23] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "passfile",
    "password",
    "port",
    "require_auth",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslnegotiation",
    "target_session_attrs",
    "user",
];

const NOT_A_URL: &str = "is not a URL of Postgres: postgres://USER:PASSWORD@HOST/DATABASE, where a \
     special character of the password is percent-encoded";

/// The address of a Postgres server, with a user and a password; its `Debug` shows neither.
#[derive(Clone)]
pub struct PostgresUrl {
    text: String,
    pub(super) config: Box<Config>,
    pub(super) security: Security,
}

/// How the connection is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Not at all: on this machine only.
    PlainText,
    /// By TLS.
    Tls {
        /// What is checked of the server's certificate.
        check: Check,
        /// A file with the certificates to trust, in place of the public authorities.
        roots: Option<PathBuf>,
    },
}

/// What is checked of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Its chain and the host's name.
    Full,
    /// Its chain.
    Chain,
    /// Nothing: another server may pose as this one.
    Nothing,
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PostgresUrl {}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresUrl").finish_non_exhaustive()
    }
}

/// The hosts and the database, for a person.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts: Vec<String> = hosts.collect();
        let database = self.config.get_dbname().or(self.config.get_user());
        let database = database.unwrap_or_default();
        write!(f, "postgres {}/{database}", hosts.join(","))
    }
}

impl PostgresUrl {
    /// Reads `text`, which begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    ///
    /// A text that names the fault, and no value.
    pub(in crate::store) fn parse(text: &str) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let malformed = |name: &str| format!("has a malformed or unsupported `{name}`");
        let mut kept = Vec::new();
        let (mut mode, mut roots, mut user_timeout) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = percent_decode_str(value).decode_utf8();
            let decoded = decoded.map_err(|_| "has a malformed parameter".to_owned())?;
            match name {
                "sslmode" => mode = Some(decoded.into_owned()),
                "sslrootcert" => roots = Some(decoded.into_owned()),
                // The client's own is in seconds.
                "tcp_user_timeout" => {
                    let milliseconds = decoded.parse();
                    let milliseconds = milliseconds.map_err(|_| malformed(name))?;
                    user_timeout = Some(Duration::from_millis(milliseconds));
                }
                "keepalives_count" => kept.push(format!("keepalives_retries={value}")),
                _ if IGNORED.contains(&name) => {}
                _ if NAMED.contains(&name) => {
                    Config::from_str(&format!("postgres://h?{pair}"))
                        .map_err(|_| malformed(name))?;
                    kept.push(pair.to_owned());
                }
                // It may be a part of a password that is not encoded.
                _ => return Err("has an unknown parameter".to_owned()),
            }
        }
        let config = Config::from_str(&format!("{address}?{}", kept.join("&")));
        let mut config = config.map_err(|_| NOT_A_URL)?;
        let is_name = |host: &Host| match host {
            Host::Tcp(name) => {
                let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-:%".contains(&b);
                name.bytes().all(is_allowed)
            }
            Host::Unix(_) => true,
        };
        if !config.get_hosts().iter().all(is_name) {
            return Err(NOT_A_URL.to_owned());
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("names no host".to_owned());
        }
        if config.get_user().is_none() {
            return Err("names no user".to_owned());
        }
        // The system certificates of `libpq` are here the public authorities that are built in.
        let roots = roots.filter(|roots| roots != "system").map(PathBuf::from);
        let security = security(mode.as_deref(), roots, is_local(&config))?;
        if let Some(timeout) = user_timeout.filter(|timeout| !timeout.is_zero()) {
            config.tcp_user_timeout(timeout);
        }
        complete(&mut config, &security);
        Ok(Self {
            text: text.to_owned(),
            config: Box::new(config),
            security,
        })
    }
}

fn security(
    mode: Option<&str>,
    roots: Option<PathBuf>,
    is_local: bool,
) -> Result<Security, String> {
    let check = match mode {
        None | Some("disable" | "allow" | "prefer") if is_local => return Ok(Security::PlainText),
        Some("disable") => {
            return Err(
                "has `sslmode=disable`: without TLS only a server on this machine may be \
                 reached, by a loopback address or a Unix socket"
                    .to_owned(),
            );
        }
        None | Some("allow" | "prefer" | "require" | "verify-full") => Check::Full,
        // Every site on the Internet has a certificate of a public authority.
        Some("verify-ca") if roots.is_none() => {
            return Err(
                "has `sslmode=verify-ca` without a file in `sslrootcert`: with the public \
                 authorities, any server may pose as yours"
                    .to_owned(),
            );
        }
        Some("verify-ca") => Check::Chain,
        Some("no-verify") => Check::Nothing,
        Some(_) => return Err("has an unknown `sslmode`".to_owned()),
    };
    if check == Check::Nothing && roots.is_some() {
        return Err(
            "has `sslrootcert` beside `sslmode=no-verify`, which does not use it".to_owned(),
        );
    }
    Ok(Security::Tls { check, roots })
}

/// Sets what the URL leaves open.
fn complete(config: &mut Config, security: &Security) {
    config.ssl_mode(match security {
        Security::PlainText => SslMode::Disable,
        Security::Tls { .. } => SslMode::Require,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(NETWORK);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(NETWORK);
    }
    if config.get_application_name().is_none() {
        config.application_name("farebox");
    }
    config.keepalives_idle(config.get_keepalives_idle().min(KEEPALIVE));
    let has_several = config.get_hosts().len().max(config.get_hostaddrs().len()) > 1;
    if has_several && config.get_target_session_attrs() == TargetSessionAttrs::Any {
        // One of them is the primary: a standby accepts no writes.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

/// True when nothing leaves this machine.
fn is_local(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse().map(|address: IpAddr| address.is_loopback());
            address.unwrap_or(name == "localhost")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PostgresUrl {
        PostgresUrl::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    fn full() -> Security {
        Security::Tls {
            check: Check::Full,
            roots: None,
        }
    }

    #[test]
    fn urls_are_read_as_hosts_hand_them_out() {
        for (host, url) in [
            (
                "ep-cool-1-pooler.eu-central-1.aws.neon.tech",
                "postgresql://neondb_owner:npg_x@ep-cool-1-pooler.eu-central-1.aws.neon.tech/neondb\
                 ?sslmode=require&channel_binding=require",
            ),
            (
                "ep-cool-1.eu-central-1.aws.neon.tech",
                "postgres://o:p@ep-cool-1.eu-central-1.aws.neon.tech/neondb?pgbouncer=true\
                 &connect_timeout=15&pool_timeout=15&sslmode=require&options=endpoint%3Dep-cool-1",
            ),
            (
                "aws-0-eu-west-1.pooler.supabase.com",
                "postgres://postgres.abc:p%40ss@aws-0-eu-west-1.pooler.supabase.com:6543/postgres\
                 ?sslmode=require&supa=base-pooler.x&pgbouncer=true",
            ),
            (
                "shop.abc.eu-west-1.rds.amazonaws.com",
                "postgres://farebox:p%23%2Fs@shop.abc.eu-west-1.rds.amazonaws.com:5432/shop\
                 ?sslmode=verify-full&sslrootcert=system&application_name=shop",
            ),
            (
                "ec2-1-2-3-4.compute-1.amazonaws.com",
                "postgres://u:p@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d1",
            ),
        ] {
            let url = parse(url);
            assert_eq!(url.config.get_hosts(), [Host::Tcp(host.to_owned())]);
            assert_eq!(url.security, full(), "{host}");
            assert_eq!(url.config.get_ssl_mode(), SslMode::Require);
        }
    }

    #[test]
    fn a_percent_encoded_password_is_decoded() {
        let url = parse("postgres://u:p%40%3A%2F%23%25%C3%A9@localhost/d");
        assert_eq!(url.config.get_password(), Some("p@:/#%é".as_bytes()));
    }

    #[test]
    fn text_is_plain_on_this_machine_alone_unless_tls_is_asked_for() {
        for local in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:5433/d?sslmode=disable",
            "postgres://u@[::1]/d?sslmode=prefer",
            "postgres://u@db.example/d?hostaddr=127.0.0.1",
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/d",
            "postgres:///d?user=u&host=/var/run/postgresql",
        ] {
            assert_eq!(parse(local).security, Security::PlainText, "{local}");
        }
        assert_eq!(
            parse("postgres://u@localhost/d?sslmode=require").security,
            full()
        );
        for remote in ["", "?sslmode=prefer", "?sslmode=allow", "?sslmode=require"] {
            let url = parse(&format!("postgres://u@db.example/d{remote}"));
            assert_eq!(url.security, full(), "{remote}");
        }
        // One host of several, or an address of a name, that is elsewhere.
        for remote in [
            "postgres://u@localhost,db.example/d?sslmode=disable",
            "postgres://u@localhost/d?hostaddr=10.0.0.1&sslmode=disable",
            "postgres://u@localhost.example/d?sslmode=disable",
        ] {
            let refused = PostgresUrl::parse(remote).unwrap_err();
            assert!(refused.contains("sslmode=disable"), "{remote}: {refused}");
        }
    }

    #[test]
    fn a_url_may_ask_for_less_of_a_certificate_or_for_another_authority() {
        let check = |query: &str| parse(&format!("postgres://u@db.example/d?{query}")).security;
        let tls = |check, roots: Option<&str>| Security::Tls {
            check,
            roots: roots.map(PathBuf::from),
        };
        let own = check("sslmode=verify-ca&sslrootcert=/etc/rds.pem");
        assert_eq!(own, tls(Check::Chain, Some("/etc/rds.pem")));
        assert_eq!(check("sslmode=no-verify"), tls(Check::Nothing, None));
        let own = check("sslmode=require&sslrootcert=%2Fetc%2Frds.pem");
        assert_eq!(own, tls(Check::Full, Some("/etc/rds.pem")));
    }

    #[test]
    fn parameters_have_the_units_and_names_of_libpq() {
        let url = parse("postgres://u@db.example/d?tcp_user_timeout=5000&keepalives_count=3");
        assert_eq!(
            url.config.get_tcp_user_timeout(),
            Some(&Duration::from_secs(5))
        );
        assert_eq!(url.config.get_keepalives_retries(), Some(3));
    }

    #[test]
    fn of_several_hosts_the_one_that_accepts_writes_is_taken() {
        let url = parse("postgres://u@a.example:5432,b.example:5433/d");
        let target = url.config.get_target_session_attrs();
        assert_eq!(target, TargetSessionAttrs::ReadWrite);
        assert_eq!(url.config.get_ports(), [5432, 5433]);
    }

    #[test]
    fn a_fault_is_named_and_no_value_is_shown() {
        for (url, named) in [
            ("postgres://u:hunter2@/d", "host"),
            ("postgres://localhost/d", "user"),
            ("postgres://u:hunter2@db.example:x/d", "not a URL"),
            (
                "postgres://u:hunter2@db.example/d?sslmode=hunter2",
                "sslmode",
            ),
            ("postgres://u@db.example/d?sslcert=hunter2", "sslcert"),
            (
                "postgres://u@db.example/d?channel_binding=hunter2",
                "channel_binding",
            ),
            (
                "postgres://u@db.example/d?sslmode=no-verify&sslrootcert=hunter2",
                "sslrootcert",
            ),
            ("postgres://u:hunter2@db.example/d?hunter3=%FF", "malformed"),
            (
                "postgres://u:hunter2?hunter2@db.example/d",
                "unknown parameter",
            ),
            ("postgres://u:p@hunter2@db.example/d", "not a URL"),
            ("postgres://u@db.example/d?sslmode=verify-ca", "sslrootcert"),
            (
                "postgres://u@db.example/d?tcp_user_timeout=hunter2",
                "tcp_user_timeout",
            ),
            (
                "postgres://u@db.example/d?target_session_attrs=standby",
                "target_session_attrs",
            ),
        ] {
            let fault = PostgresUrl::parse(url).unwrap_err();
            assert!(fault.contains(named), "{url}: {fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        let url = parse("postgres://u:hunter2@localhost/d");
        assert_eq!(format!("{url:?}"), "PostgresUrl { .. }");
        assert_eq!(url.to_string(), "postgres localhost/d");
    }
}
