//! A stand-in for AWS's Security Token Service, for tests: one role, and the tokens that it
//! accepts.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Aws, WebIdentity};
use crate::{Clock, env::Reader, rfc3339};

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/farebox";
/// The token that the role's trust policy accepts; with characters that a form escapes.
pub(crate) const TOKEN: &str = "eyJhbGciOi.good+token/of=vercel.c2ln";

#[derive(Debug)]
struct Sts {
    /// The seconds for which credentials are valid.
    lifetime: i64,
    /// The status of every answer, where it fails.
    failing: Option<u16>,
    forms: Vec<String>,
}

/// The running stand-in.
pub(crate) struct StandIn {
    url: String,
    sts: Arc<Mutex<Sts>>,
    server: JoinHandle<()>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let sts = Sts {
            lifetime: 3_600,
            failing: None,
            forms: Vec::new(),
        };
        let sts = Arc::new(Mutex::new(sts));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/", post(answer));
        let routes = routes.with_state(Arc::clone(&sts));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, sts, server }
    }

    /// AWS as a deployment on Vercel has it.
    pub(crate) fn aws(&self) -> Aws {
        let lookup = |name: &str| match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ENDPOINT_URL" => Some(self.url.clone()),
            "AWS_ROLE_ARN" => Some(ROLE.to_owned()),
            _ => None,
        };
        let mut read = Reader::new(&lookup);
        let aws = Aws::read(&mut read, true);
        read.finish(aws).unwrap().unwrap()
    }

    pub(crate) fn identity(&self) -> WebIdentity {
        self.aws().web_identity().unwrap().clone()
    }

    pub(crate) fn fail(&self, status: Option<u16>) {
        self.sts().failing = status;
    }

    /// Issues credentials that are valid for so many seconds.
    pub(crate) fn give(&self, lifetime: i64) {
        self.sts().lifetime = lifetime;
    }

    /// The forms that it received.
    pub(crate) fn forms(&self) -> Vec<String> {
        self.sts().forms.clone()
    }

    fn sts(&self) -> std::sync::MutexGuard<'_, Sts> {
        self.sts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(sts): State<Arc<Mutex<Sts>>>, form: String) -> (StatusCode, String) {
    let mut sts = sts.lock().unwrap_or_else(PoisonError::into_inner);
    sts.forms.push(form.clone());
    let number = sts.forms.len();
    let is_good = form.ends_with("&WebIdentityToken=eyJhbGciOi.good%2Btoken%2Fof%3Dvercel.c2ln");
    let status = sts.failing.or((!is_good).then_some(403));
    if let Some(status) = status {
        let code = if status == 403 {
            "AccessDenied"
        } else {
            "InternalFailure"
        };
        let text = format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>hunter2</Message></Error></ErrorResponse>"
        );
        return (StatusCode::from_u16(status).unwrap(), text);
    }
    let until = rfc3339::format(Clock::default().now() + sts.lifetime);
    let text = format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>\
         <SubjectFromWebIdentityToken>owner:team:project:shop</SubjectFromWebIdentityToken>\
         <Credentials><SessionToken>session{number}</SessionToken><AccessKeyId>ASIA{number}</AccessKeyId>\
         <SecretAccessKey>hunter2</SecretAccessKey><Expiration>{until}</Expiration></Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    );
    (StatusCode::OK, text)
}
