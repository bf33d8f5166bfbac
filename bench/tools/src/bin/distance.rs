//! TLS in front of a local HTTP server, with the round-trip time `--rtt-ms`.
//!
//! Every byte takes half of it, and a new connection takes one round trip, as over a network. The
//! program prints a line for each connection.
//!
//! `distance --to 127.0.0.1:12111 --rtt-ms 40 --certificate FILE --key FILE`, both files in DER.

use std::{fs, io, net::Ipv4Addr, sync::Arc, time::Duration};

use bench_tools::Options;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional, split},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the harness reads it")]
async fn main() -> io::Result<()> {
    let options = Options::from_args(&["to", "rtt-ms", "certificate", "key"]);
    let round_trip = Duration::from_millis(options.need("rtt-ms"));
    let target: Arc<str> = options.need::<String>("to").into();
    let tls = acceptor(&options);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (near, _) = listener.accept().await?;
        println!("connection");
        let (tls, target) = (tls.clone(), Arc::clone(&target));
        tokio::spawn(async move {
            // The client reports a broken connection.
            let _ = connect(near, tls, &target, round_trip).await;
        });
    }
}

fn acceptor(options: &Options) -> TlsAcceptor {
    let file = |name| fs::read(options.need::<String>(name)).expect("the file is there");
    let certificate = CertificateDer::from(file("certificate"));
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(file("key")));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

async fn connect(
    near: TcpStream,
    tls: TlsAcceptor,
    target: &str,
    round_trip: Duration,
) -> io::Result<()> {
    near.set_nodelay(true)?;
    let (here, far) = tokio::io::duplex(1 << 16);
    let (from_near, to_near) = split(near);
    let (from_here, to_here) = split(here);
    let is_open = Instant::now() + round_trip;
    tokio::spawn(delay(from_near, to_here, round_trip / 2, is_open));
    tokio::spawn(delay(from_here, to_near, round_trip / 2, is_open));
    let mut far = tls.accept(far).await?;
    let mut server = TcpStream::connect(target).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut far, &mut server).await.map(drop)
}

/// Forwards bytes with this delay, and none before `is_open`.
async fn delay<R, W>(mut from: R, mut to: W, by: Duration, is_open: Instant) -> io::Result<()>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin,
{
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut part = vec![0; 1 << 14];
        while let Ok(length @ 1..) = from.read(&mut part).await {
            let arrives = Instant::now().max(is_open) + by;
            if sender.send((arrives, part[..length].to_vec())).is_err() {
                break;
            }
        }
    });
    while let Some((arrives, part)) = under_way.recv().await {
        sleep_until(arrives).await;
        to.write_all(&part).await?;
        to.flush().await?;
    }
    to.shutdown().await
}
