//! Space on file systems, where the systems are asked alike.

use std::path::Path;

use ps_core::disk::{DiskUsage, check_path};
use ps_core::{Context, Result};

use crate::{decode, errno};

/// Space on the file system that holds a path, by `statvfs`.
pub(crate) fn usage(path: &Path) -> Result<DiskUsage> {
    check_path("statvfs", path)?;
    let found = nix::sys::statvfs::statvfs(path)
        .map_err(|errno| errno::of_system(errno.into(), Context::new("statvfs").with_path(path)))?;
    let size = match found.fragment_size() {
        0 => found.block_size(),
        size => size,
    };
    // What is kept back for the system can make what is left for users negative; the field has no sign.
    let for_users = found.blocks_available().cast_signed();
    Ok(decode::disk::usage(found.blocks(), found.blocks_free(), for_users, size))
}
