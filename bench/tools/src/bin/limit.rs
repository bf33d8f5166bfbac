//! The minimum of a webhook for the bytes of an event: one HMAC, and one pass of a JSON parser that
//! stores nothing. Under callgrind, two runs with different `--times` give the instructions of one.

use std::{fs, hint::black_box};

use aws_lc_rs::hmac;
use bench_tools::Options;
use serde::de::IgnoredAny;

fn main() {
    let options = Options::from_args(&["body", "times"]);
    let body = fs::read(options.need::<String>("body")).expect("the body's file is there");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_of_the_limit");
    for _ in 0..options.need::<u32>("times") {
        black_box(hmac::sign(&key, black_box(&body)));
        let parsed = serde_json::from_slice::<IgnoredAny>(black_box(&body));
        black_box(parsed.expect("the body is JSON"));
    }
}
