//! The records and numbers of FreeBSD.
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
#define _WANT_FREEBSD_BITSET 1
#include <sys/param.h>
#include <sys/types.h>
#include <errno.h>
#include <signal.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <sys/resource.h>
#include <sys/vmmeter.h>
#include <vm/vm_param.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <netinet/in.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcp_var.h>
#include <netinet/tcp_fsm.h>
#include <sys/un.h>
#include <sys/unpcb.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_media.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <net/if_mib.h>
#include <net/route.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/devicestat.h>
#include <sys/cpuset.h>
#include <sys/file.h>
#include <sys/jail.h>
#include <utmpx.h>
#include <sys/event.h>
#include <dev/acpica/acpiio.h>
";

/// Everything declared here, for comparison with the headers.
#[must_use]
pub fn system() -> System {
    System {
        name: "freebsd",
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
            files::NEWER_CONSTANTS,
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
