//! The records and numbers of NetBSD.
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
/* Two of the bundled headers declare max_align_t. */
#define __CLANG_MAX_ALIGN_T_DEFINED 1
#include <sys/param.h>
#include <sys/types.h>
#include <errno.h>
#include <signal.h>
#include <sys/sysctl.h>
#include <sys/proc.h>
#include <sys/lwp.h>
#include <sys/sched.h>
#include <sys/resource.h>
#include <sys/vmmeter.h>
#include <uvm/uvm_extern.h>
#include <uvm/uvm_param.h>
#include <sys/iostat.h>
#include <sys/socket.h>
#include <sys/socketvar.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_var.h>
#include <netinet/in_pcb.h>
#include <netinet/tcp.h>
#include <netinet/tcp_timer.h>
#include <netinet/tcp_var.h>
#include <netinet/tcp_fsm.h>
#include <sys/un.h>
#include <sys/unpcb.h>
#include <net/if.h>
#include <sys/sockio.h>
#include <net/if_dl.h>
#include <net/if_media.h>
#include <net/route.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/fcntl.h>
#include <sys/file.h>
#include <sys/vnode.h>
#include <sys/envsys.h>
#include <sys/event.h>
#include <utmpx.h>
";

/// Everything declared here, for comparison with the headers.
#[must_use]
pub fn system() -> System {
    System {
        name: "netbsd",
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
