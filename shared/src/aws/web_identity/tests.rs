//! Tokens are exchanged over a real socket.

use std::time::Duration;

use futures_util::future::join_all;

use super::*;
use crate::aws::stand_in::{ROLE, StandIn, TOKEN};

fn token(text: &str) -> SecretString {
    SecretString::from(text)
}

/// Lets time pass at once.
async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

async fn key_of(identity: &WebIdentity) -> Option<String> {
    let credentials = identity.provide_credentials().await.ok()?;
    Some(credentials.access_key_id().to_owned())
}

#[tokio::test]
async fn a_token_is_exchanged_for_credentials_of_the_role() {
    let sts = StandIn::start().await;
    let identity = sts.identity();
    assert_eq!(key_of(&identity).await, None);

    identity.present(Some(&token(TOKEN))).await.unwrap();

    let credentials = identity.provide_credentials().await.unwrap();
    assert_eq!(credentials.access_key_id(), "ASIA1");
    assert_eq!(credentials.secret_access_key(), "hunter2");
    assert_eq!(credentials.session_token(), Some("session1"));
    let [form] = sts.forms().try_into().unwrap();
    assert!(form.contains("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"));
    let role = ROLE.replace(':', "%3A").replace('/', "%2F");
    assert!(form.contains(&format!("&RoleArn={role}&")), "{form}");
}

#[tokio::test]
async fn requests_at_once_share_one_exchange_and_later_ones_do_without() {
    let sts = StandIn::start().await;
    let identity = sts.identity();
    let good = token(TOKEN);

    let all = join_all((0..20).map(|_| identity.present(Some(&good)))).await;

    assert!(all.iter().all(Result::is_ok), "{all:?}");
    pass(Duration::from_secs(3_600 - 605)).await;
    identity.present(None).await.unwrap();
    assert_eq!(sts.forms().len(), 1);
}

#[tokio::test]
async fn credentials_are_renewed_before_they_end_and_used_while_that_fails() {
    let sts = StandIn::start().await;
    let identity = sts.identity();
    let good = token(TOKEN);
    identity.present(Some(&good)).await.unwrap();
    pass(Duration::from_secs(3_600 - 595)).await;

    sts.fail(Some(500));
    identity.present(Some(&good)).await.unwrap();
    assert_eq!(sts.forms().len(), 3, "it is tried twice");
    assert_eq!(key_of(&identity).await.unwrap(), "ASIA1");

    pass(Duration::from_secs(2)).await;
    sts.fail(None);
    identity.present(Some(&good)).await.unwrap();
    assert_eq!(key_of(&identity).await.unwrap(), "ASIA4");
}

#[tokio::test]
async fn credentials_that_are_about_to_end_serve_no_request_more() {
    let sts = StandIn::start().await;
    let identity = sts.identity();
    let good = token(TOKEN);
    identity.present(Some(&good)).await.unwrap();
    sts.fail(Some(503));

    pass(Duration::from_secs(3_600 - 115)).await;
    let refused = identity.present(Some(&good)).await.unwrap_err();
    assert_eq!(refused, StsError::Unreachable("503 InternalFailure".into()));
    assert_eq!(identity.present(None).await, Err(StsError::NoToken));
    // A request in progress ends with them.
    assert!(key_of(&identity).await.is_some());
    pass(Duration::from_secs(120)).await;
    assert_eq!(key_of(&identity).await, None);
}

#[tokio::test]
async fn a_refused_token_is_told_without_what_aws_said_and_keeps_no_other_out() {
    let sts = StandIn::start().await;
    let identity = sts.identity();
    let forged = token("eyJ.forged.x");

    for _ in 0..5 {
        let refused = identity.present(Some(&forged)).await.unwrap_err();
        assert_eq!(refused, StsError::Denied("403 AccessDenied".into()));
        let said = format!("{refused} {refused:?} {identity:?}");
        assert!(
            !said.contains("hunter2") && !said.contains("forged"),
            "{said}"
        );
    }
    assert_eq!(sts.forms().len(), 1, "it is not presented again at once");
    identity.present(Some(&token(TOKEN))).await.unwrap();

    // Nor does it replace the cached credentials.
    pass(Duration::from_secs(3_600 - 300)).await;
    identity.present(Some(&forged)).await.unwrap();
    assert_eq!(key_of(&identity).await.unwrap(), "ASIA2");
}

#[tokio::test]
async fn credentials_that_end_too_soon_and_answers_without_any_are_no_credentials() {
    let sts = StandIn::start().await;
    sts.give(60);
    let short = sts.identity().present(Some(&token(TOKEN))).await;
    assert_eq!(short, Err(StsError::Malformed));
}

#[tokio::test]
async fn nothing_that_is_shown_holds_a_token_or_a_key() {
    let sts = StandIn::start().await;
    let aws = sts.aws();
    let identity = aws.web_identity().unwrap();
    identity.present(Some(&token(TOKEN))).await.unwrap();

    let shown = format!("{aws:?} {identity:?}");
    for secret in [TOKEN, "hunter2", "session1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
