//! What the build must know besides the sources.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    // The client is embedded from here. Where it was not built, the folder is empty and the
    // server shows a placeholder page.
    std::fs::create_dir_all("web-client/dist").expect("the package's folder can be written to");
    // Debug builds read the client from disk and need no rebuild for it.
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=web-client/dist");
    }
}
