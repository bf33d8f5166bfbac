//! The layers of the crate.

#[test]
fn a_module_uses_only_modules_of_lower_layers() {
    layers::check(env!("CARGO_MANIFEST_DIR"), layers::Rule::LowerLayers);
}
