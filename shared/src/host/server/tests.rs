//! Peers that are slow, silent or many. Time passes at once, but where sockets are real.

use axum::{
    extract::{ConnectInfo, Request},
    routing::{MethodRouter, any},
};
use http_body_util::BodyExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};

use super::*;

const PEER: ([u8; 4], u16) = ([203, 0, 113, 7], 1234);
const GET: &str = "GET / HTTP/1.1\r\nhost: shop\r\n\r\n";

/// Answers with the body, once it is whole; and `cut` where it was not.
fn echo() -> MethodRouter {
    any(async |request: Request| {
        let peer = request
            .extensions()
            .get::<ConnectInfo<std::net::SocketAddr>>();
        assert_eq!(peer.map(|peer| peer.0), Some(PEER.into()));
        let body = request.into_body().collect().await;
        body.map_or_else(|_| "cut".into(), http_body_util::Collected::to_bytes)
    })
}

/// A connection to `service`, the end of its serving, and the sender of `hurry`.
fn connect(service: MethodRouter) -> (DuplexStream, JoinHandle<()>, watch::Sender<bool>) {
    let (client, server) = duplex(64 * 1024);
    let (timeouts, hurry) = (Timeouts::default(), watch::Sender::new(false));
    let served = connection::service(service, PEER.into(), timeouts.body);
    let serving = tokio::spawn(connection::serve(
        server,
        served,
        timeouts,
        hurry.subscribe(),
    ));
    (client, serving, hurry)
}

#[tokio::test(start_paused = true)]
async fn a_connection_has_as_long_for_its_handshake_as_for_a_head() {
    let timeouts = Timeouts::default();
    let hurry = watch::Sender::new(false);
    for (is_hurried, limit) in [(false, timeouts.head), (true, timeouts.hurried_head)] {
        hurry.send_replace(is_hurried);
        let began = Instant::now();
        let opening = std::future::pending::<()>();
        let opened = in_time(opening, timeouts, hurry.subscribe()).await;
        assert_eq!((opened, began.elapsed()), (None, limit));
    }
}

/// The next answer's text, head and body.
async fn answer(client: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    loop {
        let mut bytes = [0; 1024];
        let read = client.read(&mut bytes).await.unwrap();
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            length.is_some_and(|length| body.len() >= length.parse().unwrap())
        });
        if whole || read == 0 {
            return text;
        }
    }
}

