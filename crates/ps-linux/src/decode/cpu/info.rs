//! `/proc/cpuinfo`, whose shape every architecture makes up for itself.

use std::collections::BTreeMap;

use super::count;
use crate::decode::text::{key_value, lines, number};

/// What `/proc/cpuinfo` tells of one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CpuInfo {
    /// The kernel's number of the CPU.
    pub cpu: u32,
    /// Momentary frequency in MHz, where the architecture writes it.
    pub mhz: Option<f64>,
    /// The package that the CPU is in.
    pub package: Option<u32>,
    /// Cores in that package.
    pub cores: Option<u32>,
}

/// The CPUs that `/proc/cpuinfo` lists, by ascending number.
///
/// Frequencies are taken from `cpu MHz` (x86 and others), `clock` (PowerPC) and `cpu MHz dynamic` (s390x,
/// whose `cpu MHz static` is the nominal one).
#[must_use]
pub fn decode_cpuinfo(text: &[u8]) -> Vec<CpuInfo> {
    let mut all: BTreeMap<u32, CpuInfo> = BTreeMap::new();
    let mut now = None;
    for line in lines(text) {
        let Some((key, value)) = key_value(line, b':') else { continue };
        if let Some(cpu) = number_of(key, value) {
            all.entry(cpu).or_default().cpu = cpu;
            now = Some(cpu);
            continue;
        }
        let Some(info) = now.and_then(|cpu| all.get_mut(&cpu)) else { continue };
        match key {
            b"cpu MHz" | b"cpu MHz dynamic" => info.mhz = megahertz(value),
            b"clock" => info.mhz = megahertz(value.strip_suffix(b"MHz").unwrap_or(value)),
            b"physical id" => info.package = number(value),
            b"cpu cores" => info.cores = number(value),
            _ => {}
        }
    }
    all.into_values().collect()
}

/// The CPU that a line begins to tell of.
///
/// `processor : 3` nearly everywhere; s390x lists its CPUs as `processor 3: ...` and then describes each under
/// `cpu number : 3`. 32-bit ARM adds a `Processor` line with the model's name, which is no CPU.
fn number_of(key: &[u8], value: &[u8]) -> Option<u32> {
    match key {
        b"processor" | b"cpu number" => number(value),
        _ => number(key.strip_prefix(b"processor ")?.trim_ascii()),
    }
}

fn megahertz(value: &[u8]) -> Option<f64> {
    number(value.trim_ascii()).filter(|mhz: &f64| mhz.is_finite() && *mhz > 0.0)
}

/// Logical CPUs; `None` if none is listed.
#[must_use]
pub fn count_logical(all: &[CpuInfo]) -> Option<u32> {
    count(all.len())
}

/// Physical cores: those of every package added up; `None` if packages are not told.
#[must_use]
pub fn count_cores(all: &[CpuInfo]) -> Option<u32> {
    let packages: BTreeMap<u32, u32> =
        all.iter().filter_map(|info| Some((info.package?, info.cores?))).collect();
    let total = packages.values().try_fold(0u32, |sum, cores| sum.checked_add(*cores))?;
    Some(total).filter(|total| *total > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const X86: &[u8] = b"processor\t: 0\nphysical id\t: 0\ncpu cores\t: 2\ncpu MHz\t\t: 2400.5\n\n\
        processor\t: 1\nphysical id\t: 0\ncpu cores\t: 2\ncpu MHz\t\t: 1200.0\n\n\
        processor\t: 2\nphysical id\t: 1\ncpu cores\t: 3\ncpu MHz\t\t: 900.0\n";

    #[test]
    fn cpuinfo_separators_may_be_tabs_or_blanks() {
        assert_eq!(
            decode_cpuinfo(b"processor       : 4\ncpu MHz : 5.0\n"),
            decode_cpuinfo(b"processor\t:4\ncpu MHz\t:\t5.0\n")
        );
    }

    #[test]
    fn cpu_cores_of_distinct_packages_add_up() {
        let all = decode_cpuinfo(X86);
        assert_eq!((count_logical(&all), count_cores(&all)), (Some(3), Some(5)));
        assert_eq!(all[1].mhz, Some(1200.0));
        assert_eq!(count_cores(&decode_cpuinfo(b"processor: 0\n")), None);
    }

    #[test]
    fn cpu_frequency_of_s390x_is_the_dynamic_one() {
        let text = b"vendor_id       : IBM/S390\n# processors    : 2\n\
            processor 0: version = FF,  identification = 1,  machine = 3906\n\
            processor 1: version = FF,  identification = 1,  machine = 3906\n\n\
            cpu number      : 0\ncpu MHz dynamic : 5208\ncpu MHz static  : 5000\n\n\
            cpu number      : 1\ncpu MHz dynamic : 5200\ncpu MHz static  : 5000\n";
        let all = decode_cpuinfo(text);
        assert_eq!(
            all.iter().map(|info| info.mhz).collect::<Vec<_>>(),
            [Some(5208.0), Some(5200.0)]
        );
    }

    #[test]
    fn cpu_frequency_of_powerpc_is_the_clock() {
        let all = decode_cpuinfo(b"processor\t: 0\ncpu\t\t: POWER8\nclock\t\t: 3425.000000MHz\n");
        assert_eq!(all[0].mhz, Some(3425.0));
    }

    #[test]
    fn the_model_line_of_arm_is_no_cpu() {
        let text = b"Processor\t: ARMv7 Processor rev 3 (v7l)\nprocessor\t: 0\nprocessor\t: 1\n";
        assert_eq!(count_logical(&decode_cpuinfo(text)), Some(2));
        assert_eq!(count_logical(&decode_cpuinfo(b"Processor : ARM926EJ-S\n")), None);
    }

    #[test]
    fn a_clock_that_makes_no_sense_is_none() {
        let of = |mhz: &str| decode_cpuinfo(format!("processor: 0\ncpu MHz: {mhz}\n").as_bytes());
        for bad in ["0", "-5", "inf", "nan", ""] {
            assert_eq!(of(bad)[0].mhz, None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let all = decode_cpuinfo(&bytes);
            let _ = (count_logical(&all), count_cores(&all));
        }
    }
}
