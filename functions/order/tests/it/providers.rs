//! Tokens as the providers of docs/auth.md shape them, under the settings that it names.

use serde_json::{Value, json};
use testing::{Issuer, NOW, SigningKey, TestServer};

use crate::{open, open_with, read, read_with};

/// One provider's settings, key and header.
struct Provider {
    key: SigningKey,
    header: Value,
    issuer: &'static str,
    audience: &'static str,
    roles_claim: &'static str,
}

impl Provider {
    /// A shop that takes this provider's tokens, with an order of `owner`.
    async fn shop(&self, owner: &str) -> (TestServer, Issuer) {
        let published = Issuer::start(&[&self.key]).await;
        let [url, ..] = published.variables();
        let api = open_with(&[
            url,
            ("FAREBOX_JWT_ISSUER", self.issuer),
            ("FAREBOX_JWT_AUDIENCE", self.audience),
            ("FAREBOX_ROLES_CLAIM", self.roles_claim),
            ("FAREBOX_SITE_KEY", ""),
        ])
        .await;
        api.shop.open_order_for(owner, "o_1", 1500, "usd").await;
        (api, published)
    }

    /// `claims` with `changes`, as a token; `null` removes a claim.
    fn token(&self, claims: &Value, changes: &Value) -> String {
        let mut claims = claims.clone();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let fields = claims.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        self.key
            .sign_text(&self.header.to_string(), &claims.to_string())
    }

    /// The owner reads their order; another does not, unless `staff` are changes that make them so.
    async fn tells_roles_apart(
        &self,
        claims: &Value,
        another: &str,
        staff: &Value,
    ) -> (TestServer, Issuer) {
        let owner = claims["sub"].as_str().unwrap();
        let (api, published) = self.shop(owner).await;
        let own = self.token(claims, &json!({}));
        let _ = read_with(&api, &own).await.expect(200);
        let foreign = self.token(claims, &json!({ "sub": another }));
        assert_eq!(read_with(&api, &foreign).await.code(404), "not_found");
        let mut staff = staff.clone();
        staff["sub"] = another.into();
        let _ = read_with(&api, &self.token(claims, &staff))
            .await
            .expect(200);
        (api, published)
    }
}

#[tokio::test]
async fn clerks_tokens_need_a_template_with_an_audience() {
    const KID: &str = "ins_2abcdefghijklmnopqrstuvwxyz";
    let clerk = Provider {
        key: SigningKey::rsa(KID),
        header: json!({ "alg": "RS256", "cat": "cl_B7d4PD222AAA", "kid": KID, "typ": "JWT" }),
        issuer: "https://clerk.shop.example",
        audience: "farebox",
        roles_claim: "roles",
    };
    let of_template = json!({ "aud": "farebox", "azp": "https://shop.example", "exp": NOW + 60,
        "iat": NOW, "iss": "https://clerk.shop.example", "jti": "0123456789abcdef0123",
        "nbf": NOW - 5, "sub": "user_2ada" });
    let staff = json!({ "roles": ["support"] });
    let (api, _published) = clerk
        .tells_roles_apart(&of_template, "user_2eve", &staff)
        .await;

    // A template writes an absent `public_metadata.roles` as null.
    let mut without_roles = of_template.clone();
    without_roles["roles"] = Value::Null;
    let token = clerk
        .key
        .sign_text(&clerk.header.to_string(), &without_roles.to_string());
    let _ = read_with(&api, &token).await.expect(200);

    let session = json!({ "azp": "https://shop.example", "exp": NOW + 60, "fva": [0, -1],
        "iat": NOW,
        "iss": "https://clerk.shop.example", "nbf": NOW - 10, "sid": "sess_2abc", "sts": "active",
        "sub": "user_2ada", "v": 2 });
    let answer = read_with(&api, &clerk.token(&session, &json!({}))).await;
    assert_eq!(answer.code(401), "unauthenticated");
}

