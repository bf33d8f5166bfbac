//! The memory of a long-running sandbox, per payment.

use std::{ops::Range, sync::Arc};

use tokio::task::JoinSet;

use crate::{
    api::{Api, api_at, paid_once},
    command::{command, first_line},
};

/// More than the numbers of kept requests, responses and unpacked objects: beyond it, only payments
/// and their events need more memory.
const FULL: usize = 6_000;
const PAYMENTS: usize = 12_000;
const AT_ONCE: usize = 8;
/// In kB: one payment with its events.
const EACH: usize = 6;

/// Creates payments with these numbers, each under its own idempotency key.
async fn pay(api: &Arc<Api>, numbers: Range<usize>) {
    let mut lanes = JoinSet::new();
    for lane in 0..AT_ONCE {
        let (api, numbers) = (Arc::clone(api), numbers.clone());
        lanes.spawn(async move {
            for number in numbers.skip(lane).step_by(AT_ONCE) {
                paid_once(&api, &format!("key-{number}")).await;
            }
        });
    }
    while let Some(ended) = lanes.join_next().await {
        ended.unwrap();
    }
}

/// The resident memory of a process, in kB.
fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse().unwrap()
}

#[tokio::test]
async fn each_further_paid_intent_with_its_events_takes_six_kilobytes_at_most() {
    let mut child = command(&["--port", "0"]).spawn().unwrap();
    let said = first_line(&mut child);
    let url = said.trim().rsplit(' ').next().unwrap();
    let api = Arc::new(api_at(url, "sk_test_tests"));

    pay(&api, 0..FULL).await;
    let before = resident(child.id());
    pay(&api, FULL..PAYMENTS).await;
    let after = resident(child.id());
    let requests = api.get("/_sandbox/requests").await.ok();
    let keys = api.get("/_sandbox/idempotency_keys").await.ok();
    child.kill().unwrap();
    child.wait().unwrap();

    let most = before + EACH * (PAYMENTS - FULL);
    assert!(after <= most, "{after} kB after {before} kB");
    let kept = requests["data"].as_array().unwrap().len();
    assert_eq!(requests["dropped"], PAYMENTS - kept, "it says what went");
    assert_eq!(keys["dropped"], PAYMENTS - 5_000);
}
