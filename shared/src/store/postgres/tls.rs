//! TLS to a Postgres server: the crypto provider and the roots of the functions' other connections.

use std::{path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio_postgres::config::SslNegotiation;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    failure::PostgresFailure,
    url::{Check, PostgresUrl, Security},
};

/// The TLS of connections to `url`; `None` where they are not encrypted.
///
/// # Errors
///
/// [`PostgresFailure::Roots`] when the file of `sslrootcert` cannot be used.
pub(super) fn of(url: &PostgresUrl) -> Result<Option<MakeRustlsConnect>, PostgresFailure> {
    let Security::Tls { check, roots } = &url.security else {
        return Ok(None);
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trusted = match roots {
        Some(file) => read(file)?,
        None => RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        },
    };
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let config = versions
        .with_safe_default_protocol_versions()
        .expect("the provider has the suites of TLS 1.2 and 1.3");
    let mut config = match check {
        Check::Full => config.with_root_certificates(trusted).with_no_client_auth(),
        Check::Chain | Check::Nothing => {
            let chain = match check {
                Check::Nothing => None,
                _ => Some(
                    WebPkiServerVerifier::builder_with_provider(
                        Arc::new(trusted),
                        Arc::clone(&provider),
                    )
                    .build()
                    .map_err(|_| PostgresFailure::Roots("no authority is in it".to_owned()))?,
                ),
            };
            config
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Lenient { provider, chain }))
                .with_no_client_auth()
        }
    };
    if url.config.get_ssl_negotiation() == SslNegotiation::Direct {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn read(file: &Path) -> Result<RootCertStore, PostgresFailure> {
    let fault = |what: String| PostgresFailure::Roots(format!("{}: {what}", file.display()));
    let mut trusted = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|e| fault(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| fault(e.to_string()))?;
        trusted.add(certificate).map_err(|e| fault(e.to_string()))?;
    }
    match trusted.is_empty() {
        true => Err(fault("no certificate is in it".to_owned())),
        false => Ok(trusted),
    }
}

/// Checks less than a URL gets by default, as it asks: the chain without the host's name, or
/// nothing but that the server has the key of the certificate that it shows.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        // The name is checked last, after the chain and the times.
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
