//! The one place that picks a backend.

#[cfg(target_os = "linux")]
pub(crate) use ps_linux::Linux as Native;

#[cfg(target_os = "macos")]
pub(crate) use ps_darwin::Darwin as Native;

#[cfg(target_os = "freebsd")]
pub(crate) use ps_bsd::FreeBsd as Native;

#[cfg(target_os = "openbsd")]
pub(crate) use ps_bsd::OpenBsd as Native;

#[cfg(target_os = "netbsd")]
pub(crate) use ps_bsd::NetBsd as Native;

#[cfg(not(any(
    target_os = "linux",
    target_os = "macos",
    target_os = "freebsd",
    target_os = "openbsd",
    target_os = "netbsd"
)))]
compile_error!("no backend for this operating system");

// A backend that lacks part of the contract fails here, with the trait's name.
const _: fn() = || {
    fn complete<B: ps_core::Backend + Default>() {}
    complete::<Native>();
};
