//! What an example needs on a chip. Nobody starts it there: it only has to build.

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
