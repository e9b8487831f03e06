//! Frequencies, joined from cpufreq's policies and `/proc/cpuinfo`.

use std::collections::BTreeMap;

use ps_core::cpu::{CpuFrequency, PerCpu};

use super::info::CpuInfo;
use crate::decode::text::{columns, number};

/// What cpufreq tells of one policy: the CPUs that change their frequency together.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Policy {
    /// The online CPUs that it rules.
    pub cpus: Vec<u32>,
    /// Momentary frequency in kHz.
    pub current_khz: Option<u64>,
    /// Lowest frequency in kHz.
    pub min_khz: Option<u64>,
    /// Highest frequency in kHz.
    pub max_khz: Option<u64>,
}

impl Policy {
    /// The CPUs that a policy rules, from its `affected_cpus`.
    ///
    /// A kernel without that file names the policy for its one CPU. A policy all of whose CPUs are offline has
    /// an empty file, and rules none.
    #[must_use]
    pub fn ruling(affected: Option<&[u8]>, directory: &[u8]) -> Policy {
        let cpus = match affected {
            Some(text) => columns(text).filter_map(number).collect(),
            None => number_at_end(directory).into_iter().collect(),
        };
        Policy { cpus, ..Policy::default() }
    }

    /// With what its files of frequencies hold; what is no number, or zero, is not known.
    #[must_use]
    pub fn with_files(
        mut self,
        current: Option<&[u8]>,
        min: Option<&[u8]>,
        max: Option<&[u8]>,
    ) -> Policy {
        self.current_khz = khz(current);
        self.min_khz = khz(min);
        self.max_khz = khz(max);
        self
    }
}

/// A frequency file; `<unknown>` and zero are no frequency.
#[must_use]
pub fn khz(text: Option<&[u8]>) -> Option<u64> {
    number(text?.trim_ascii()).filter(|khz| *khz > 0)
}

/// The number at the end of a name such as `policy12` or `cpu3`.
fn number_at_end(name: &[u8]) -> Option<u32> {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    number(name.get(name.len().checked_sub(digits)?..)?)
}

/// Whether cpuinfo tells the momentary frequency of every CPU that a policy rules, and of no other.
#[must_use]
pub fn is_measured<'a>(policies: impl IntoIterator<Item = &'a Policy>, info: &[CpuInfo]) -> bool {
    let measured = |cpu: u32| info.iter().any(|info| info.cpu == cpu && info.mhz.is_some());
    let ruled: Vec<u32> =
        policies.into_iter().flat_map(|policy| policy.cpus.iter().copied()).collect();
    ruled.len() == info.iter().filter(|info| info.mhz.is_some()).count()
        && ruled.iter().all(|cpu| measured(*cpu))
}

/// The frequency of each CPU, by ascending number.
///
/// `/proc/cpuinfo` is believed for the momentary frequency if it has one for every CPU that a policy rules: it
/// is measured for all CPUs at once. Otherwise the policy's figure is that of all its CPUs. A CPU without a momentary
/// frequency is left out. Without any policy, what cpuinfo tells is all there is.
#[must_use]
pub fn join(policies: &[Policy], info: &[CpuInfo]) -> Vec<PerCpu<CpuFrequency>> {
    let measured: BTreeMap<u32, f64> =
        info.iter().filter_map(|info| Some((info.cpu, info.mhz?))).collect();
    if policies.is_empty() {
        return measured.into_iter().map(|(cpu, mhz)| frequency(cpu, mhz, None)).collect();
    }
    let believed = is_measured(policies, info);
    let mut all: Vec<_> = policies
        .iter()
        .flat_map(|policy| policy.cpus.iter().map(move |cpu| (*cpu, policy)))
        .filter_map(|(cpu, policy)| {
            let now = measured.get(&cpu).copied().filter(|_| believed);
            let now = now.or_else(|| policy.current_khz.map(megahertz))?;
            Some(frequency(cpu, now, Some(policy)))
        })
        .collect();
    all.sort_by_key(|one| one.cpu);
    all
}

