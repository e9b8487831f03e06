//! The one place that picks a backend.

#[cfg(target_os = "linux")]
pub(crate) use ps_linux::Linux as Native;

#[cfg(not(target_os = "linux"))]
compile_error!("no backend for this operating system yet");

// A backend that lacks part of the contract fails here, with the trait's name.
const _: fn() = || {
    fn complete<B: ps_core::Backend + Default>() {}
    complete::<Native>();
};
