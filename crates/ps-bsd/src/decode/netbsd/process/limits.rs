//! Resource limits (`proc.PID.rlimit`), which are read and set one half at a time.

use std::io;

use ps_core::process::{Limit, Resource};

use crate::raw::errno::EINVAL;
use crate::raw::netbsd::process::{
    RLIMIT_AS, RLIMIT_CORE, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NOFILE,
    RLIMIT_NPROC, RLIMIT_NTHR, RLIMIT_RSS, RLIMIT_SBSIZE, RLIMIT_STACK,
};

/// No limit (`RLIM_INFINITY`, in `<sys/resource.h>`).
const INFINITY: u64 = i64::MAX.cast_unsigned();

/// The number of a resource; `None` of one that the system does not have.
#[must_use]
pub fn number(resource: Resource) -> Option<i32> {
    Some(match resource {
        Resource::Cpu => RLIMIT_CPU,
        Resource::FileSize => RLIMIT_FSIZE,
        Resource::Data => RLIMIT_DATA,
        Resource::Stack => RLIMIT_STACK,
        Resource::Core => RLIMIT_CORE,
        Resource::ResidentSet => RLIMIT_RSS,
        Resource::LockedMemory => RLIMIT_MEMLOCK,
        Resource::Processes => RLIMIT_NPROC,
        Resource::OpenFiles => RLIMIT_NOFILE,
        Resource::SocketBuffers => RLIMIT_SBSIZE,
        Resource::AddressSpace => RLIMIT_AS,
        Resource::Threads => RLIMIT_NTHR,
        _ => return None,
    })
}

/// A half as the kernel has it, read.
#[must_use]
pub fn half(raw: u64) -> Option<u64> {
    (raw < INFINITY).then_some(raw)
}

/// A half as the kernel takes it.
#[must_use]
pub fn raw(half: Option<u64>) -> u64 {
    half.unwrap_or(INFINITY).min(INFINITY)
}

/// Which half of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Half {
    /// What the kernel holds the process to.
    Soft,
    /// How far the process may raise it.
    Hard,
}

/// Sets both halves of a limit, one after the other, since the kernel takes one at a time and refuses (`EINVAL`) a
/// soft half that would be above the hard one: the soft half first, and if it cannot be, the hard one first.
///
/// If the second half is refused the first is put back to `before`, as far as the kernel lets it.
///
/// # Errors
///
/// Whatever `set` failed with.
pub fn set_both(
    before: Limit,
    limit: Limit,
    mut set: impl FnMut(Half, Option<u64>) -> io::Result<()>,
) -> io::Result<()> {
    let order = match set(Half::Soft, limit.soft) {
        Ok(()) => [(Half::Hard, limit.hard), (Half::Soft, before.soft)],
        Err(error) if error.raw_os_error() == Some(EINVAL) => {
            set(Half::Hard, limit.hard)?;
            [(Half::Soft, limit.soft), (Half::Hard, before.hard)]
        }
        Err(error) => return Err(error),
    };
    let [(second, value), (first, old)] = order;
    set(second, value).inspect_err(|_| {
        // Nothing more can be done if that fails, too; the caller learns why the limit could not be set.
        let _ = set(first, old);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::errno::{EPERM, ESRCH};

    fn limit(soft: u64, hard: u64) -> Limit {
        Limit { soft: Some(soft), hard: Some(hard) }
    }

    /// The kernel: refuses a soft half above the hard one, and to raise the hard one if `privileged` is not set.
    fn kernel(
        now: &mut Limit,
        privileged: bool,
    ) -> impl FnMut(Half, Option<u64>) -> io::Result<()> + '_ {
        move |half, value| {
            let mut next = *now;
            match half {
                Half::Soft => next.soft = value,
                Half::Hard => next.hard = value,
            }
            if raw(next.soft) > raw(next.hard) {
                return Err(io::Error::from_raw_os_error(EINVAL));
            }
            if raw(next.hard) > raw(now.hard) && !privileged {
                return Err(io::Error::from_raw_os_error(EPERM));
            }
            *now = next;
            Ok(())
        }
    }

    #[test]
    fn every_change_arrives_whatever_order_it_needs() {
        let before = limit(10, 20);
        for after in [limit(5, 8), limit(30, 40), limit(10, 10), limit(20, 20), limit(0, 0)] {
            let mut now = before;
            set_both(before, after, kernel(&mut now, true)).expect("allowed");
            assert_eq!(now, after);
        }
        let mut now = before;
        set_both(before, Limit::UNLIMITED, kernel(&mut now, true)).expect("allowed");
        assert_eq!((half(raw(now.soft)), half(raw(now.hard))), (None, None));
    }

    #[test]
    fn a_change_that_is_refused_leaves_no_half_behind() {
        let before = limit(10, 20);
        for after in [limit(5, 40), limit(30, 40)] {
            let mut now = before;
            let error = set_both(before, after, kernel(&mut now, false)).expect_err("refused");
            assert_eq!(error.raw_os_error(), Some(EPERM));
            assert_eq!(now, before);
        }
    }

    #[test]
    fn only_a_soft_half_above_the_hard_one_is_tried_in_the_other_order() {
        for (errno, expected) in [(EPERM, 1), (ESRCH, 1), (EINVAL, 2)] {
            let mut asked = 0;
            let error = set_both(limit(1, 2), limit(3, 4), |_, _| {
                asked += 1;
                Err(io::Error::from_raw_os_error(errno))
            });
            assert_eq!(error.map_err(|error| error.raw_os_error()), Err(Some(errno)));
            assert_eq!(asked, expected, "{errno}");
        }
    }

    #[test]
    fn no_limit_is_the_largest_number_with_a_sign() {
        assert_eq!(half(0x7fff_ffff_ffff_ffff), None);
        assert_eq!((half(u64::MAX), half(7), half(0)), (None, Some(7), Some(0)));
        assert_eq!((raw(None), raw(Some(u64::MAX)), raw(Some(7))), (INFINITY, INFINITY, 7));
    }

    #[test]
    fn resources_are_numbered_as_the_header_says_and_those_of_other_systems_have_no_number() {
        let own = [
            Resource::Cpu,
            Resource::FileSize,
            Resource::Data,
            Resource::Stack,
            Resource::Core,
            Resource::ResidentSet,
            Resource::LockedMemory,
            Resource::Processes,
            Resource::OpenFiles,
            Resource::SocketBuffers,
            Resource::AddressSpace,
            Resource::Threads,
        ];
        assert!(own.into_iter().map(number).eq((0..=11).map(Some)));
        assert_eq!((number(Resource::Nice), number(Resource::Swap)), (None, None));
    }
}
