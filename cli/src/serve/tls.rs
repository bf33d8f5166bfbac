//! TLS with a certificate from files, which are read again when they change.
//!
//! A connection looks at the files, at most once a second. While they do not fit together, as in
//! the middle of a renewal, the earlier certificate stays in use.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject as _},
    },
};
use shared::host::Open;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The shortest time between two looks at the files.
const PAUSE: Duration = Duration::from_secs(1);

/// The files of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// The chain in PEM, the server's own certificate first.
    pub(super) chain: PathBuf,
    /// Its private key in PEM.
    pub(super) key: PathBuf,
}

/// The reason why the files are of no use. It shows nothing of the key.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("cannot read {0}: {1}")]
    Unreadable(PathBuf, io::Error),
    #[error("{0} has no certificate in PEM")]
    NoCertificate(PathBuf),
    #[error("{0} has no private key in PEM")]
    NoKey(PathBuf),
    #[error("the certificate in {0} does not fit the key in {1}: {2}")]
    Mismatch(PathBuf, PathBuf, rustls::Error),
}

/// Accepts connections with the certificate of the files.
pub(super) struct Tls {
    files: Files,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    acceptor: TlsAcceptor,
    /// The files as they were last seen; `None` when they could not be read.
    seen: Option<Pem>,
    looked_at: Instant,
}

/// The contents of both files.
#[derive(PartialEq, Eq)]
struct Pem {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// [`TlsError`] names the file that is of no use.
    pub(super) fn read(files: Files) -> Result<Self, TlsError> {
        let pem_files = files.read()?;
        let loaded = Loaded {
            acceptor: files.acceptor(&pem_files)?,
            seen: Some(pem_files),
            looked_at: Instant::now(),
        };
        Ok(Self {
            files,
            loaded: Mutex::new(loaded),
        })
    }

    /// The acceptor with the latest certificate.
    fn acceptor(&self) -> TlsAcceptor {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if loaded.looked_at.elapsed() >= PAUSE {
            loaded.looked_at = Instant::now();
            self.look_again(&mut loaded);
        }
        loaded.acceptor.clone()
    }

    fn look_again(&self, loaded: &mut Loaded) {
        let read = self.files.read();
        if read.as_ref().ok() == loaded.seen.as_ref() {
            return;
        }
        let renewed = read.and_then(|pem_files| {
            let acceptor = self.files.acceptor(&pem_files);
            loaded.seen = Some(pem_files);
            acceptor
        });
        match renewed {
            Ok(acceptor) => {
                loaded.acceptor = acceptor;
                tracing::info!("read the renewed certificate");
            }
            Err(failure) => {
                if let TlsError::Unreadable(..) = failure {
                    loaded.seen = None;
                }
                tracing::error!("the earlier certificate stays in use: {failure}");
            }
        }
    }
}

impl Open for Tls {
    type Stream = TlsStream<TcpStream>;

    fn open(
        &self,
        stream: TcpStream,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static {
        self.acceptor().accept(stream)
    }
}

impl Files {
    fn read(&self) -> Result<Pem, TlsError> {
        Ok(Pem {
            chain: read(&self.chain)?,
            key: read(&self.key)?,
        })
    }

    fn acceptor(&self, pem_files: &Pem) -> Result<TlsAcceptor, TlsError> {
        let chain: Result<Vec<_>, pem::Error> =
            CertificateDer::pem_slice_iter(&pem_files.chain).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| TlsError::NoCertificate(self.chain.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&pem_files.key);
        let key = key.map_err(|_| TlsError::NoKey(self.key.clone()))?;
        let mismatch = |cause| TlsError::Mismatch(self.chain.clone(), self.key.clone(), cause);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(mismatch)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(mismatch)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}
