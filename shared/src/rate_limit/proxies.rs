//! The proxies that may name the client's address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The addresses of the site's own proxies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

/// The addresses that begin with the first bits of one. An IPv4 address counts as the IPv6 address
/// that it maps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: u128,
    bits: u32,
}

/// The bits before an IPv4 address in the IPv6 address that it maps to.
const MAPPED: u32 = 96;

impl Default for Proxies {
    /// This machine.
    fn default() -> Self {
        let v4 = Network::of(Ipv4Addr::LOCALHOST.into(), 8);
        let v6 = Network::of(Ipv6Addr::LOCALHOST.into(), 128);
        Self(vec![v4, v6])
    }
}

impl Proxies {
    /// `10.0.0.5,10.1.0.0/16,fd00::/8`.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let networks: Option<_> = text.split(',').map(Network::read).collect();
        let networks = networks.map(Self);
        networks.ok_or("must be IP addresses and networks, such as `10.0.0.5,10.1.0.0/16,fd00::/8`")
    }

    /// True when `address` is one of them.
    #[must_use]
    pub fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.includes(address))
    }
}

impl Network {
    /// The network of the first `bits` of `address`.
    fn of(address: IpAddr, bits: u32) -> Self {
        let bits = bits + if address.is_ipv4() { MAPPED } else { 0 };
        let address = mapped(address);
        Self { address, bits }
    }

    fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.trim().parse().ok())?;
        // Nobody's proxies are everywhere.
        (1..=most).contains(&bits).then(|| Self::of(address, bits))
    }

    fn includes(self, address: IpAddr) -> bool {
        (self.address ^ mapped(address)) >> (128 - self.bits) == 0
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_by_the_first_bits_of_a_network() {
        let proxies = Proxies::read("10.0.0.5, 172.16.0.0/12,fd00::1/8").unwrap();
        for (address, expected) in [
            ("10.0.0.5", true),
            ("::ffff:10.0.0.5", true),
            ("10.0.0.6", false),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("fdff::9", true),
            ("fe00::9", false),
            ("127.0.0.1", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(proxies.include(address), expected, "{address}");
        }
    }

    #[test]
    fn by_default_they_are_on_this_machine() {
        let proxies = Proxies::default();
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("::ffff:127.0.0.1", true),
            ("::1", true),
            ("::2", false),
            ("10.0.0.1", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(proxies.include(address), expected, "{address}");
        }
    }

    #[test]
    fn no_network_is_everywhere_and_a_name_is_none() {
        for wrong in [
            "proxy",
            "10.0.0.0/0",
            "::/0",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/-1",
            "10.0.0.5,",
            "10.0.0.5 10.0.0.6",
        ] {
            assert!(Proxies::read(wrong).is_err(), "{wrong}");
        }
    }
}
