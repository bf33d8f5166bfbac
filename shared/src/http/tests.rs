//! Peers that answer on a connection's first request, and then as the test demands.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use http_body_util::BodyExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

const SOON: Duration = Duration::from_millis(250);

/// Counts a peer's connections and answers the first `answers` requests of each; later ones are
/// acknowledged, as TCP does, and met with silence.
async fn peer(answers: usize) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let opened = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&opened);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                for _ in 0..answers {
                    if !matches!(stream.read(&mut buffer).await, Ok(1..)) {
                        return;
                    }
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                    stream.write_all(answer).await.unwrap();
                }
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
            });
        }
    });
    (address, opened)
}

async fn get(client: &Client, address: SocketAddr) -> Result<(), Error> {
    let request = Request::get(format!("http://{address}/"));
    let request = request.body(Full::default()).unwrap();
    let answer = client.request_within(request, SOON).await?;
    answer.into_body().collect().await.unwrap();
    Ok(())
}

#[tokio::test]
async fn all_connections_that_may_be_dead_cost_one_wait_together() {
    let (address, opened) = peer(1).await;
    let client = pooled_client();
    let first = futures_util::future::join_all((0..4).map(|_| get(&client, address))).await;
    assert!(first.iter().all(Result::is_ok), "{first:?}");
    assert_eq!(*opened.lock().unwrap(), 4);

    let silent = get(&client, address).await.unwrap_err();

    assert!(matches!(silent, Error::Silent(_)), "{silent:?}");
    assert!(silent.is_of_an_open_connection());
    get(&client, address).await.unwrap();
    assert_eq!(*opened.lock().unwrap(), 5);
}

#[tokio::test]
async fn a_new_connection_may_take_longer_to_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::time::sleep(3 * SOON).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream
    });
    get(&pooled_client(), address).await.unwrap();
    drop(answering.await.unwrap());
}

#[tokio::test]
async fn a_connection_that_is_not_there_in_time_is_given_up() {
    // TLS begins, and nobody answers it.
    let (address, _) = peer(0).await;
    let request = Request::get(format!("https://{address}/"));
    let request = request.body(Full::default()).unwrap();
    let late = pooled_client().request_within(request, SOON).await;
    assert!(matches!(late, Err(Error::NotConnected(_))), "{late:?}");
}

#[tokio::test]
async fn after_a_pause_in_which_the_process_was_frozen_no_old_connection_is_used() {
    static FROZEN_FOR: AtomicU64 = AtomicU64::new(0);
    fn wall() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(FROZEN_FOR.load(SeqCst))
    }

    let (address, opened) = peer(usize::MAX).await;
    let client = Client::new(Wall::new(wall));
    for (frozen_for, connections) in [(0, 1), (40, 1), (86, 2), (3_600, 3), (3_600, 3)] {
        FROZEN_FOR.store(frozen_for, SeqCst);
        get(&client, address).await.unwrap();
        assert_eq!(*opened.lock().unwrap(), connections, "{frozen_for}");
    }
}
