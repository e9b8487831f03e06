//! Priorities, policies and CPUs of threads, by number.

use std::io;

/// The number of a thread as system calls take it. Never 0, which would mean the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tid(i32);

impl Tid {
    pub(crate) fn new(number: u32) -> Option<Tid> {
        i32::try_from(number).ok().filter(|number| *number > 0).map(Tid)
    }

    pub(crate) fn get(self) -> u32 {
        self.0.unsigned_abs()
    }
}

fn done(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Sets the nice value.
pub(crate) fn set_nice(tid: Tid, nice: i32) -> io::Result<()> {
    // SAFETY: the call takes three integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_setpriority, libc::PRIO_PROCESS, tid.0, nice) };
    done(result).map(drop)
}

/// IOPRIO_WHO_PROCESS of <linux/ioprio.h>: one thread, despite the name.
const ONE_THREAD: i32 = 1;

/// Input and output priority, in the kernel's form.
pub(crate) fn io_priority(tid: Tid) -> io::Result<u16> {
    // SAFETY: the call takes two integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_get, ONE_THREAD, tid.0) };
    Ok(u16::try_from(done(result)? & 0xffff).unwrap_or(0))
}

/// Sets the input and output priority.
pub(crate) fn set_io_priority(tid: Tid, raw: u16) -> io::Result<()> {
    // SAFETY: the call takes three integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, ONE_THREAD, tid.0, i32::from(raw)) };
    done(result).map(drop)
}

/// Sets policy and real-time priority.
pub(crate) fn set_scheduling(tid: Tid, policy: u32, priority: u32) -> io::Result<()> {
    let invalid = |_| io::Error::from_raw_os_error(libc::EINVAL);
    let policy = i32::try_from(policy).map_err(invalid)?;
    // struct sched_param of the kernel: one int.
    let parameter = i32::try_from(priority).map_err(invalid)?;
    let at: *const i32 = &raw const parameter;
    // SAFETY: the kernel reads one int from `at`, which outlives the call.
    let result = unsafe { libc::syscall(libc::SYS_sched_setscheduler, tid.0, policy, at) };
    done(result).map(drop)
}

/// CPUs that a mask can name at most.
pub(crate) const MOST_CPUS: u32 = 1 << 16;

type Word = libc::c_ulong;

/// CPUs a thread may run on, by ascending number. The mask grows until the kernel's own fits into it.
pub(crate) fn affinity(tid: Tid) -> io::Result<Vec<u32>> {
    let mut mask: Vec<Word> = vec![0; 1024 / Word::BITS as usize];
    loop {
        let size = size_of_val(mask.as_slice());
        let at = mask.as_mut_ptr();
        // SAFETY: the kernel writes at most `size` bytes to `at`, which are ours, borrowed mutably and
        // initialised; any bits make valid words.
        let result = unsafe { libc::syscall(libc::SYS_sched_getaffinity, tid.0, size, at) };
        match done(result) {
            Ok(filled) => {
                let words = usize::try_from(filled).unwrap_or(0) / size_of::<Word>();
                mask.truncate(words);
                return Ok(cpus(&mask));
            }
            Err(error)
                if error.raw_os_error() == Some(libc::EINVAL) && size < MOST_CPUS as usize / 8 =>
            {
                mask.resize(mask.len() * 2, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

fn cpus(mask: &[Word]) -> Vec<u32> {
    let bits = mask.iter().flat_map(|word| (0..Word::BITS).map(move |bit| word >> bit & 1 == 1));
    (0..).zip(bits).filter(|(_, set)| *set).map(|(cpu, _)| cpu).collect()
}

/// Sets the CPUs a thread may run on. Those that do not exist, or that it is not allowed, are left out by the
/// kernel, which refuses a mask of nothing else.
pub(crate) fn set_affinity(tid: Tid, cpus: impl IntoIterator<Item = u32>) -> io::Result<()> {
    let mut mask: Vec<Word> = Vec::new();
    for cpu in cpus {
        let place = (cpu / Word::BITS) as usize;
        if mask.len() <= place {
            mask.resize(place + 1, 0);
        }
        if let Some(word) = mask.get_mut(place) {
            *word |= 1 << (cpu % Word::BITS);
        }
    }
    let size = size_of_val(mask.as_slice());
    let at = mask.as_ptr();
    // SAFETY: the kernel reads at most `size` bytes from `at`, all of which are ours and initialised.
    let result = unsafe { libc::syscall(libc::SYS_sched_setaffinity, tid.0, size, at) };
    done(result).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_a_mask_are_numbers_of_cpus_beyond_the_first_word_too() {
        let mut mask: Vec<Word> = vec![0; 40];
        mask[0] = 0b101;
        mask[39] = 1 << (Word::BITS - 1);
        assert_eq!(cpus(&mask), [0, 2, 40 * Word::BITS - 1]);
    }

    #[test]
    fn no_thread_has_number_zero() {
        assert_eq!(Tid::new(0), None);
        assert_eq!(Tid::new(u32::MAX), None);
        assert_eq!(Tid::new(7).map(Tid::get), Some(7));
    }
}
