//! Checks `Host` and `Origin` for this machine, for servers on loopback without passwords.
//!
//! An attacker's domain could resolve to loopback (DNS rebinding). `Host` must therefore be an
//! address, `localhost`, or a name that only this machine's resolver or container engine resolves.

use std::net::IpAddr;

/// The names of the host machine in container engines.
const OF_CONTAINERS: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

/// Returns true when a `Host`, with or without a port, is this machine.
#[must_use]
pub fn is_host(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok() || is_localhost(name) || OF_CONTAINERS.contains(&name)
}

fn is_localhost(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Returns true when an `Origin` is a page of this machine.
#[must_use]
pub fn is_origin(origin: &str) -> bool {
    let rest = origin.strip_prefix("http://");
    let rest = rest.or_else(|| origin.strip_prefix("https://"));
    rest.is_some_and(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let loopback = |name: &str| name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        is_localhost(name) || loopback(name) || name == "[::1]" || host == "[::1]"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_can_register_name_this_machine() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:12111",
            "localhost:1",
            "LOCALHOST",
            "shop.localhost:3000",
            "[::1]:12111",
            "10.88.0.1:12111",
            "host.docker.internal:12111",
        ] {
            assert!(is_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:12111",
            "127.0.0.1.evil.example",
            "localhost.evil.example:12111",
            "notlocalhost",
            "127.0.0.1:evil",
            "localhost@evil.example",
        ] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn only_pages_of_this_machine_are_let_in() {
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:4242",
            "http://shop.localhost:3000",
            "http://[::1]:3000",
            "http://[::1]",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://127.0.0.1.evil.example",
            "http://10.88.0.1:3000",
            "file://localhost",
            "http://evil.example:127",
        ] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
