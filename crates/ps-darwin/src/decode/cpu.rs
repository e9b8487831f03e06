//! Time per mode, load and frequencies.

use std::time::Duration;

use ps_core::Result;
use ps_core::cpu::{CpuFrequency, CpuTimes, LoadAverage, PerCpu};
use ps_core::raw::{Record as _, each};

use super::{Property, malformed, short};
use crate::raw::host::Loadavg;
use crate::raw::mem::{
    CPU_STATE_IDLE, CPU_STATE_NICE, CPU_STATE_SYSTEM, CPU_STATE_USER, ProcessorCpuLoadInfo,
};

/// How often a second the kernel counts in which mode a processor is (`hz_tick_interval` in
/// `osfmk/kern/processor.c` is a hundredth of a second on every machine).
const HZ: u64 = 100;

/// Time of each processor in each mode, from `PROCESSOR_CPU_LOAD_INFO`.
pub fn decode_processor_load(answer: &[u8]) -> Result<Vec<PerCpu<CpuTimes>>> {
    let all: Result<Vec<_>> = (0..)
        .zip(each::<ProcessorCpuLoadInfo>(answer, ProcessorCpuLoadInfo::LAYOUT.size))
        .map(|(cpu, record)| Ok(PerCpu { cpu, value: times(&record.map_err(short)?) }))
        .collect();
    match all {
        Ok(none) if none.is_empty() => Err(malformed("host_processor_info", "no processor in it")),
        other => other,
    }
}

fn times(record: &ProcessorCpuLoadInfo) -> CpuTimes {
    let of = |state: i32| {
        let ticks = usize::try_from(state).ok().and_then(|at| record.cpu_ticks.get(at));
        let ticks = u64::from(ticks.copied().unwrap_or_default());
        Duration::from_millis(ticks.saturating_mul(1000 / HZ))
    };
    let mut times = CpuTimes::default();
    times.user = of(CPU_STATE_USER);
    times.system = of(CPU_STATE_SYSTEM);
    times.idle = of(CPU_STATE_IDLE);
    times.nice = of(CPU_STATE_NICE);
    times
}

/// Time of all processors together.
///
/// Added up here and not taken from `HOST_CPU_LOAD_INFO`: the kernel keeps that sum in 32 bits, which on a
/// machine with sixteen processors is a month.
#[must_use]
pub fn total(all: &[PerCpu<CpuTimes>]) -> CpuTimes {
    let sum = |field: fn(&CpuTimes) -> Duration| {
        all.iter().map(|cpu| field(&cpu.value)).fold(Duration::ZERO, Duration::saturating_add)
    };
    let mut times = CpuTimes::default();
    times.user = sum(|times| times.user);
    times.system = sum(|times| times.system);
    times.idle = sum(|times| times.idle);
    times.nice = sum(|times| times.nice);
    times
}

/// Load averages, from `vm.loadavg`.
pub fn decode_loadavg(answer: &[u8]) -> Result<LoadAverage> {
    let record = Loadavg::from_bytes(answer).map_err(short)?;
    if record.fscale <= 0 {
        return Err(malformed("vm.loadavg", "the scale is not positive"));
    }
    let [one, five, fifteen] = record.ldavg.map(|load| f64::from(load) / record.fscale as f64);
    Ok(LoadAverage::new(one, five, fifteen))
}

/// A number of processors; `None` of less than one.
#[must_use]
pub fn decode_count(answer: &[u8]) -> Option<u32> {
    u32::try_from(super::number(answer)?).ok().filter(|count| *count > 0)
}

/// The frequency from the numbers in Hz that Intel machines have (`hw.cpufrequency` and its limits).
#[must_use]
pub fn of_hertz(current: Option<i64>, min: Option<i64>, max: Option<i64>) -> Option<CpuFrequency> {
    let mhz = |hertz: Option<i64>| hertz.filter(|hertz| *hertz > 0).map(|hertz| hertz as f64 / 1e6);
    let mut frequency = CpuFrequency::default();
    frequency.current_mhz = mhz(current)?;
    frequency.min_mhz = mhz(min);
    frequency.max_mhz = mhz(max);
    Some(frequency)
}

/// Frequencies outside of these are taken for something else that stands in the tables.
const PLAUSIBLE_MHZ: std::ops::RangeInclusive<f64> = 500.0..=20_000.0;
/// A table whose highest step is below this belongs to a graphics or neural processor.
const LEAST_TOP_MHZ: f64 = 2000.0;
/// Steps up to M3 are in Hz, and above this; from M4 on they are in kHz, and below.
const HERTZ_FROM: u32 = 100_000_000;

/// The frequency from the tables of steps that Apple silicon has: every `voltage-states…-sram` of the device
/// `pmgr`. `None` if no table is that of a processor, as on virtual machines.
///
/// The tables are numbered differently from generation to generation, so all of them are looked at. They tell
/// the steps and not the momentary one: the highest is given for the current frequency too.
#[must_use]
pub fn of_step_tables(pmgr: &Property) -> Option<CpuFrequency> {
    let Property::Map(properties) = pmgr else { return None };
    let mut lowest = f64::INFINITY;
    let mut highest = 0.0f64;
    for (name, value) in properties {
        let Property::Data(table) = value else { continue };
        if !(name.starts_with("voltage-states") && name.ends_with("-sram")) {
            continue;
        }
        let (min, max) = bounds(table);
        if max >= LEAST_TOP_MHZ {
            lowest = lowest.min(min);
            highest = highest.max(max);
        }
    }
    (highest > 0.0).then(|| {
        let mut frequency = CpuFrequency::default();
        frequency.current_mhz = highest;
        frequency.min_mhz = Some(lowest);
        frequency.max_mhz = Some(highest);
        frequency
    })
}

