//! What other people's programs can hold us to, told by the very types that the server reads and
//! writes: JSON Schemas of every rpc and of every channel's bodies, and an `AsyncAPI` document of
//! the socket. `http` adds its routes and serves all of it.
//!
//! A command without a contract does not compile (`domain::contract`), nor does a channel without
//! a family. Real outcomes and bodies are held against the schemas by the integration tests.

pub mod asyncapi;
pub mod definitions;
pub mod families;
pub mod queries;
pub mod rpcs;

pub use definitions::Definitions;
pub use families::Family;
pub use queries::Question;
pub use rpcs::Rpc;

/// Everything that is promised of rpcs and channels.
pub struct Contracts {
    pub definitions: Definitions,
    /// Commands, in the order in which the server knows them.
    pub rpcs: Vec<Rpc>,
    pub queries: Vec<Question>,
}

impl Contracts {
    pub fn collect() -> Self {
        let mut definitions = Definitions::default();
        let rpcs = rpcs::define(&mut definitions);
        let queries = queries::define(&mut definitions);
        families::define(&mut definitions);
        Self {
            definitions,
            rpcs,
            queries,
        }
    }
}
