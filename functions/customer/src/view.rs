//! The response: little of the data at Stripe and in the database, and to staff less than to the
//! customer.
//!
//! | | the customer | staff |
//! |---|---|---|
//! | name | whole | whole |
//! | e-mail | whole | masked: `a***@e***.com` |
//! | saved payment methods | type, of a card brand, last four digits, expiry | the same |
//! | orders | the latest fifty | the same |

use serde::Serialize;
use shared::{
    Error,
    order::{Order, OrderItem, Status},
    store::OrderRange,
    stripe::{Customer, PaymentMethod},
};
use utoipa::ToSchema;

use crate::{Customers, Subject, email, payment_method::PaymentMethodView};

/// The most orders in a response.
const MAX_LISTED: u32 = 50;

/// A customer's data at Stripe, and their orders.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
#[serde(rename_all = "camelCase")]
pub struct CustomerView {
    /// `cus_…`; `null` if Stripe has no customer, or deleted it.
    #[schema(required)]
    id: Option<String>,
    /// `null` if Stripe has none.
    #[schema(required)]
    name: Option<String>,
    /// Whole for the customer, masked for staff (`a***@e***.com`); `null` if Stripe has none.
    #[schema(required)]
    email: Option<String>,
    /// The customer's saved payment methods of every type, the newest first.
    payment_methods: Vec<PaymentMethodView>,
    /// The latest 50 orders, the newest first.
    orders: Vec<OrderView>,
}

impl std::fmt::Debug for CustomerView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut view = f.debug_struct("CustomerView");
        view.field("id", &self.id).finish_non_exhaustive()
    }
}

/// An order of the customer. Amounts are in minor units of `currency`, times in Unix seconds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerOrder)]
#[serde(rename_all = "camelCase")]
struct OrderView {
    /// The order's id.
    order_id: String,
    /// The order's status.
    status: Status,
    /// The order's total.
    amount: i64,
    /// Three lower-case letters, such as `usd`.
    currency: String,
    /// The total of the refunds that succeeded.
    refunded_amount: i64,
    /// The total of the refunds that are pending or require the payer's action.
    refund_pending_amount: i64,
    /// The time of the order's creation.
    created_at: i64,
    /// The order's lines; empty for an amount that the site signed without lines.
    items: Vec<OrderItem>,
    /// The description in an order that the site signed; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
}

impl Customers<'_> {
    pub(crate) async fn view(&self, subject: &Subject) -> Result<CustomerView, Error> {
        let newest = OrderRange::newest(MAX_LISTED);
        let orders = async {
            let list = self.store.orders_of(&subject.owner, &newest).await?;
            Ok::<_, Error>(list.orders)
        };
        let at_stripe = async {
            match &subject.customer {
                Some(id) => self.at_stripe(id).await,
                None => Ok(None),
            }
        };
        let (orders, at_stripe) = tokio::try_join!(orders, at_stripe)?;
        let (customer, methods) = at_stripe.unzip();
        let default = customer.as_ref().and_then(Customer::default_method);
        let methods = methods.unwrap_or_default().into_iter();
        let payment_methods = methods.map(|one| PaymentMethodView::of(one, default));
        let payment_methods = payment_methods.collect();
        let (id, name, email) = match customer {
            Some(Customer {
                id, name, email, ..
            }) => (Some(id), name, email),
            None => (None, None, None),
        };
        let email = match subject.is_caller {
            true => email,
            false => email.as_deref().map(email::masked),
        };
        Ok(CustomerView {
            id,
            name,
            email,
            payment_methods,
            orders: orders.iter().map(OrderView::of).collect(),
        })
    }

    /// The customer with `id` and their payment methods; nothing where it was deleted.
    async fn at_stripe(&self, id: &str) -> Result<Option<(Customer, Vec<PaymentMethod>)>, Error> {
        let customer = self.stripe.retrieve_customer(id);
        let methods = self.stripe.payment_methods_of(id);
        let (customer, methods) = tokio::try_join!(customer, methods)?;
        Ok(customer.map(|customer| (customer, methods)))
    }
}

impl OrderView {
    fn of(order: &Order) -> Self {
        let contents = &order.revision().contents;
        let amount = order.total();
        Self {
            order_id: order.id().to_string(),
            status: order.status(),
            amount: amount.minor_units(),
            currency: amount.currency().to_string(),
            refunded_amount: order.refunded_amount(),
            refund_pending_amount: order.refund_pending_amount(),
            created_at: order.created_at(),
            items: contents.items(),
            description: contents.description().map(str::to_owned),
        }
    }
}
