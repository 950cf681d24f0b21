//! Which deliberate breakage this process has, by the environment. Only in builds for the fault
//! suite: one that has none behaves as any other build.

use std::sync::OnceLock;

use crate::protocol::breakage::Breakage;

/// Names the breakage, here or of whoever embeds the engine.
pub const VARIABLE: &str = "HUB_BREAKAGE";

/// The engine's breakage of this process.
pub fn chosen() -> Breakage {
    static CHOSEN: OnceLock<Breakage> = OnceLock::new();
    *CHOSEN.get_or_init(|| {
        let name = std::env::var(VARIABLE).unwrap_or_default();
        Breakage::named(&name).unwrap_or_default()
    })
}