/// Lowest and highest step of a table of pairs of frequency and voltage.
fn bounds(table: &[u8]) -> (f64, f64) {
    table
        .chunks_exact(8)
        .filter_map(|pair| pair.first_chunk().map(|step| u32::from_le_bytes(*step)))
        .map(|step| f64::from(step) / if step >= HERTZ_FROM { 1e6 } else { 1e3 })
        .filter(|mhz| PLAUSIBLE_MHZ.contains(mhz))
        .fold((f64::INFINITY, 0.0), |(min, max), mhz| (mhz.min(min), mhz.max(max)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer(records: &[[u32; 4]]) -> Vec<u8> {
        records
            .iter()
            .flat_map(|ticks| ProcessorCpuLoadInfo { cpu_ticks: *ticks }.to_bytes())
            .collect()
    }

    #[test]
    fn ticks_are_hundredths_of_a_second_and_nice_comes_last() {
        let all = decode_processor_load(&answer(&[[100, 250, 300, 7], [0; 4]])).expect("decodes");
        assert_eq!(all.len(), 2);
        let first = all[0].value;
        assert_eq!(
            (first.user, first.system),
            (Duration::from_secs(1), Duration::from_millis(2500))
        );
        assert_eq!((first.idle, first.nice), (Duration::from_secs(3), Duration::from_millis(70)));
        assert_eq!(all[1].cpu, 1);
        assert_eq!((first.irq, first.iowait), (None, None));
    }

    #[test]
    fn the_sum_goes_on_where_32_bits_end() {
        let all = decode_processor_load(&answer(&[[u32::MAX; 4]; 16])).expect("decodes");
        assert_eq!(total(&all).idle, Duration::from_millis(10 * 16 * u64::from(u32::MAX)));
    }

    #[test]
    fn no_processor_and_half_a_processor_are_errors() {
        assert!(decode_processor_load(&[]).is_err());
        assert!(decode_processor_load(&answer(&[[1; 4]])[..12]).is_err());
    }

    #[test]
    fn loads_are_divided_by_the_scale_that_comes_with_them() {
        let record = Loadavg { ldavg: [2048, 1024, 512], fscale: 2048 };
        let load = decode_loadavg(&record.to_bytes()).expect("decodes");
        assert_eq!((load.one, load.five, load.fifteen), (1.0, 0.5, 0.25));
        assert!(decode_loadavg(&Loadavg { fscale: 0, ..record }.to_bytes()).is_err());
        assert!(decode_loadavg(&[0; 8]).is_err());
    }

    #[test]
    fn less_than_one_processor_is_not_known() {
        assert_eq!(decode_count(&8i32.to_ne_bytes()), Some(8));
        assert_eq!(decode_count(&0i32.to_ne_bytes()), None);
        assert_eq!(decode_count(&(-1i32).to_ne_bytes()), None);
    }

    #[test]
    fn an_unknown_limit_is_none_and_no_frequency_is_nothing() {
        let frequency = of_hertz(Some(2_600_000_000), None, Some(0)).expect("known");
        assert_eq!(
            (frequency.current_mhz, frequency.min_mhz, frequency.max_mhz),
            (2600.0, None, None)
        );
        assert_eq!(of_hertz(None, Some(1), Some(1)), None);
    }

    fn table(steps: &[u32]) -> Property {
        Property::Data(
            steps.iter().flat_map(|step| [step.to_le_bytes(), [9; 4]].concat()).collect(),
        )
    }

    fn pmgr(tables: &[(&str, &[u32])]) -> Property {
        Property::Map(
            tables.iter().map(|(name, steps)| ((*name).to_owned(), table(steps))).collect(),
        )
    }

    #[test]
    fn steps_are_hertz_on_older_chips_and_kilohertz_on_newer_ones() {
        let older = pmgr(&[
            ("voltage-states1-sram", &[600_000_000, 2_064_000_000]),
            ("voltage-states5-sram", &[0, 600_000_000, 3_204_000_000]),
        ]);
        let frequency = of_step_tables(&older).expect("known");
        assert_eq!((frequency.min_mhz, frequency.max_mhz), (Some(600.0), Some(3204.0)));
        let newer = pmgr(&[("voltage-states22-sram", &[1_020_000, 4_512_000])]);
        assert_eq!(of_step_tables(&newer).expect("known").current_mhz, 4512.0);
    }

    #[test]
    fn tables_of_other_processors_and_other_properties_are_left_out() {
        let graphics = pmgr(&[("voltage-states9-sram", &[389_000_000, 1_398_000_000])]);
        assert_eq!(of_step_tables(&graphics), None);
        let others = pmgr(&[("voltage-states5", &[3_204_000_000]), ("name", &[3_204_000_000])]);
        assert_eq!(of_step_tables(&others), None);
        assert_eq!(of_step_tables(&Property::Other), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_any_of_these_panic(bytes: Vec<u8>) {
            let _ = decode_processor_load(&bytes).map(|all| total(&all));
            let _ = (decode_loadavg(&bytes), decode_count(&bytes), bounds(&bytes));
        }
    }
}
