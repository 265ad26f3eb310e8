//! The panic handler that an example needs on a chip. It is never started there: it only has to build.

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
