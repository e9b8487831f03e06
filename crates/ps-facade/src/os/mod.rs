//! What one system alone offers, and how to look elsewhere than in the usual places.

#[cfg(target_os = "linux")]
pub mod linux;
