//! The sandbox at its socket: a real client, a real webhook receiver, no sleeps.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod amounts;
mod api;
mod authorizations;
mod cards;
mod checkout;
mod checkout_after;
mod checkout_amounts;
mod checkout_formula;
mod checkout_lines;
mod checkout_options;
mod checkout_payment;
mod checkout_ui;
mod command;
mod control;
mod customer_sessions;
mod customers;
mod debits;
mod discounts;
mod disputes;
mod endpoints;
mod faults;
mod hosted;
mod hosted_entries;
mod idempotency;
mod keys;
mod layers;
mod lists;
mod memory;
mod off_session;
mod origins;
mod parameters;
mod payment_methods;
mod payment_pages;
mod payments;
mod portal;
mod raw;
mod receipts;
mod receiver;
mod refunds;
mod setup_intents;
mod stripe_js;
mod webhooks;
