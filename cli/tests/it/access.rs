//! The access matrix of docs/security.md: every function, by every role, on own and others' orders,
//! and without a token.
//!
//! The requests are the events in `events/`. All events are about one order, which is paid. Those
//! that need an unpaid or an authorized one are sent about another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use farebox::functions::ROUTED;
use hyper::{Method, body::Bytes};
use reconcile::Reconciler;
use serde_json::{Value, json};
use shared::{
    Function,
    access::{
        CancelPayment, CapturePayment, CreatePayment, ManageSubscription, Permission as _, Roles,
    },
    function::Operation,
    subscription::Reason,
};
use testing::{Answer, Client, Shop};

use crate::layout::workspace;

/// The owner of the objects, and another caller.
const OWNER: &str = "ada";
const OTHER: &str = "eve";

/// The order in the events.
const ORDER: &str = "web-1042";
/// The subscription in the events.
const SUBSCRIPTION: &str = "sub_1042";

/// Serves every function with a route over `shop`; returns clients by the functions' names.
pub(crate) async fn serve_all(shop: &Shop) -> BTreeMap<&'static str, Client> {
    let app = shop.app_over(shop.stripe_client());
    let mut functions = BTreeMap::new();
    for one in ROUTED {
        let client = Client::of((one.service)(app.clone())).await;
        functions.insert(one.function.name, client);
    }
    functions
}

/// The table of docs/security.md: the roles, and the access of each role by permission.
fn matrix() -> (Vec<String>, BTreeMap<String, Vec<String>>) {
    let text = fs::read_to_string(workspace().join("docs/security.md")).unwrap();
    let cells = |line: &str| -> Vec<String> {
        let cells = line.trim().trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("| permission | guest |"));
    let mut rows = lines.take_while(|line| line.starts_with('|')).map(cells);
    let roles = rows.next().expect("the table is there").split_off(1);
    let rows = rows.skip(1).map(|mut row| {
        let of_roles = row.split_off(1);
        (row.remove(0), of_roles)
    });
    (roles, rows.collect())
}

/// The statuses for the owner, for another caller, and without a token, by a cell of the table;
/// `names` is true for a request that names an object.
fn expected(may: &str, names: bool) -> [u16; 3] {
    match (may, names) {
        ("own", true) => [200, 404, 401],
        // A request without an object is about the caller's own.
        ("any", _) | ("own", false) => [200, 200, 401],
        ("—", _) => [403, 403, 401],
        (other, _) => panic!("docs/security.md says `{other}`"),
    }
}

/// A request of an event.
struct Request {
    method: Method,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    /// Reads the event of `function`, without its token and its key.
    fn read(function: &str) -> Self {
        Self::in_file(&format!("events/{function}.json"))
    }

    /// Reads the event of an operation; that of the first is the function's.
    fn of(function: Function, operation: Operation) -> Self {
        match function.operations().first() == Some(&operation) {
            true => Self::read(function.name),
            false => {
                let (name, method) = (function.name, operation.method.to_lowercase());
                Self::in_file(&format!("events/{name}/{method}.json"))
            }
        }
    }

    fn in_file(file: &str) -> Self {
        let path = workspace().join(file);
        let event: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let method = text(&event["requestContext"]["http"]["method"]);
        let headers =
            ["content-type", "stripe-signature"].map(|name| (name, &event["headers"][name]));
        let headers = headers.into_iter().filter(|(_, value)| value.is_string());
        Self {
            method: method.parse().unwrap(),
            query: text(&event["rawQueryString"]),
            headers: headers
                .map(|(name, value)| (name.to_owned(), text(value)))
                .collect(),
            body: text(&event["body"]),
        }
    }

    /// Changes the order to `id`.
    fn about(mut self, id: &str) -> Self {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        body["orderId"] = id.into();
        self.body = body.to_string();
        self
    }

    fn names(&self, order: &str) -> bool {
        self.query.contains(order) || self.body.contains(order)
    }
}

/// A shop, its functions, and the owner's orders.
struct World {
    shop: Shop,
    functions: BTreeMap<&'static str, Client>,
    /// An unpaid order.
    unpaid: String,
    /// A subscription.
    subscription: String,
}

