//! Makes Rust types from the client protocol's schema, without any tool outside cargo.

use std::error::Error;

const FOLDER: &str = "src/protocol/protobuf";
const SCHEMA: &str = "src/protocol/protobuf/client.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SCHEMA}");
    let schema = protox::compile([SCHEMA], [FOLDER])?;
    prost_build::Config::new()
        .bytes(["."])
        .btree_map(["."])
        .compile_fds(schema)?;
    Ok(())
}
