//! What an event costs apart from the database: its signature, its envelope, and the step of its
//! order.
//!
//! `cargo bench -p shared --bench parts` compares with the last run. Time grows with the size of an
//! event in the first two, and not in the third.

use std::{collections::BTreeMap, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;
use serde_json::json;
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    event::Event,
    order::{Order, OrderDetails, OrderId, PaymentUpdate, Status},
    signature,
};

const NOW: i64 = 1_790_000_000;
const SECRET: &str = "whsec_of_the_benchmark";

/// Of the usual event, of one with much in it, and of a large one.
const SIZES: [usize; 3] = [1_024, 8_192, 262_144];

/// The event of a payment of `order`, with so many bytes.
fn event(order: &Order, size: usize) -> String {
    let amount = order.revision().contents.amount();
    let with_note = |note: &str| {
        let intent = json!({
            "id": "pi_1", "object": "payment_intent", "amount": amount.minor_units(),
            "amount_received": amount.minor_units(),
            "currency": amount.currency().as_str(), "status": "succeeded", "created": NOW,
            "livemode": false,
            "metadata": {
                "farebox_deployment": "dep_0123456789abcdef", "farebox_order": order.id().as_str(),
                "farebox_owner": order.owner().alias(),
                "farebox_contents": order.revision().contents.digest(),
            }, "payment_method_types": ["card"], "note": note,
        });
        let event = json!({
            "id": "evt_1", "object": "event", "api_version": "2026-09-30.endive", "created": NOW,
            "livemode": false,
            "type": "payment_intent.succeeded", "data": { "object": intent },
        });
        event.to_string()
    };
    with_note(&"x".repeat(size - with_note("").len()))
}

/// An order that waits to be paid.
fn order() -> Order {
    let amount = Currency::parse("usd").map(|usd| Amount::new(1_500, usd));
    let amount = amount.expect("it is a currency").expect("it is an amount");
    let contents = OrderDetails::signed(amount, None, BTreeMap::new(), NOW).expect("they fit");
    let owner = CallerId::parse("ada").expect("it is an id");
    let id = OrderId::parse("o_1").expect("it is an id");
    let mut order = Order::new(id, owner, contents, NOW);
    let owner = order.owner().clone();
    order.update_payment(&PaymentUpdate::Intent("pi_1".to_owned(), owner), NOW);
    order
}

fn signatures(criterion: &mut Criterion) {
    let secrets = [SecretString::from(SECRET)];
    let mut group = criterion.benchmark_group("signature");
    for size in SIZES {
        let body = event(&order(), size);
        let header = sandbox::sign(body.as_bytes(), SECRET, NOW.cast_unsigned());
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| {
                let verified =
                    signature::verify(&header, black_box(body.as_bytes()), &secrets, NOW);
                verified.expect("it is signed");
            });
        });
    }
}

fn envelopes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("envelope");
    for size in SIZES {
        let body = event(&order(), size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter(|| Event::parse(black_box(body.as_bytes())).expect("it is an event"));
        });
    }
}

fn steps(criterion: &mut Criterion) {
    let order = order();
    let event = Event::parse(event(&order, SIZES[0]).as_bytes()).expect("it is an event");
    criterion.bench_function("state machine", |bencher| {
        bencher.iter(|| {
            let step = black_box(&order).apply(black_box(&event), NOW);
            let step = step.expect("it fits").expect("it is about the order");
            assert_eq!(step.order.status(), Status::Paid);
            step
        });
    });
}

criterion_group!(parts, signatures, envelopes, steps);
criterion_main!(parts);
