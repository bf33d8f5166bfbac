//! Every function, by every role, on one's own, on another's, and by nobody: as docs/security.md
//! says.
//!
//! A function with a route needs a row in that table and an entry in [`send`]; without both, this
//! fails.

use std::{collections::BTreeMap, fs};

use farebox::functions::{ROUTED, SCHEDULED};
use hyper::{Method, body::Bytes};
use serde_json::{Value, json};
use shared::access::Roles;
use testing::{Answer, Client, Shop};

use crate::layout::{folders, workspace};

/// The owner of whatever a function is asked about, and somebody else.
const OWNER: &str = "ada";
const OTHER: &str = "eve";

/// The table of docs/security.md: by function, what each role may.
fn matrix() -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let text = fs::read_to_string(workspace().join("docs/security.md")).unwrap();
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_matches('|');
        line.split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with("| function | route |"));
    let roles = cells(lines.next().expect("the table is there")).split_off(2);
    let rows = lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let mut row = cells(line);
            let of_roles = row.split_off(2);
            (row.remove(0), of_roles)
        });
    (roles, rows.collect())
}

/// Everything that is asked about: a shop, its functions, and an order of the owner's.
struct World {
    shop: Shop,
    functions: BTreeMap<&'static str, Client>,
    order: String,
    /// Another order of the owner's, which is paid.
    paid: &'static str,
    /// The owner's customer at Stripe.
    customer: String,
}

impl World {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let mut functions = BTreeMap::new();
        let stripe = shop.patient_stripe();
        let app = shop.app_over(stripe);
        for one in ROUTED {
            let client = Client::of((one.service)(app.clone())).await;
            functions.insert(one.function.name, client);
        }
        let mut world = Self {
            shop,
            functions,
            order: String::new(),
            paid: "o_paid",
            customer: String::new(),
        };
        world.shop.paid_order(world.paid, 1500, "usd").await;
        let token = world.shop.token(OWNER);
        let made = world
            .send("create-intent", Some(&token), "made")
            .await
            .expect(200);
        world.order = made.body["orderId"].as_str().unwrap().to_owned();
        let token = world.shop.token_of(OWNER, &["customer"]);
        let opened = world.send("portal", Some(&token), "opened").await;
        let _ = opened.expect(200);
        let customer = world.shop.stripe.customers()[0]["id"].clone();
        world.customer = customer.as_str().unwrap().to_owned();
        world
    }

    /// Asks `function` about what is the owner's, as whoever holds `token`; `case` tells requests
    /// apart.
    async fn send(&self, function: &str, token: Option<&str>, case: &str) -> Answer {
        let call = self.functions[function].request();
        let call = match token {
            Some(token) => call.bearer(token),
            None => call,
        };
        match function {
            "create-intent" => {
                let mut body = json!({ "items": [{ "price": "mug", "quantity": 1 }] });
                if !self.order.is_empty() {
                    body["orderId"] = self.order.as_str().into();
                }
                call.key(case).post(&body).await
            }
            "create-checkout" => {
                let mut body = json!({ "items": [{ "price": "mug", "quantity": 1 }] });
                body["orderId"] = self.order.as_str().into();
                body["successUrl"] = "https://shop.example/paid".into();
                body["cancelUrl"] = "https://shop.example/cart".into();
                call.key(case).post(&body).await
            }
            "customer" => call.path(&format!("/?id={}", self.customer)).get().await,
            "portal" => {
                let body = json!({ "returnUrl": "https://shop.example/account" });
                call.post(&body).await
            }
            "order" => call.path(&format!("/?id={}", self.order)).get().await,
            "refund" => {
                let body = json!({ "orderId": self.paid, "amount": 100 });
                call.key(case).post(&body).await
            }
            "webhook" => {
                call.post(&json!({ "type": "payment_intent.succeeded" }))
                    .await
            }
            other => panic!("`{other}` has no entry here: who may call it?"),
        }
    }

    /// What the table's word for `function` and `role` means.
    async fn check(&self, function: &str, role: &str, may: &str) {
        let expected: [u16; 3] = match may {
            "own" => [200, 404, 401],
            "any" => [200, 200, 401],
            // Nothing can be named, so that everybody is the owner of what they get.
            "self" => [200, 200, 401],
            "—" => [403, 403, 401],
            // No token opens what a signature does.
            "signature" => [400, 400, 400],
            other => panic!("docs/security.md says `{other}` of `{function}` and `{role}`"),
        };
        let owner = self.shop.token_of(OWNER, &[role]);
        let other = self.shop.token_of(OTHER, &[role]);
        let callers = [
            ("owner", Some(owner)),
            ("other", Some(other)),
            ("nobody", None),
        ];
        for ((who, token), expected) in callers.iter().zip(expected) {
            let case = format!("{function} by {role}, {who}");
            let answer = self
                .send(function, token.as_deref(), &case.replace(' ', "-"))
                .await;
            assert_eq!(answer.status, expected, "{case}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn who_may_call_what_is_as_the_documentation_says() {
    let (roles, rows) = matrix();
    let shipped = Roles::shipped();
    let mut sorted = roles.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        shipped.names().collect::<Vec<_>>(),
        "a column for each role"
    );
    let world = World::open().await;
    let mut undecided = folders();
    for function in SCHEDULED {
        undecided.remove(function.name);
    }
    for (function, of_roles) in &rows {
        assert!(
            undecided.remove(function),
            "`{function}` is no function with a route"
        );
        assert_eq!(
            of_roles.len(),
            roles.len(),
            "`{function}` has a cell for each role"
        );
        for (role, may) in roles.iter().zip(of_roles) {
            world.check(function, role, may).await;
        }
    }
    assert!(
        undecided.is_empty(),
        "docs/security.md has no row for {undecided:?}"
    );
}

#[tokio::test]
async fn a_signature_and_no_role_opens_the_webhook() {
    let world = World::open().await;
    let event = json!({ "id": "evt_1", "object": "event", "type": "customer.created",
        "created": 1, "livemode": false, "data": { "object": {} } });
    let body = event.to_string();
    let now = u64::try_from(shared::Clock::default().now()).unwrap();
    let send = |secret: &str| {
        let signature = sandbox::sign(body.as_bytes(), secret, now);
        let call = world.functions["webhook"].request();
        let call = call.header("stripe-signature", &signature);
        call.send(Method::POST, Bytes::from(body.clone()))
    };
    assert_eq!(
        send(Shop::WEBHOOK_SECRET).await.expect(200).body["received"],
        Value::Bool(true)
    );
    assert_eq!(send("whsec_another").await.code(400), "bad_signature");
}
