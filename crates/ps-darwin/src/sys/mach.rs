//! The host and tasks, through Mach ports.

use std::io;

use mach2::kern_return::{KERN_SUCCESS, kern_return_t};
use mach2::port::mach_port_t;

use crate::raw::mem::{HOST_INFO_MAX, HOST_VM_INFO64, PROCESSOR_CPU_LOAD_INFO};
use crate::raw::process::TASK_VM_INFO;

/// A right to a port, given back when dropped.
struct Port(mach_port_t);

impl Drop for Port {
    fn drop(&mut self) {
        // SAFETY: the right was given to this task, nobody else holds this value, and it is not used again.
        let _ = unsafe { mach2::mach_port::mach_port_deallocate(own_task(), self.0) };
    }
}

fn own_task() -> mach_port_t {
    // SAFETY: reads a value that the system library sets before the program begins.
    unsafe { mach2::traps::mach_task_self() }
}

fn host() -> Port {
    // SAFETY: takes nothing; gives this task a right of its own each time.
    Port(unsafe { mach2::mach_init::mach_host_self() })
}

fn check(returned: kern_return_t) -> io::Result<()> {
    match returned {
        KERN_SUCCESS => Ok(()),
        other => Err(io::Error::other(format!("Mach says {other}"))),
    }
}

/// Integers as the bytes that they are.
fn bytes(integers: &[i32]) -> Vec<u8> {
    integers.iter().flat_map(|integer| integer.to_ne_bytes()).collect()
}

/// The kernel's counts of pages: as much of the record as this kernel has.
pub(crate) fn vm_statistics() -> io::Result<Vec<u8>> {
    const MOST: usize = HOST_INFO_MAX as usize;
    let mut integers = [0i32; MOST];
    let mut count = libc::mach_msg_type_number_t::try_from(MOST).unwrap_or_default();
    let host = host();
    // SAFETY: the kernel writes at most `count` integers, of which `integers` has as many, and stores in `count`
    // how many it wrote; both outlive the call, and so does the right to the port.
    let returned = unsafe {
        libc::host_statistics64(host.0, HOST_VM_INFO64, integers.as_mut_ptr(), &mut count)
    };
    check(returned)?;
    let told = usize::try_from(count).unwrap_or_default().min(MOST);
    Ok(bytes(integers.get(..told).unwrap_or_default()))
}

/// Integers that the kernel mapped into this task, unmapped when dropped.
struct Mapped {
    address: libc::processor_info_array_t,
    count: libc::mach_msg_type_number_t,
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let size = u64::from(self.count) * size_of::<libc::integer_t>() as u64;
        // SAFETY: the kernel mapped this many bytes at this address for this task, and nothing refers to them
        // any more.
        let _ =
            unsafe { mach2::vm::mach_vm_deallocate(own_task(), self.address.addr() as u64, size) };
    }
}

/// Ticks of each processor in each mode.
pub(crate) fn processor_load() -> io::Result<Vec<u8>> {
    let host = host();
    let mut processors = 0;
    let mut mapped = Mapped { address: std::ptr::null_mut(), count: 0 };
    // SAFETY: the kernel stores a number, an address and a count in places that outlive the call, as does the
    // right to the port.
    let returned = unsafe {
        libc::host_processor_info(
            host.0,
            PROCESSOR_CPU_LOAD_INFO,
            &mut processors,
            &mut mapped.address,
            &mut mapped.count,
        )
    };
    if let Err(error) = check(returned) {
        std::mem::forget(mapped);
        return Err(error);
    }
    let count = usize::try_from(mapped.count).unwrap_or_default();
    // SAFETY: the kernel mapped `count` integers at this address, aligned to a page, and keeps no hold of them;
    // they stay until `mapped` is dropped, which is after they have been copied.
    let integers = unsafe { std::slice::from_raw_parts(mapped.address, count) };
    Ok(bytes(integers))
}

/// Bytes in a page of the kernel.
pub(crate) fn kernel_page_size() -> u64 {
    // SAFETY: the system library sets it before the program begins, and never again.
    let size = unsafe { mach2::vm_page_size::vm_kernel_page_size };
    size as u64
}

/// The memory of a task: as much of the record as this kernel has.
///
/// Of a process other than the caller, `task_for_pid` is asked, which may wait for somebody to allow it, and that
/// for ever: only the superuser is sure to be answered.
pub(crate) fn task_memory(other: Option<libc::pid_t>) -> io::Result<Vec<u8>> {
    let Some(pid) = other else { return memory_of(own_task()) };
    let mut task = 0;
    // SAFETY: the kernel stores a right to a port in `task`, which outlives the call.
    check(unsafe { mach2::traps::task_for_pid(own_task(), pid, &mut task) })?;
    let port = Port(task);
    memory_of(port.0)
}

fn memory_of(task: mach_port_t) -> io::Result<Vec<u8>> {
    const MOST: usize = 256;
    let mut integers = [0i32; MOST];
    let mut count = libc::mach_msg_type_number_t::try_from(MOST).unwrap_or_default();
    let flavor = TASK_VM_INFO.cast_unsigned();
    // SAFETY: the kernel writes at most `count` integers, of which `integers` has as many, and stores in `count`
    // how many it wrote; both outlive the call; the caller holds the port.
    let returned =
        unsafe { mach2::task::task_info(task, flavor, integers.as_mut_ptr(), &mut count) };
    check(returned)?;
    let told = usize::try_from(count).unwrap_or_default().min(MOST);
    Ok(bytes(integers.get(..told).unwrap_or_default()))
}
