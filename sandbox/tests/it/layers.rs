//! The layers of the crate.

#[test]
fn a_module_uses_only_modules_that_come_after_it_in_the_table() {
    layers::check(env!("CARGO_MANIFEST_DIR"), layers::Rule::LaterModules);
}