fn frequency(cpu: u32, mhz: f64, policy: Option<&Policy>) -> PerCpu<CpuFrequency> {
    let mut value = CpuFrequency::default();
    value.current_mhz = mhz;
    value.min_mhz = policy.and_then(|policy| policy.min_khz).map(megahertz);
    value.max_mhz = policy.and_then(|policy| policy.max_khz).map(megahertz);
    PerCpu { cpu, value }
}

fn megahertz(khz: u64) -> f64 {
    khz as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::cpu::info::decode_cpuinfo;
    use proptest::prelude::*;

    fn policy(affected: &[u8], current: &[u8]) -> Policy {
        Policy::ruling(Some(affected), b"policy0").with_files(
            Some(current),
            Some(b"800000\n"),
            Some(b"3000000\n"),
        )
    }

    fn currents(all: &[PerCpu<CpuFrequency>]) -> Vec<(u32, f64)> {
        all.iter().map(|one| (one.cpu, one.value.current_mhz)).collect()
    }

    #[test]
    fn cpu_frequency_of_a_policy_is_that_of_all_its_cpus() {
        let all = join(&[policy(b"4 5", b"2000000\n"), policy(b"0 1", b"1000000")], &[]);
        assert_eq!(currents(&all), [(0, 1000.0), (1, 1000.0), (4, 2000.0), (5, 2000.0)]);
        assert_eq!((all[0].value.min_mhz, all[0].value.max_mhz), (Some(800.0), Some(3000.0)));
    }

    #[test]
    fn cpu_frequency_policy_without_affected_cpus_is_named_for_its_cpu() {
        assert_eq!(Policy::ruling(None, b"policy12").cpus, [12]);
        assert_eq!(Policy::ruling(None, b"cpu3").cpus, [3]);
        assert!(Policy::ruling(None, b"policy").cpus.is_empty());
        assert!(Policy::ruling(Some(b"\n"), b"policy1").cpus.is_empty());
    }

    #[test]
    fn cpu_frequency_cpuinfo_is_believed_only_if_it_has_every_cpu() {
        let both = decode_cpuinfo(b"processor: 0\ncpu MHz: 11\nprocessor: 1\ncpu MHz: 22\n");
        let one = decode_cpuinfo(b"processor: 0\ncpu MHz: 11\n");
        let policies = [policy(b"0 1", b"1000000")];
        assert_eq!(currents(&join(&policies, &both)), [(0, 11.0), (1, 22.0)]);
        assert_eq!(currents(&join(&policies, &one)), [(0, 1000.0), (1, 1000.0)]);
    }

    #[test]
    fn cpu_frequency_cpu_without_a_figure_is_left_out() {
        let all = join(&[policy(b"0", b"<unknown>\n"), policy(b"1", b"1000")], &[]);
        assert_eq!(currents(&all), [(1, 1.0)]);
    }

    #[test]
    fn cpu_frequency_without_cpufreq_is_cpuinfos_without_limits() {
        let all = join(&[], &decode_cpuinfo(b"processor: 0\ncpu MHz: 11\nprocessor: 1\n"));
        assert_eq!(currents(&all), [(0, 11.0)]);
        assert_eq!((all[0].value.min_mhz, all[0].value.max_mhz), (None, None));
        assert!(join(&[], &[]).is_empty());
    }

    #[test]
    fn no_frequency_is_none() {
        assert_eq!((khz(Some(b"0\n")), khz(Some(b"1\n")), khz(None)), (None, Some(1), None));
    }

    #[test]
    fn cpuinfo_of_other_cpus_is_not_believed() {
        let of = |info: &[u8]| is_measured(&[policy(b"0 1", b"")], &decode_cpuinfo(info));
        assert!(of(b"processor: 0\ncpu MHz: 11\nprocessor: 1\ncpu MHz: 22\n"));
        assert!(!of(b"processor: 0\ncpu MHz: 11\nprocessor: 5\ncpu MHz: 22\n"));
        assert!(!of(b"processor: 0\ncpu MHz: 11\nprocessor: 1\n"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_policy_panic(a: Vec<u8>, b: Vec<u8>) {
            let policy = Policy::ruling(Some(&a), &b).with_files(Some(&a), Some(&b), None);
            let _ = (Policy::ruling(None, &b), join(&[policy], &[]));
        }
    }
}
