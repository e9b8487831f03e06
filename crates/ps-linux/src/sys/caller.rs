//! Which process the caller is. A fork may lead into another pid namespace, where the child has the number that its
//! parent has in its own: a first process may be the child of a first one.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// Stands for the calling process, and for none that it was forked from: its number, in the lower half, and what tells
/// it from its parent. Before Linux 4.14, only the number.
pub(crate) fn caller() -> u64 {
    with_number(std::process::id())
}

/// The same, if its number is known.
pub(crate) fn with_number(pid: u32) -> u64 {
    u64::from(generation()) << 32 | u64::from(pid)
}

/// How many times memory was taken over by a child that asked, up to this one; begins with 1.
fn generation() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let page = page();
    match page.load(Ordering::Relaxed) {
        0 => {
            // Larger than that of whoever this process was forked from, whose memory it has.
            let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
            match page.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => next,
                // Another thread was faster.
                Err(found) => found,
            }
        }
        found => found,
    }
}

/// Memory that is 0 again in a child. Nothing waits for another thread here, as that may not be there after a fork.
fn page() -> &'static AtomicU32 {
    static PAGE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());
    let mut page = PAGE.load(Ordering::Acquire);
    if page.is_null() {
        page = make_page();
        let first =
            PAGE.compare_exchange(ptr::null_mut(), page, Ordering::AcqRel, Ordering::Acquire);
        // What was made in vain is a page without a use, which is left.
        page = first.err().unwrap_or(page);
    }
    // SAFETY: it is what `make_page` gave, which is never unmapped, aligned, and used as nothing else.
    unsafe { &*page }
}

fn make_page() -> *mut AtomicU32 {
    /// Where the kernel empties nothing.
    static SAME: AtomicU32 = AtomicU32::new(0);
    let same = (&raw const SAME).cast_mut();
    let size = size_of::<AtomicU32>();
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: new memory at a place of the kernel's choice; nothing that exists is touched.
    let page = unsafe { libc::mmap(ptr::null_mut(), size, rights, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        return same;
    }
    // SAFETY: the page was mapped just above, and nobody else knows of it; its content matters to nobody yet.
    let done = unsafe { libc::madvise(page, size, libc::MADV_WIPEONFORK) };
    if done == 0 {
        return page.cast();
    }
    // SAFETY: as above; it is not used after this.
    unsafe { libc::munmap(page, size) };
    same
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};

    use super::*;
    use crate::Linux;

    /// What a child that goes on with this memory answers.
    fn ask_child(ask: impl FnOnce() -> i32) -> i32 {
        // SAFETY: the child does little, takes no lock that another thread may have, and ends at once.
        match unsafe { fork() }.expect("forks") {
            ForkResult::Child => {
                let answer = ask();
                // SAFETY: ends the process, without anything that is done at the end of a program.
                unsafe { libc::_exit(answer) }
            }
            ForkResult::Parent { child } => match waitpid(child, None) {
                Ok(WaitStatus::Exited(_, answer)) => answer,
                other => panic!("{other:?}"),
            },
        }
    }

    #[test]
    fn a_child_is_another_than_its_parent_and_stays_who_it_is() {
        let me = caller();
        assert_eq!(me, caller());
        let generation_of_child = || {
            let child = caller();
            let grandchild = ask_child(|| i32::try_from(generation()).unwrap_or(0));
            let is_sound =
                child == caller() && grandchild == i32::try_from(child >> 32).unwrap_or(0) + 1;
            if is_sound { i32::try_from(child >> 32).unwrap_or(0) } else { 0 }
        };
        if std::ptr::eq(page(), make_page()) {
            return ps_tests::skip!("this kernel empties no memory for children");
        }
        let [first, second] = [(); 2].map(|()| ask_child(generation_of_child));
        let mine = i32::try_from(me >> 32).expect("small");
        assert!(first > mine && second > mine, "{mine}, {first}, {second}");
        assert_eq!(caller(), me);
    }

    #[test]
    fn a_child_with_its_parents_number_is_not_at_home_where_its_parent_was() {
        if std::ptr::eq(page(), make_page()) {
            return ps_tests::skip!("this kernel empties no memory for children");
        }
        let me = std::env::current_exe().expect("known");
        let outcome = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--mount-proc"])
            .arg(me)
            .args(["--ignored", "--exact", "sys::caller::tests::inside", "--nocapture"])
            .env("PS_FIRST", "1")
            .output();
        let Ok(out) = outcome else { return ps_tests::skip!("no unshare here") };
        let (text, errors) =
            (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        if !text.contains("running 1 test") {
            return ps_tests::skip!("not allowed to make namespaces: {errors}");
        }
        assert!(out.status.success() && text.contains("1 passed"), "{text}\n{errors}");
    }

    /// Run by the test above as the first process of a namespace.
    #[test]
    #[ignore = "run by the test above as the first process of a namespace"]
    fn inside() {
        if std::env::var_os("PS_FIRST").is_none() {
            return;
        }
        let linux = Linux::new();
        assert_eq!((std::process::id(), linux.own_pid()), (1, Some(1)));
        let origin = linux.origin();
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWPID).expect("allowed");
        let answer = ask_child(|| {
            let is_same = linux.own_pid().is_some() || linux.origin() != linux.find_origin();
            i32::from(std::process::id() != 1) << 1 | i32::from(is_same)
        });
        assert_eq!(answer, 0);
        assert_eq!((linux.own_pid(), linux.origin()), (Some(1), origin));
    }
}
