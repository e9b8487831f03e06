//! What one system alone offers, and how to look elsewhere than in the usual places.

#[cfg(target_os = "linux")]
pub mod linux;

// Links of the table lead to what exists on Linux too.
#[cfg(all(doc, target_os = "linux"))]
#[path = "../parity.rs"]
pub mod parity;
