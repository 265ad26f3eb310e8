//! Says which guard of the stack the core has, `cfg(stack_limit)` or `cfg(memory_protection)`, or that it has neither
//! that nor a counter of cycles, `cfg(armv6m)`.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(stack_limit, memory_protection, armv6m)");
    let target = std::env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv8m.main") {
        println!("cargo:rustc-cfg=stack_limit");
    } else if target.starts_with("thumbv7") {
        println!("cargo:rustc-cfg=memory_protection");
    } else {
        println!("cargo:rustc-cfg=armv6m");
    }
    println!("cargo:rerun-if-changed=build.rs");
}
