//! Where scans read.

use std::fmt;

use crate::root::Linux;

/// Where a scan of all processes reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScanSource {
    /// Files below `/proc`, a few for each process.
    #[default]
    Files,
    /// A program inside of the kernel that this process loaded.
    Bpf,
    /// A program inside of the kernel that an administrator left there.
    PinnedBpf,
}

impl fmt::Display for ScanSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ScanSource::Files => "files",
            ScanSource::Bpf => "bpf",
            ScanSource::PinnedBpf => "pinned bpf",
        })
    }
}

impl Linux {
    /// Where scans of this value read that are made again and again; tries out what was not tried yet.
    ///
    /// Always [`Files`](ScanSource::Files) without the feature `bpf`.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use ps_linux::Linux;
    /// use ps_linux::process::ScanSource;
    ///
    /// if Linux::new().scan_source() == ScanSource::Files {
    ///     println!("each process costs a file or two");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn scan_source(&self) -> ScanSource {
        #[cfg(feature = "bpf")]
        return self.try_out();
        #[cfg(not(feature = "bpf"))]
        ScanSource::Files
    }
}
