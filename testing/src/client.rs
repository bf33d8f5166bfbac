//! Calls over a real socket, and what must hold for every answer.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Router, routing::MethodRouter};
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, StatusCode, body::Bytes};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use shared::host;
use tokio::{net::TcpListener, task::JoinHandle};

/// Headers that an answer may have; any other tells more than it should.
const ALLOWED_HEADERS: [&str; 12] = [
    "allow",
    "cache-control",
    // Of a server that stops.
    "connection",
    "content-disposition",
    "content-length",
    "content-type",
    "date",
    "link",
    "retry-after",
    "www-authenticate",
    "x-content-type-options",
    "x-request-id",
];

/// A client of one function, which it serves on a free port while it lives.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    /// `None` where another process serves it.
    server: Option<JoinHandle<()>>,
}

impl Client {
    /// Serves `service` as every host does, and calls it.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn of(service: MethodRouter) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port is there");
        let address = listener.local_addr().expect("it is bound");
        let service: Router = Router::new().fallback_service(host::with_middleware(service));
        let server = tokio::spawn(async move {
            let service = service.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.expect("it serves");
        });
        Self {
            address,
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            server: Some(server),
        }
    }

    /// Calls the function that another process serves at `address`.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            server: None,
        }
    }

    /// Where the function is served.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// A request to it.
    #[must_use]
    pub fn request(&self) -> Call<'_> {
        Call {
            client: self,
            path: "/".to_owned(),
            headers: Vec::new(),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// A request that is being put together.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    client: &'a Client,
    path: String,
    headers: Vec<(String, String)>,
}

impl Call<'_> {
    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// From whoever holds `token`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As the operation that the caller names `key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// To another path, or with a query.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Sends it as a `GET`.
    pub async fn get(self) -> Answer {
        self.send(Method::GET, Bytes::new()).await
    }

    /// Sends it as a `POST` of JSON.
    pub async fn post(self, body: &Value) -> Answer {
        let call = self.header("content-type", "application/json");
        call.send(Method::POST, body.to_string().into()).await
    }

    /// Sends it as it is.
    ///
    /// # Panics
    ///
    /// When there is no answer, or one that breaks what holds for every answer.
    pub async fn send(self, method: Method, body: Bytes) -> Answer {
        let is_head = method == Method::HEAD;
        let uri = format!("http://{}{}", self.client.address, self.path);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).expect("a request");
        let response = self.client.http.request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let answer = Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        if !is_head {
            answer.check();
        }
        answer
    }
}

/// An answer that was checked for what holds for every answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The JSON; null for a body that is none.
    pub body: Value,
}

impl Answer {
    /// This, if it has `status`.
    ///
    /// # Panics
    ///
    /// When it has another.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// The code of an error with `status`.
    ///
    /// # Panics
    ///
    /// When it is no error, or one of another status.
    #[track_caller]
    #[must_use]
    pub fn code(self, status: u16) -> String {
        let body = self.expect(status).body;
        body["error"]["code"]
            .as_str()
            .expect("an error has a code")
            .to_owned()
    }

    fn check(&self) {
        let is_csv = self.status.is_success() && self.headers.contains_key("content-disposition");
        let kind = match is_csv {
            true => "text/csv; charset=utf-8; header=present",
            false => "application/json",
        };
        assert_eq!(self.headers["content-type"], kind, "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert!(self.headers.contains_key("x-request-id"));
        for name in self.headers.keys() {
            assert!(ALLOWED_HEADERS.contains(&name.as_str()), "{name}");
        }
        assert!(!self.status.is_redirection(), "{}", self.status);
        let error = &self.body["error"];
        if self.status.is_success() {
            assert!(error.is_null(), "{error}");
            return;
        }
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        assert!(
            !text("code").is_empty() && !text("message").is_empty(),
            "{error}"
        );
        assert_eq!(self.headers["x-request-id"], text("requestId"));
    }
}
