//! A small crate of a few modules, with one violation at a time.

use std::collections::BTreeMap;

use crate::{Rule, violations};

const ROOT: &str = "\
//! | layer | modules |
//! |---|---|
//! | top | [`upper`]: reads a `file.json` |
//! | | `peer` |
//! | ground | [`mod@lower`] |

mod lower;
pub mod peer;
pub mod upper;

pub use upper::{Upper, parts::{First, Second as Other}};
";

/// The violations of a crate with these files besides its root and empty ones.
fn found(files: &[(&str, &str)], rule: Rule) -> Vec<String> {
    let mut sources = BTreeMap::from([
        ("lib.rs", ROOT),
        ("upper.rs", ""),
        ("peer.rs", ""),
        ("lower.rs", ""),
    ]);
    sources.extend(files.iter().copied());
    violations(&|file| sources.get(file).map(|&text| text.to_owned()), rule)
}

#[track_caller]
fn assert_uses_upper(source: &str) {
    let found = found(&[("lower.rs", source)], Rule::LowerLayers);
    assert_eq!(found, ["lower.rs: lower uses upper"], "{source}");
}

#[track_caller]
fn assert_none(files: &[(&str, &str)]) {
    assert_eq!(found(files, Rule::LowerLayers), [""; 0], "{files:?}");
}

#[test]
fn a_module_may_use_lower_layers_and_itself() {
    assert_none(&[("upper.rs", "use crate::{lower::{A, B}, upper::C};")]);
    assert_none(&[
        ("upper.rs", "mod part;"),
        ("upper/part.rs", "use super::super::lower::A;"),
    ]);
    assert_none(&[
        ("upper.rs", "mod part;"),
        ("upper/part.rs", "pub(in super::super) fn f() {}"),
    ]);
}

#[test]
fn a_use_of_an_upper_module_is_found_in_every_form() {
    for source in [
        "use crate::upper::A;",
        "pub use crate::upper::A;",
        "pub(crate) use crate::upper;",
        "use crate::upper as lower;",
        "use crate::{lower::A, upper};",
        "use crate::{\n    lower::{\n        A,\n        B,\n    },\n    upper::{A, B},\n};",
        "fn f() { use crate::upper::*; }",
    ] {
        assert_uses_upper(source);
    }
}

#[test]
fn a_path_to_an_upper_module_is_found_in_code_types_and_macros() {
    for source in [
        "fn f() { crate::upper::g(); }",
        "fn f() { match 1 { _ if crate::upper::g() => {} } }",
        "struct A { a: crate::upper::B }",
        "fn f(a: Vec<crate::upper::A>) -> crate :: upper :: B {}",
        "impl From<A> for crate::upper::B {}",
        "fn f() { println!(\"{}\", crate::upper::A); }",
        "macro_rules! m { () => { $crate::upper::g() } }",
        "mod inner { fn f() { crate::upper::g(); } }",
    ] {
        assert_uses_upper(source);
    }
}

#[test]
fn a_path_by_super_is_followed_up_to_the_root() {
    assert_uses_upper("use super::upper::A;");
    assert_uses_upper("use super::{lower::A, upper};");
    assert_uses_upper("fn f() { self::super::upper::g(); }");
    assert_uses_upper("mod inner { use super::super::upper::A; }");
    assert_uses_upper("mod inner { use super::{super::upper::A}; }");

    let part = "fn f(a: super::super::upper::A) {}";
    let found = found(
        &[("lower.rs", "mod part;"), ("lower/part.rs", part)],
        Rule::LowerLayers,
    );
    assert_eq!(found, ["lower/part.rs: lower uses upper"]);
}

#[test]
fn a_name_that_the_root_exports_counts_as_its_module() {
    for name in ["Upper", "First", "Other"] {
        assert_uses_upper(&format!("use crate::{name};"));
    }
}

#[test]
fn the_root_itself_hides_nothing() {
    for source in [
        "use crate::*;",
        "use crate as all;",
        "use super::{self as all};",
    ] {
        let found = found(&[("lower.rs", source)], Rule::LowerLayers);
        assert_eq!(found, ["lower.rs: lower uses the whole crate"], "{source}");
    }
}

#[test]
fn modules_of_one_layer_do_not_use_each_other() {
    let files = [("upper.rs", "use crate::peer::A;")];
    assert_eq!(
        found(&files, Rule::LowerLayers),
        ["upper.rs: upper uses peer"]
    );
}

#[test]
fn where_modules_are_in_order_one_uses_those_after_it() {
    let files = [("upper.rs", "use crate::peer::A;")];
    assert_eq!(found(&files, Rule::LaterModules), [""; 0]);
    let files = [("peer.rs", "use crate::upper::A;")];
    assert_eq!(
        found(&files, Rule::LaterModules),
        ["peer.rs: peer uses upper"]
    );
}

#[test]
fn comments_texts_and_tests_use_nothing() {
    for source in [
        "//! [`crate::upper`]\n/* crate::upper::A */ const A: &str = \"crate::upper::A\";",
        "#[cfg(test)]\nmod tests { use crate::upper::A; }",
        "#[cfg(test)]\nmod tests;",
        "#[cfg(test)]\nuse crate::upper::A;",
    ] {
        assert_none(&[("lower.rs", source)]);
    }
    assert_uses_upper("#[cfg(test)]\nmod tests;\nuse crate::upper::A;");
    assert_uses_upper("#[cfg(not(test))]\nuse crate::upper::A;");
}

#[test]
fn the_table_names_each_module_once() {
    let root = |from: &str, to: &str| ROOT.replace(from, to);
    for (root, expected) in [
        (
            root("| | `peer` |", "| | |"),
            "the table does not name peer",
        ),
        (
            root("pub mod peer;", ""),
            "the table names peer, which is no module",
        ),
        (
            root("`peer`", "`peer`, `lower`"),
            "the table names lower twice",
        ),
    ] {
        assert_eq!(found(&[("lib.rs", &root)], Rule::LowerLayers), [expected]);
    }
}
