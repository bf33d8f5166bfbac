//! `farebox forget CALLER`: removes who pays or paid from a caller's orders, and from the messages
//! about these and about their subscriptions.
//!
//! It runs against the database of a deployment, and never calls Stripe. It prints the ids of the
//! objects that Stripe still has, and nothing that it removes. A second run finds what a concurrent
//! payment wrote during the first.

use std::process::ExitCode;

use shared::{
    Clock,
    access::CallerId,
    app::App,
    env::need,
    host::{self, ReadConfig},
    order::OrderId,
    store::{OrderRange, Store},
};

/// The orders of one page.
const PAGE: u32 = 100;
/// What stays, and how to remove it.
const REST: &str = "\
Not removed: what Stripe holds. Redact these objects of Stripe's, or delete the customer:
https://docs.stripe.com/privacy/deletion-requests";
/// What stays in the database.
const KEPT: &str = "\
Not removed: ids, amounts, and the lines, description and metadata that your server signed; events
in the quarantine and Stripe's events in the outbox, with their bodies; what was delivered.";

/// Runs the command with its `arguments`, after its name.
pub async fn run(arguments: &[String], config: ReadConfig) -> ExitCode {
    let caller = match arguments {
        [caller] if !caller.starts_with('-') => CallerId::parse(caller),
        _ => None,
    };
    match caller {
        Some(caller) => host::run("farebox", forget(&caller, config)).await,
        None => {
            let about = "remove who pays or paid from a caller's orders and messages";
            let usage = host::usage_lines("farebox", &[("forget CALLER", about)]);
            host::usage(arguments, &usage)
        }
    }
}

async fn forget(caller: &CallerId, config: ReadConfig) -> Result<(), host::Error> {
    let config = config(&[need::DATABASE_URL])?;
    let store = App::open(&config, false).await?.store;
    let forgotten = Forgotten::of(&store, caller).await?;
    forgotten.print();
    Ok(())
}

/// What one run removed, and what Stripe still has.
struct Forgotten {
    orders: usize,
    messages: usize,
    /// `cus_…` and `pi_…`
    at_stripe: Vec<String>,
}

impl Forgotten {
    async fn of(store: &Store, caller: &CallerId) -> Result<Self, host::Error> {
        let now = Clock::default().now();
        let customer = store.customer_of(caller).await?;
        if let Some(link) = customer.as_ref().filter(|link| !link.profile.is_empty()) {
            let mut link = link.clone();
            link.profile.clear();
            store.record_profile(caller, &link).await?;
        }
        let mut at_stripe: Vec<String> = customer
            .and_then(|link| link.customer)
            .into_iter()
            .collect();
        let (mut orders, mut ids) = (0, Vec::<OrderId>::new());
        let mut range = OrderRange::newest(PAGE);
        loop {
            let page = store.orders_of(caller, &range).await?;
            for order in &page.orders {
                orders += usize::from(store.forget_payer(order.id(), now).await?);
                at_stripe.extend(order.intent().map(str::to_owned));
                ids.push(order.id().clone());
            }
            range.after = page.next;
            if range.after.is_none() {
                break;
            }
        }
        let messages = store.forget_payer_in_messages(caller, &ids).await?;
        Ok(Self {
            orders,
            messages,
            at_stripe,
        })
    }

    #[expect(clippy::print_stdout, reason = "an operator asked for it")]
    fn print(&self) {
        let (orders, messages) = (self.orders, self.messages);
        println!("removed who pays or paid: {orders} orders, {messages} messages");
        println!("\n{REST}");
        for object in &self.at_stripe {
            println!("{object}");
        }
        println!("\n{KEPT}");
    }
}
