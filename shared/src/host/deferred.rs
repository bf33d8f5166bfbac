//! A service that opens when its first request comes, because nothing opens without what requests
//! bring.
//!
//! On Vercel the right to call AWS comes with a request, as a token (see [`WebIdentity`]). So what
//! a start does elsewhere, reading the keys and finding the database, is done for the first request
//! there; the others wait for it, and one that finds it undone after a failure begins anew. What
//! would stop a start is answered 503, and logged each time.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any},
};
use hyper::{HeaderMap, header::HeaderName};
use secrecy::SecretString;
use tokio::{sync::OnceCell, time::timeout};
use tower::ServiceExt as _;

use super::Error as HostError;
use crate::{Error, aws::WebIdentity};

/// Where Vercel puts its token; whatever a caller puts there, Vercel replaces.
const TOKEN: HeaderName = HeaderName::from_static("x-vercel-oidc-token");
/// The longest token that STS takes.
const LONGEST_TOKEN: usize = 20_000;
/// How long a request waits until it can begin: long enough for every limit of the single steps.
const PATIENCE: Duration = Duration::from_secs(15);

/// What `open` gives at the first request that `identity` lets call AWS; for every request,
/// credentials before anything else.
pub(super) fn deferred<O, Fut>(identity: WebIdentity, open: O) -> MethodRouter
where
    O: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<MethodRouter, HostError>> + Send,
{
    let (open, opened) = (Arc::new(open), Arc::new(OnceCell::new()));
    any(move |mut request: Request| {
        let (identity, open, opened) = (identity.clone(), Arc::clone(&open), Arc::clone(&opened));
        async move {
            let token = take_token(request.headers_mut());
            let begun = timeout(PATIENCE, async {
                identity
                    .present(token.as_ref())
                    .await
                    .map_err(unavailable)?;
                let service = opened.get_or_try_init(|| open()).await;
                service.cloned().map_err(unavailable)
            });
            match begun.await {
                Ok(Ok(service)) => serve(service, request).await,
                Ok(Err(error)) => error.into_response(),
                Err(_) => unavailable(Late).into_response(),
            }
        }
    })
}

/// The function did not open in time.
#[derive(Debug, thiserror::Error)]
#[error("what the function needs was not there within {} s", PATIENCE.as_secs())]
struct Late;

async fn serve(service: MethodRouter, request: Request) -> Response {
    let answered: Result<Response, Infallible> = service.oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Unavailable(Box::new(cause))
}

/// The token, which nobody sees from here on. It says where a request runs, never who sent it.
fn take_token(headers: &mut HeaderMap) -> Option<SecretString> {
    let value = headers.remove(TOKEN)?;
    let text = value.to_str().ok().filter(|text| !text.is_empty())?;
    (text.len() <= LONGEST_TOKEN).then(|| SecretString::from(text))
}

#[cfg(test)]
mod tests;
