//! The C allocator, which tells nothing of what it holds.

use ps_core::heap::HeapBackend;

use super::OpenBsd;

impl HeapBackend for OpenBsd {}
