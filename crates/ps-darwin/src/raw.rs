//! The records and numbers of macOS.
//!
//! Layouts are those of 64-bit machines (x86_64 and aarch64), which agree; 32-bit ones are not supported.

use ps_core::raw::System;

pub mod disk;
pub mod files;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;
pub mod sockets;

/// What makes the declarations known to a C compiler.
const HEADERS: &str = "\
#include <sys/param.h>
#include <sys/types.h>
#include <sys/sysctl.h>
#include <sys/proc_info.h>
#include <libproc.h>
#include <mach/mach.h>
#include <mach/host_info.h>
#include <mach/vm_statistics.h>
#include <mach/processor_info.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <mach-o/dyld.h>
#include <sys/socket.h>
#include <net/if.h>
#include <net/if_var.h>
#include <net/if_dl.h>
#include <net/route.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/event.h>
#include <utmpx.h>
";

/// Everything declared here, for comparison with the headers.
#[must_use]
pub fn system() -> System {
    System {
        name: "macos",
        headers: HEADERS,
        records: [
            process::RECORDS,
            files::RECORDS,
            sockets::RECORDS,
            mem::RECORDS,
            disk::RECORDS,
            net::RECORDS,
            host::RECORDS,
        ]
        .concat(),
        constants: [
            process::CONSTANTS,
            files::CONSTANTS,
            sockets::CONSTANTS,
            mem::CONSTANTS,
            disk::CONSTANTS,
            net::CONSTANTS,
            host::CONSTANTS,
        ]
        .concat(),
    }
}