#[tokio::test]
async fn auth0s_access_tokens_have_several_audiences_and_a_namespaced_claim() {
    const KID: &str = "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg";
    let auth0 = Provider {
        key: SigningKey::rsa(KID),
        header: json!({ "alg": "RS256", "typ": "at+jwt", "kid": KID }),
        issuer: "https://shop.eu.auth0.com/",
        audience: "https://api.shop.example",
        roles_claim: "https://shop.example/roles",
    };
    let access = json!({ "iss": "https://shop.eu.auth0.com/",
        "sub": "auth0|507f1f77bcf86cd799439011",
        "aud": ["https://api.shop.example", "https://shop.eu.auth0.com/userinfo"], "iat": NOW,
        "exp": NOW + 86_400, "azp": "client0123456789", "scope": "openid profile email",
        "permissions": [] });
    let staff = json!({ "https://shop.example/roles": ["support"] });
    let another = "google-oauth2|103547991597142817347";
    let (api, _published) = auth0.tells_roles_apart(&access, another, &staff).await;

    let by_another_name =
        json!({ "sub": another, "roles": ["support"], "https://shop": { "example/roles": "x" } });
    let answer = read_with(&api, &auth0.token(&access, &by_another_name)).await;
    assert_eq!(answer.code(404), "not_found");
    let id_token = auth0.token(
        &access,
        &json!({ "aud": "client0123456789", "scope": null }),
    );
    assert_eq!(
        read_with(&api, &id_token).await.code(401),
        "unauthenticated"
    );
}

#[tokio::test]
async fn cognitos_id_tokens_are_taken_and_its_access_tokens_are_not() {
    const KID: &str = "1a2B/3c4D+5e6F7g8H9i0J1k2L3m4N5o6P7q8R9s0Tw=";
    let cognito = Provider {
        key: SigningKey::rsa(KID),
        header: json!({ "kid": KID, "alg": "RS256" }),
        issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01",
        audience: "1example23456789012345678",
        roles_claim: "cognito:groups",
    };
    let id = json!({ "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "email_verified": true,
        "iss": cognito.issuer, "cognito:username": "ada", "origin_jti": "b0d8b5a1-0000",
        "aud": cognito.audience, "event_id": "64f513be-0000", "token_use": "id", "auth_time": NOW,
        "exp": NOW + 3_600, "iat": NOW, "jti": "cccccccc-0000", "email": "ada@shop.example" });
    let staff = json!({ "cognito:groups": ["eu-west-1_Example01_Google", "support"] });
    let another = "ffffffff-bbbb-cccc-dddd-eeeeeeeeeeee";
    let (api, _published) = cognito.tells_roles_apart(&id, another, &staff).await;

    let access = json!({ "aud": null, "token_use": "access", "client_id": cognito.audience,
        "scope": "aws.cognito.signin.user.admin", "username": "ada", "email": null });
    let answer = read_with(&api, &cognito.token(&id, &access)).await;
    assert_eq!(answer.code(401), "unauthenticated");
}

#[tokio::test]
async fn supabases_roles_are_those_that_a_user_cannot_write() {
    const KID: &str = "b81269f1-21d8-4f2e-b719-c2240a840d90";
    let supabase = Provider {
        key: SigningKey::p256(KID),
        header: json!({ "alg": "ES256", "kid": KID, "typ": "JWT" }),
        issuer: "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
        audience: "authenticated",
        roles_claim: "app_metadata.roles",
    };
    let access = json!({ "aal": "aal1", "amr": [{ "method": "password", "timestamp": NOW }],
        "app_metadata": { "provider": "email", "providers": ["email"] }, "aud": "authenticated",
        "email": "ada@shop.example", "exp": NOW + 3_600, "iat": NOW, "is_anonymous": false,
        "iss": supabase.issuer, "phone": "", "role": "authenticated",
        "session_id": "4b938a09-0000", "sub": "ef0493c9-3582-425f-a362-aef909588df7",
        "user_metadata": { "roles": ["admin"] } });
    let staff = json!({ "app_metadata": { "provider": "email", "roles": "support" } });
    let another = "00000000-3582-425f-a362-aef909588df7";
    let (api, _published) = supabase.tells_roles_apart(&access, another, &staff).await;

    let anonymous_key = supabase.token(&access, &json!({ "aud": "anon", "role": "anon" }));
    assert_eq!(
        read_with(&api, &anonymous_key).await.code(401),
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_guest_is_whoever_the_site_made_an_id_for() {
    let api = open().await;
    api.shop
        .open_order_for("guest-6f1c", "o_1", 1500, "usd")
        .await;
    let _ = read(&api, "guest-6f1c", "/?id=o_1").await.expect(200);
    assert_eq!(
        read(&api, "guest-6f1d", "/?id=o_1").await.code(404),
        "not_found"
    );
}
