//! The records and numbers of OpenBSD.
//!
//! Layouts are those of 64-bit machines (x86_64 and aarch64), which agree; 32-bit ones are not supported.

use ps_core::raw::System;

pub mod disk;
pub mod files;
pub mod host;
pub mod mem;
pub mod net;
pub mod process;

/// What makes the declarations known to a C compiler.
const HEADERS: &str = "\
#include <sys/param.h>
#include <sys/types.h>
#include <errno.h>
#include <signal.h>
#include <sys/sysctl.h>
#include <sys/proc.h>
#include <sys/sched.h>
#include <sys/resource.h>
#include <sys/vmmeter.h>
#include <uvm/uvmexp.h>
#include <sys/disk.h>
#include <sys/sensors.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/tcp_fsm.h>
#include <sys/un.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_media.h>
#include <net/route.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <sys/siginfo.h>
#include <sys/fcntl.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/event.h>
#include <utmp.h>
";

/// Everything declared here, for comparison with the headers.
#[must_use]
pub fn system() -> System {
    System {
        name: "openbsd",
        headers: HEADERS,
        records: [
            process::RECORDS,
            files::RECORDS,
            mem::RECORDS,
            disk::RECORDS,
            net::RECORDS,
            host::RECORDS,
        ]
        .concat(),
        constants: [
            process::CONSTANTS,
            files::CONSTANTS,
            mem::CONSTANTS,
            disk::CONSTANTS,
            net::CONSTANTS,
            host::CONSTANTS,
            super::errno::CONSTANTS,
            super::signal::CONSTANTS,
        ]
        .concat(),
    }
}
