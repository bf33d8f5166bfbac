//! The real program on free ports, and a client for all its routes.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request, body::Bytes};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use testing::Shop;

/// The timeout of a step; a test fails rather than hangs.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A running `cargo dev`, with keys that the test knows.
pub(crate) struct Dev {
    child: Child,
    pub(crate) shop: String,
    pub(crate) sandbox: String,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    http: Client<HttpConnector, Full<Bytes>>,
    pub(crate) folder: tempfile::TempDir,
}

/// A command with its own folder and keys, and without the test's environment.
pub(crate) fn command(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farebox"));
    command
        .args(["--headless", "--sandbox-port", "0"])
        .args(arguments)
        .env_clear()
        .env("CARGO_TARGET_DIR", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Dev {
    /// Starts it with the finest log level.
    pub(crate) fn start() -> Self {
        Self::with(&[("FAREBOX_LOG", "trace")])
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Starts it with the default log level.
    pub(crate) fn start_quiet() -> Self {
        Self::with(&[])
    }

    /// Starts it with these variables in addition to the keys.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let child = command(folder.path(), &["--port", "0"])
            .envs(variables.iter().copied())
            .env("STRIPE_SECRET_KEY", Shop::SECRET_KEY)
            .env("STRIPE_PUBLISHABLE_KEY", Shop::PUBLISHABLE_KEY)
            .env("STRIPE_WEBHOOK_SECRET", Shop::WEBHOOK_SECRET)
            .env("FAREBOX_SITE_KEY", Shop::SITE_KEY)
            .env("FAREBOX_NOTIFY_SECRET", Shop::NOTIFY_SECRET)
            .spawn();
        Self::of(child.expect("the program starts"), folder)
    }

    fn of(mut child: Child, folder: tempfile::TempDir) -> Self {
        let said = Arc::new(Mutex::new(String::new()));
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let shop = address(&mut output, "shop", &said);
        let sandbox = address(&mut output, "sandbox", &said);
        let errors = child.stderr.take().expect("it is piped");
        let readers = vec![collect(output, &said), collect(errors, &said)];
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self {
            child,
            shop,
            sandbox,
            said,
            readers,
            http,
            folder,
        }
    }

    /// Sends a request; returns status and body.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let response = self.http.request(request).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.collect().await.expect("a whole body").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The text at `path`.
    pub(crate) async fn text(&self, path: &str) -> String {
        let request = Request::get(format!("{}{path}", self.shop)).body(Full::default());
        let response = self
            .http
            .request(request.expect("a request"))
            .await
            .expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert!(
            response.headers().contains_key("content-security-policy"),
            "{path}"
        );
        let body = response.collect().await.expect("a whole body").to_bytes();
        String::from_utf8(body.into()).expect("text")
    }

    /// A token of the demo customer.
    pub(crate) async fn session(&self) -> String {
        self.session_of("customer").await
    }

    /// A token of a demo persona.
    pub(crate) async fn session_of(&self, person: &str) -> String {
        let url = format!("{}/dev/session?as={person}", self.shop);
        let (_, answer) = self.send(Method::POST, &url, &[], "").await;
        answer["token"].as_str().expect("a token").to_owned()
    }

    /// Reads the activity feed from its first row until each of `titles` has a row, in any order.
    pub(crate) async fn rows_until(&self, titles: &[&str]) -> Vec<Value> {
        let has = |rows: &[Value], title: &str| rows.iter().any(|row| row["title"] == title);
        let what = format!("rows of {titles:?}");
        self.rows_when(&what, |rows| titles.iter().all(|title| has(rows, title)))
            .await
    }

    /// Reads the activity feed from its first row until `all` rows that a test looks at are there.
    /// What happens at the same time has its rows in any order.
    pub(crate) async fn rows_when(&self, what: &str, all: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let ends = tokio::time::Instant::now() + TIMEOUT;
        let url = format!("{}/dev/activity", self.shop);
        let request = Request::get(url).body(Full::default()).expect("a request");
        let response = self.http.request(request).await.expect("an answer");
        let mut stream = response.into_body();
        let (mut text, mut rows) = (String::new(), Vec::new());
        while !all(&rows) {
            let frame = tokio::time::timeout_at(ends, stream.frame()).await;
            let frame = frame.unwrap_or_else(|_| panic!("{what} did not come: {rows:#?}"));
            let frame = frame.expect("the stream goes on").expect("a frame");
            let data = frame.into_data().unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(&data));
            while let Some((row, rest)) = text.split_once("\n\n") {
                let data = row.lines().filter_map(|line| line.strip_prefix("data: "));
                rows.extend(data.map(|data| serde_json::from_str::<Value>(data).unwrap()));
                text = rest.to_owned();
            }
        }
        rows
    }

    /// Stops it as Ctrl-C does; returns its exit status and all its output.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        let signalled = Command::new("kill").args(["-INT", &id]).status();
        assert!(signalled.expect("kill is there").success());
        let status = self.child.wait().expect("it ends");
        for reader in self.readers.drain(..) {
            reader.join().expect("it reads to the end");
        }
        (status, self.said.lock().unwrap().clone())
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The printed address after `name`.
fn address(output: &mut impl std::io::BufRead, name: &str, said: &Mutex<String>) -> String {
    let line = output.lines().map_while(Result::ok).find(|line| {
        said.lock().unwrap().push_str(line);
        line.trim_start().starts_with(name)
    });
    let line = line.expect("it prints its addresses");
    line.split_whitespace()
        .nth(1)
        .expect("an address")
        .to_owned()
}

fn collect(from: impl Read + Send + 'static, said: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
