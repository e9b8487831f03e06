//! How a thread gets at CPUs and disks: policy and priority.

use ps_core::{Context, Error, Result};

/// Kind of input and output priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[doc(alias = "ioclass")]
#[allow(clippy::exhaustive_enums)]
pub enum IoClass {
    /// Not set: it follows from the nice value.
    #[default]
    #[doc(alias = "IOPRIO_CLASS_NONE")]
    None,
    /// Before all others.
    #[doc(alias = "IOPRIO_CLASS_RT")]
    RealTime,
    /// By level.
    #[doc(alias = "IOPRIO_CLASS_BE")]
    BestEffort,
    /// Only when nobody else wants the disk.
    #[doc(alias = "IOPRIO_CLASS_IDLE")]
    Idle,
}

/// Input and output priority of a thread.
///
/// ```
/// use ps_linux::decode::process::{IoClass, IoPriority};
/// assert!(IoPriority::new(IoClass::BestEffort, 7).is_ok());
/// assert!(IoPriority::new(IoClass::BestEffort, 8).is_err());
/// assert!(IoPriority::new(IoClass::Idle, 1).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "ionice")]
#[non_exhaustive]
pub struct IoPriority {
    /// Class.
    pub class: IoClass,
    /// Level within the class, from 0, the strongest, to 7. Always 0 for the classes that have none.
    pub level: u8,
}

impl IoPriority {
    /// A class and a level within it. The classes *none* and *idle* have level 0 only.
    pub fn new(class: IoClass, level: u8) -> Result<IoPriority> {
        let priority = IoPriority { class, level };
        priority.check()?;
        Ok(priority)
    }

    /// Refuses a level that the class does not have.
    pub fn check(&self) -> Result<()> {
        let most = match self.class {
            IoClass::None | IoClass::Idle => 0,
            IoClass::RealTime | IoClass::BestEffort => 7,
        };
        if self.level > most {
            return Err(Error::invalid(
                Context::new("io_priority"),
                format!("level {} is outside 0 to {most}, the levels of its class", self.level),
            ));
        }
        Ok(())
    }

    /// As the system calls take it.
    #[must_use]
    pub const fn to_raw(self) -> u16 {
        let class = match self.class {
            IoClass::None => 0,
            IoClass::RealTime => 1,
            IoClass::BestEffort => 2,
            IoClass::Idle => 3,
        };
        (class << 13) + self.level as u16
    }

    /// As the system calls give it. `None` for a class that is not known. The bits of hints (from 6.5),
    /// which lie above those of the level, are left out, and so is the level of a class that has none.
    #[must_use]
    pub const fn from_raw(raw: u16) -> Option<IoPriority> {
        let level = (raw & 7) as u8;
        match raw >> 13 {
            0 => Some(IoPriority { class: IoClass::None, level: 0 }),
            1 => Some(IoPriority { class: IoClass::RealTime, level }),
            2 => Some(IoPriority { class: IoClass::BestEffort, level }),
            3 => Some(IoPriority { class: IoClass::Idle, level: 0 }),
            _ => None,
        }
    }
}

/// How the scheduler treats a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Policy {
    /// The usual one, by nice value.
    #[doc(alias = "SCHED_NORMAL")]
    Other,
    /// Real time: first come, first served.
    Fifo,
    /// Real time: in turns.
    RoundRobin,
    /// Like the usual one, for what nobody waits for.
    Batch,
    /// Only when nobody else wants the CPU.
    Idle,
    /// By deadlines.
    Deadline,
    /// By a scheduler loaded into the kernel. From 6.12.
    Ext,
    /// Any other, by the kernel's number.
    Unknown(u32),
}

impl Policy {
    /// From the kernel's number.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Policy {
        match raw {
            0 => Policy::Other,
            1 => Policy::Fifo,
            2 => Policy::RoundRobin,
            3 => Policy::Batch,
            5 => Policy::Idle,
            6 => Policy::Deadline,
            7 => Policy::Ext,
            other => Policy::Unknown(other),
        }
    }

    /// The kernel's number.
    #[must_use]
    pub const fn to_raw(self) -> u32 {
        match self {
            Policy::Other => 0,
            Policy::Fifo => 1,
            Policy::RoundRobin => 2,
            Policy::Batch => 3,
            Policy::Idle => 5,
            Policy::Deadline => 6,
            Policy::Ext => 7,
            Policy::Unknown(raw) => raw,
        }
    }
}

