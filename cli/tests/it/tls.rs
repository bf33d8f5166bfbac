//! `farebox serve` with a certificate: real handshakes, and a renewal.

use std::{fs, net::SocketAddr, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName},
};
use testing::{Process, Shop, until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::serve::{FAREBOX, start_with};

/// An authority, and the files of a certificate in the folder of a shop.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    chain: PathBuf,
    key: PathBuf,
}

/// A certificate and its key, in PEM.
struct Issued {
    der: CertificateDer<'static>,
    chain: String,
    key: String,
}

impl Authority {
    fn of(shop: &Shop) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
            chain: shop.folder().join("chain.pem"),
            key: shop.folder().join("key.pem"),
        }
    }

    fn issue(&self) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["pay.example".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            chain: certificate.pem() + &self.issuer.pem(),
            der: certificate.into(),
            key: key.serialize_pem(),
        }
    }

    fn install(&self, issued: &Issued) {
        fs::write(&self.chain, &issued.chain).unwrap();
        fs::write(&self.key, &issued.key).unwrap();
    }

    fn options(&self) -> [&str; 4] {
        let [chain, key] = [&self.chain, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", chain, "--tls-key", key]
    }

    /// A connection to `address` by a client that trusts this authority.
    async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("pay.example").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.unwrap()
    }

    /// The certificate that the server at `address` presents.
    async fn presented(&self, address: SocketAddr) -> CertificateDer<'static> {
        presented(&self.connect(address).await)
    }
}

fn presented(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    chain[0].clone().into_owned()
}

/// The answer to `GET /healthz`, up to its end.
async fn healthz(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: pay.example\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut text = String::new();
    while !text.ends_with("\r\n\r\nok") {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

#[tokio::test]
async fn a_server_with_a_certificate_takes_requests_by_tls_alone() {
    let shop = Shop::open().await;
    let authority = Authority::of(&shop);
    authority.install(&authority.issue());
    let server = start_with(&authority.options(), &shop);

    let mut stream = authority.connect(server.address()).await;
    let answer = healthz(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: pay.example\r\n\r\n";
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let shop = Shop::open().await;
    let authority = Authority::of(&shop);
    let [first, second] = [authority.issue(), authority.issue()];
    authority.install(&first);
    let server = start_with(&authority.options(), &shop);
    let mut early = authority.connect(server.address()).await;
    assert_eq!(presented(&early), first.der);

    // In the middle of a renewal the files do not fit together.
    fs::write(&authority.chain, &second.chain).unwrap();
    until("the server saw it", async || {
        let presented = authority.presented(server.address()).await;
        assert_eq!(presented, first.der, "the earlier one stays in use");
        logged(&server, "the earlier certificate stays in use")
    })
    .await;
    authority.install(&second);
    until("the renewed one is in use", async || {
        authority.presented(server.address()).await == second.der
    })
    .await;

    let answer = healthz(&mut early).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "open connections stay");
    until("it is logged", async || {
        logged(&server, "read the renewed certificate")
    })
    .await;
}

fn logged(server: &Process, text: &str) -> bool {
    server.log().iter().any(|line| line.contains(text))
}

#[tokio::test]
async fn files_that_are_of_no_use_stop_the_start_and_are_named() {
    let shop = Shop::open().await;
    let authority = Authority::of(&shop);
    let [one, another] = [authority.issue(), authority.issue()];
    let refusal = || {
        let mut command = shop.command(FAREBOX);
        let arguments = [
            &["serve", "--bind", "127.0.0.1:0"],
            &authority.options()[..],
        ]
        .concat();
        let command = command.args(arguments).current_dir(shop.folder());
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let assert_named = |what: &str, file: &PathBuf| {
        let said = refusal();
        let named = file.to_str().unwrap();
        assert!(said.contains(what) && said.contains(named), "{said}");
        assert!(!said.contains("PRIVATE"), "{said}");
    };

    assert_named("could not start: cannot read", &authority.chain);
    fs::write(&authority.chain, &one.chain).unwrap();
    assert_named("could not start: cannot read", &authority.key);
    fs::write(&authority.key, &another.key).unwrap();
    assert_named("does not fit", &authority.key);
    fs::write(&authority.key, &one.chain).unwrap();
    assert_named("has no private key", &authority.key);
    fs::write(&authority.chain, &one.key).unwrap();
    assert_named("has no certificate", &authority.chain);
}
