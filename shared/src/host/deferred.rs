//! A service that opens at its first request, because its credentials come with requests.
//!
//! On Vercel the credentials for AWS come with a request, as a token (see [`WebIdentity`]). So the
//! steps of a start, such as reading the keys and finding the database, run at the first request
//! there. The others wait for it, and one that finds it undone after a failure begins anew. A
//! failure to open is answered 503, and logged each time.

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

/// Vercel's header with its token; Vercel replaces a caller's own.
const TOKEN: HeaderName = HeaderName::from_static("x-vercel-oidc-token");
/// The longest token that STS accepts.
const LONGEST_TOKEN: usize = 20_000;
/// The longest wait of a request for the start: longer than the limits of the single steps.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The service that `open` returns at the first request for which `identity` has credentials; every
/// request obtains credentials first.
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
            let begun = timeout(TIMEOUT, async {
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
#[error("the function did not open its keys and its database within {} s", TIMEOUT.as_secs())]
struct Late;

async fn serve(service: MethodRouter, request: Request) -> Response {
    let answered: Result<Response, Infallible> = service.oneshot(request).await;
    answered.unwrap_or_else(|never| match never {})
}

fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Unavailable(Box::new(cause))
}

/// Takes the token out, so that no later code sees it. It proves the project of a request, never
/// its sender.
fn take_token(headers: &mut HeaderMap) -> Option<SecretString> {
    let value = headers.remove(TOKEN)?;
    let text = value.to_str().ok().filter(|text| !text.is_empty())?;
    (text.len() <= LONGEST_TOKEN).then(|| SecretString::from(text))
}

#[cfg(test)]
mod tests;
