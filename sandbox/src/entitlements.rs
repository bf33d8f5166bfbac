//! Features of products, and of customers by their subscriptions.

use std::collections::HashMap;

use serde_json::Value;

/// The entitlements of the account.
#[derive(Debug, Default)]
pub(crate) struct Entitlements {
    /// The features of each product, by the product's id.
    products: HashMap<String, Vec<Attached>>,
    customers: HashMap<String, Customer>,
}

/// A feature of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attached {
    /// The id of the product feature.
    pub(crate) id: String,
    pub(crate) feature: String,
}

#[derive(Debug, Default)]
struct Customer {
    /// What each live subscription grants, the oldest first.
    grants: Vec<Grant>,
    active: Vec<Value>,
}

/// The features of a subscription in one billing period.
#[derive(Debug)]
struct Grant {
    subscription: String,
    /// The prices and the period that granted them.
    terms: String,
    features: Vec<String>,
}

impl Entitlements {
    /// The features of a product, in the order in which they were attached.
    pub(crate) fn of_product(&self, product: &str) -> &[Attached] {
        self.products.get(product).map_or(&[], Vec::as_slice)
    }

    /// The features of a product, for a change.
    pub(crate) fn of_product_mut(&mut self, product: &str) -> &mut Vec<Attached> {
        self.products.entry(product.to_owned()).or_default()
    }

    /// Grants the features of these products to a customer, for a live subscription.
    ///
    /// As at Stripe, a product's new or removed feature counts from the subscription's next period,
    /// or from a change of its prices: `terms` names both.
    pub(crate) fn grant(
        &mut self,
        customer: &str,
        subscription: &str,
        terms: &str,
        products: &[&str],
    ) {
        let features = self.features(products);
        let customer = self.customers.entry(customer.to_owned()).or_default();
        let mut grants = customer.grants.iter_mut();
        match grants.find(|grant| grant.subscription == subscription) {
            Some(grant) if grant.terms == terms => {}
            Some(grant) => {
                terms.clone_into(&mut grant.terms);
                grant.features = features;
            }
            None => customer.grants.push(Grant {
                subscription: subscription.to_owned(),
                terms: terms.to_owned(),
                features,
            }),
        }
    }

    fn features(&self, products: &[&str]) -> Vec<String> {
        let attached = products.iter().flat_map(|product| self.of_product(product));
        attached.map(|attached| attached.feature.clone()).collect()
    }

    /// Takes back what a subscription granted.
    pub(crate) fn withdraw(&mut self, customer: &str, subscription: &str) {
        if let Some(customer) = self.customers.get_mut(customer) {
            customer
                .grants
                .retain(|grant| grant.subscription != subscription);
        }
    }

    /// The features that a customer's subscriptions grant, each once.
    pub(crate) fn granted(&self, customer: &str) -> Vec<String> {
        let grants = self.customers.get(customer).map(|one| one.grants.iter());
        let mut features: Vec<String> = Vec::new();
        for feature in grants.into_iter().flatten().flat_map(|one| &one.features) {
            if !features.contains(feature) {
                features.push(feature.clone());
            }
        }
        features
    }

    /// The active entitlements of a customer.
    pub(crate) fn active(&self, customer: &str) -> &[Value] {
        self.customers
            .get(customer)
            .map_or(&[], |customer| customer.active.as_slice())
    }

    /// Replaces the active entitlements of a customer.
    pub(crate) fn set_active(&mut self, customer: &str, active: Vec<Value>) {
        self.customers
            .entry(customer.to_owned())
            .or_default()
            .active = active;
    }

    /// The active entitlement with this id, of any customer.
    pub(crate) fn find(&self, id: &str) -> Option<&Value> {
        let mut all = self
            .customers
            .values()
            .flat_map(|customer| &customer.active);
        all.find(|entitlement| entitlement["id"] == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(entitlements: &mut Entitlements, product: &str, feature: &str) {
        let (id, feature) = (format!("prodft_{feature}"), feature.to_owned());
        let attached = Attached { id, feature };
        entitlements.of_product_mut(product).push(attached);
    }

    #[test]
    fn a_feature_of_two_subscriptions_is_granted_until_both_end() {
        let mut held = Entitlements::default();
        attach(&mut held, "basic", "api");
        attach(&mut held, "pro", "api");
        attach(&mut held, "pro", "sso");
        held.grant("cus", "sub_1", "a", &["basic"]);
        held.grant("cus", "sub_2", "a", &["pro"]);
        assert_eq!(held.granted("cus"), ["api", "sso"]);
        held.withdraw("cus", "sub_1");
        assert_eq!(held.granted("cus"), ["api", "sso"]);
        held.withdraw("cus", "sub_2");
        assert!(held.granted("cus").is_empty());
        assert!(held.granted("nobody").is_empty());
    }

    #[test]
    fn a_new_feature_of_a_product_counts_from_the_next_period() {
        let mut held = Entitlements::default();
        attach(&mut held, "pro", "api");
        held.grant("cus", "sub", "January", &["pro"]);
        attach(&mut held, "pro", "sso");
        held.grant("cus", "sub", "January", &["pro"]);
        assert_eq!(held.granted("cus"), ["api"]);
        held.grant("cus", "sub", "February", &["pro"]);
        assert_eq!(held.granted("cus"), ["api", "sso"]);
    }
}