/// Seconds until the server closes the connection.
async fn seconds_until_closed(serving: JoinHandle<()>) -> u64 {
    let started = Instant::now();
    serving.await.unwrap();
    started.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut_off() {
    let (mut client, serving, _hurry) = connect(echo());
    let trickle = tokio::spawn(async move {
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        while client.write_all(b"x: y\r\n").await.is_ok() {
            sleep(Duration::from_secs(2)).await;
        }
    });
    assert_eq!(seconds_until_closed(serving).await, 10);
    trickle.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_word_is_cut_off() {
    let (_client, serving, _hurry) = connect(echo());
    assert_eq!(seconds_until_closed(serving).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let (mut client, serving, _hurry) = connect(echo());
    let started = Instant::now();
    let head = "POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 10\r\n\r\nhalf";
    client.write_all(head.as_bytes()).await.unwrap();
    let text = answer(&mut client).await;
    assert!(text.ends_with("cut"), "{text}");
    assert_eq!(started.elapsed().as_secs(), 20);
    assert_eq!(seconds_until_closed(serving).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_between_requests_and_closed_after_a_long_pause() {
    let (mut client, serving, _hurry) = connect(echo());
    for _ in 0..3 {
        client.write_all(GET.as_bytes()).await.unwrap();
        assert!(answer(&mut client).await.starts_with("HTTP/1.1 200"));
        sleep(Duration::from_secs(120)).await;
    }
    assert_eq!(seconds_until_closed(serving).await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_further_request_has_to_be_as_quick_as_the_first() {
    let (mut client, serving, _hurry) = connect(echo());
    client.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut client).await;
    sleep(Duration::from_secs(60)).await;
    client.write_all(b"GET / HT").await.unwrap();
    assert_eq!(seconds_until_closed(serving).await, 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_long_is_waited_for() {
    let slow = any(async || {
        sleep(Duration::from_secs(300)).await;
        "at last"
    });
    let (mut client, _serving, _hurry) = connect(slow);
    client.write_all(GET.as_bytes()).await.unwrap();
    assert!(answer(&mut client).await.ends_with("at last"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_given_up() {
    let large = any(async || "x".repeat(1024 * 1024));
    let (mut client, serving, _hurry) = connect(large);
    client.write_all(GET.as_bytes()).await.unwrap();
    assert_eq!(seconds_until_closed(serving).await, 130);
}

#[tokio::test(start_paused = true)]
async fn in_a_hurry_what_waits_is_closed_and_what_was_asked_is_answered() {
    let slow = any(async || {
        sleep(Duration::from_secs(5)).await;
        "done"
    });
    let (mut idle, idle_serving, hurry_idle) = connect(echo());
    idle.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut idle).await;
    let (mut asked, asked_serving, hurry_asked) = connect(slow);
    asked.write_all(GET.as_bytes()).await.unwrap();
    let (mut half, half_serving, hurry_half) = connect(echo());
    half.write_all(b"GET / HT").await.unwrap();
    // The tasks that serve them see what was written before the hurry begins.
    sleep(Duration::from_millis(1)).await;

    for hurry in [&hurry_idle, &hurry_asked, &hurry_half] {
        hurry.send_replace(true);
    }

    assert_eq!(seconds_until_closed(idle_serving).await, 0);
    let started = Instant::now();
    half_serving.await.unwrap();
    assert!(started.elapsed() <= Duration::from_secs(1));
    assert!(answer(&mut asked).await.ends_with("done"));
    assert_eq!(seconds_until_closed(asked_serving).await, 0);
}

/// A small server on a real socket; it stops when the sender is dropped.
async fn start(cap: u32, service: MethodRouter) -> (String, oneshot::Sender<()>, JoinHandle<()>) {
    let server = Server {
        timeouts: Timeouts {
            hurried_head: Duration::from_millis(20),
            ..Timeouts::default()
        },
        cap,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        server.serve(listener, service, Plain, stopped).await;
    });
    (address, stop, serving)
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_out() {
    let (address, _stop, _serving) = start(2, any(async || "fine")).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
        silent.push(stream);
    }

    let mut honest = TcpStream::connect(&address).await.unwrap();
    honest.write_all(GET.as_bytes()).await.unwrap();

    assert!(answer(&mut honest).await.ends_with("fine"));
}

#[tokio::test]
async fn no_more_connections_are_served_at_once_than_the_cap() {
    let running = Arc::new(Semaphore::new(2));
    let counted = Arc::clone(&running);
    let service = any(async move || {
        let alone = counted.try_acquire();
        tokio::task::yield_now().await;
        let text = if alone.is_ok() { "fine" } else { "too many" };
        drop(alone);
        text
    });
    let (address, _stop, _serving) = start(2, service).await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let address = address.clone();
        asking.spawn(async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(GET.as_bytes()).await.unwrap();
            answer(&mut stream).await
        });
    }
    for text in asking.join_all().await {
        assert!(text.ends_with("fine"), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_stops_answers_what_was_asked() {
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let go_on = Arc::new(tokio::sync::Notify::new());
    let waits = Arc::clone(&go_on);
    let service = any(async move || {
        asked.send(()).unwrap();
        waits.notified().await;
        "answered"
    });
    let (address, stop, serving) = start(2, service).await;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    is_asked.recv().await.unwrap();

    drop(stop);
    go_on.notify_one();

    assert!(answer(&mut stream).await.ends_with("answered"));
    serving.await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}

#[test]
fn the_cap_leaves_files_open_to_the_process() {
    let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                  Max cpu time              unlimited            unlimited            seconds   \n\
                  Max open files            64                   524288               files     \n";
    assert_eq!(open_files(limits), Some(64));
    assert_eq!(
        open_files("Max open files  unlimited  unlimited  files"),
        Some(u32::MAX)
    );
    assert_eq!(open_files("?"), None);
    assert_eq!(
        [Some(64), Some(1), Some(u32::MAX), None].map(cap),
        [21, 8, 1024, 85]
    );
}