impl World {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let functions = serve_all(&shop).await;
        shop.paid_order(ORDER, 4000, "usd").await;
        // The usage in its event is of this caller and this meter.
        shop.stripe.add_meter("api_requests").unwrap();
        shop.subscriber("metered", None, "pm_card_visa").await;
        // Without a run of `reconcile`, `health` returns 503.
        let reconciler = Reconciler::new(&shop.config, shop.app());
        reconciler.catch_up().await.unwrap();
        let subscription = subscribed(&shop).await;
        let mut world = Self {
            shop,
            functions,
            unpaid: String::new(),
            subscription,
        };
        let token = world.shop.token_of(OWNER, &["customer"]);
        let request = Request::read("create-intent");
        let made = world
            .send("create-intent", &request, Some(&token), "made")
            .await;
        let made = made.expect(200);
        made.body["orderId"]
            .as_str()
            .unwrap()
            .clone_into(&mut world.unpaid);
        world
    }

    /// Sends `request` to `function` with `token`; `case` makes its idempotency key unique.
    async fn send(
        &self,
        function: &str,
        request: &Request,
        token: Option<&str>,
        case: &str,
    ) -> Answer {
        let mut call = self.functions[function].request();
        call = call.path(&format!("/?{}", request.query)).key(case);
        if let Some(token) = token {
            call = call.bearer(token);
        }
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let body = Bytes::from(request.body.clone());
        call.send(request.method.clone(), body).await
    }

    /// Checks one cell of the table: calls `function` as the owner, as another caller and without a
    /// token.
    async fn check(&self, function: Function, operation: Operation, role: &str, may: Option<&str>) {
        let mut request = Request::of(function, operation);
        let names = request.names(ORDER) || request.names(SUBSCRIPTION);
        // A paid order cannot be paid again, captured or canceled.
        let id = format!("{}-by-{role}", function.name);
        let permission = operation.permission;
        if permission == Some(ManageSubscription::NAME) {
            request.body = request.body.replace(SUBSCRIPTION, &self.subscription);
        } else if permission == Some(CreatePayment::NAME) {
            request = request.about(&self.unpaid);
        } else if permission == Some(CapturePayment::NAME) {
            self.shop.authorized_order(&id, 4000, "usd").await;
            request = request.about(&id);
        } else if permission == Some(CancelPayment::NAME) {
            self.shop.open_order(&id).await;
            request = request.about(&id);
        }
        let names = names || request.names(&self.unpaid);
        // The webhook takes a signature, not a token.
        let expected = may.map_or([400; 3], |may| expected(may, names));
        let owner = self.shop.token_of(OWNER, &[role]);
        let other = self.shop.token_of(OTHER, &[role]);
        let callers = [
            ("owner", Some(owner)),
            ("other", Some(other)),
            ("nobody", None),
        ];
        for ((who, token), expected) in callers.iter().zip(expected) {
            let case = format!("{} {}-by-{role}-{who}", operation.method, function.name);
            let case = case.replace(' ', "-");
            let answer = self
                .send(function.name, &request, token.as_deref(), &case)
                .await;
            assert_eq!(answer.status, expected, "{case}: {}", answer.body);
        }
    }
}

/// Subscribes the owner to a plan; returns the subscription's id.
async fn subscribed(shop: &Shop) -> String {
    let customer = shop.subscriber(OWNER, None, "pm_card_visa").await;
    let plan = shop.plan("basic", 900, "month");
    let id = shop.subscribe_customer(&customer, &plan, &json!({}));
    let service = shop.app().subscriptions;
    let _ = service.look(&id, &Reason::Event).await.unwrap();
    id
}

#[tokio::test]
async fn access_is_as_documented() {
    let (roles, rows) = matrix();
    let shipped = Roles::shipped();
    let mut sorted = roles.clone();
    sorted.sort();
    let names: Vec<_> = shipped.names().collect();
    assert_eq!(sorted, names, "a column for each role");
    let world = World::open().await;
    let mut unused: BTreeSet<&str> = rows.keys().map(String::as_str).collect();
    for one in ROUTED {
        let function = one.function;
        for operation in function.operations() {
            for (column, role) in roles.iter().enumerate() {
                let may = operation.permission.map(|permission| {
                    unused.remove(permission);
                    rows[permission][column].as_str()
                });
                world.check(function, operation, role, may).await;
            }
        }
    }
    assert!(unused.is_empty(), "no function needs {unused:?}");
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