/// Policy of a thread, and its real-time priority.
///
/// ```
/// use ps_linux::decode::process::{Policy, Scheduling};
/// assert!(Scheduling::new(Policy::Batch, 0).is_ok());
/// assert!(Scheduling::new(Policy::Batch, 1).is_err());
/// assert!(Scheduling::new(Policy::Fifo, 0).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Scheduling {
    /// Policy.
    pub policy: Policy,
    /// Priority among real-time threads, from 1 to 99, high being strong; 0 for other policies.
    pub priority: u32,
}

impl Scheduling {
    /// A policy and a real-time priority, which the policies that are not of real time do not have.
    pub fn new(policy: Policy, priority: u32) -> Result<Scheduling> {
        let scheduling = Scheduling { policy, priority };
        scheduling.check()?;
        Ok(scheduling)
    }

    /// Refuses a priority that the policy does not have, and what cannot be set this way.
    pub fn check(&self) -> Result<()> {
        let invalid = |reason: &str| Err(Error::invalid(Context::new("scheduling"), reason));
        match self.policy {
            Policy::Fifo | Policy::RoundRobin if !(1..=99).contains(&self.priority) => {
                invalid("a real-time priority is from 1 to 99")
            }
            Policy::Other | Policy::Batch | Policy::Idle | Policy::Ext if self.priority != 0 => {
                invalid("only real-time policies have a priority")
            }
            Policy::Deadline => invalid("deadlines cannot be set by a priority"),
            Policy::Unknown(_) => invalid("the policy is not known"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_priorities_read_back_from_the_kernels_form() {
        for class in [IoClass::None, IoClass::RealTime, IoClass::BestEffort, IoClass::Idle] {
            for level in 0..=9 {
                let Ok(priority) = IoPriority::new(class, level) else { continue };
                assert_eq!(IoPriority::from_raw(priority.to_raw()), Some(priority));
            }
        }
        let best = IoPriority::new(IoClass::BestEffort, 4).expect("valid");
        assert_eq!(best.to_raw(), 2 << 13 | 4);
        assert_eq!(IoPriority::from_raw(2 << 13 | 1 << 3 | 4), Some(best), "hints are left out");
        assert_eq!(IoPriority::from_raw(4), Some(IoPriority::default()));
        assert_eq!(IoPriority::from_raw(7 << 13), None);
    }

    #[test]
    fn a_level_that_its_class_does_not_have_is_refused() {
        for (class, level) in [
            (IoClass::None, 1),
            (IoClass::Idle, 1),
            (IoClass::RealTime, 8),
            (IoClass::BestEffort, 8),
        ] {
            let error = IoPriority::new(class, level).expect_err("refused");
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error}");
        }
        for (class, most) in [
            (IoClass::None, 0),
            (IoClass::Idle, 0),
            (IoClass::RealTime, 7),
            (IoClass::BestEffort, 7),
        ] {
            assert!((0..=most).all(|level| IoPriority::new(class, level).is_ok()), "{class:?}");
        }
    }

    #[test]
    fn policies_read_back_from_the_kernels_number() {
        for raw in 0..9 {
            assert_eq!(Policy::from_raw(raw).to_raw(), raw);
        }
        assert_eq!(Policy::from_raw(4), Policy::Unknown(4));
        assert_eq!(Policy::from_raw(1), Policy::Fifo);
    }

    #[test]
    fn a_priority_that_its_policy_does_not_have_is_refused() {
        for (policy, priority) in [
            (Policy::Other, 1),
            (Policy::Fifo, 0),
            (Policy::RoundRobin, 100),
            (Policy::Deadline, 0),
            (Policy::Unknown(4), 0),
            (Policy::Ext, 1),
        ] {
            assert!(Scheduling::new(policy, priority).is_err(), "{policy:?} {priority}");
        }
        assert!(Scheduling::new(Policy::Fifo, 99).is_ok());
        assert!(Scheduling::new(Policy::Idle, 0).is_ok());
    }
}
