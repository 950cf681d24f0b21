//! The `dispatch-hub` binary: reads the command line and starts what the library offers.

fn main() {}
