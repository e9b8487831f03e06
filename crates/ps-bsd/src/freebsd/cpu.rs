//! CPUs, by `kern.cp_time`, `vm.stats.sys` and `dev.cpu`.

use std::io;

use ps_core::Result;
use ps_core::cpu::{CpuBackend, CpuFrequency, CpuStats, CpuTimes, LoadAverage, PerCpu};

use super::sys::named;
use super::{FreeBsd, failed, if_there};
use crate::decode::{self, freebsd::cpu as decoded, malformed};
use crate::raw::freebsd::host::{HW_NCPU, Loadavg};
use crate::raw::freebsd::mem::{CTL_HW, CTL_VM, VM_LOADAVG};
use crate::shared::sys::sysctl;

/// Logical CPUs.
pub(super) fn count() -> io::Result<u32> {
    let count: i32 = sysctl::read_value(&[CTL_HW, HW_NCPU])?;
    Ok(u32::try_from(count).unwrap_or(0))
}

/// A counter; `None` on kernels that do not have it.
pub(super) fn counter(name: &'static str) -> Result<Option<u64>> {
    Ok(if_there(name, named::read(name))?.and_then(|answer| decoded::counter(&answer)))
}

impl CpuBackend for FreeBsd {
    fn cpu_times(&self) -> Result<CpuTimes> {
        let answer = named::read("kern.cp_time").map_err(failed("kern.cp_time"))?;
        decoded::times(&answer, self.clock_units()?)
            .ok_or_else(|| malformed("kern.cp_time", format!("{} bytes", answer.len())))
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        let answer = named::read("kern.cp_times").map_err(failed("kern.cp_times"))?;
        Ok(decoded::times_per_cpu(&answer, self.clock_units()?))
    }

    fn cpu_count(&self) -> Result<Option<u32>> {
        Ok(Some(count().map_err(failed("hw.ncpu"))?).filter(|count| *count > 0))
    }

    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        let cores = if_there("kern.smp.cores", named::value::<i32>("kern.smp.cores"))?;
        Ok(cores.and_then(|cores| u32::try_from(cores).ok()).filter(|cores| *cores > 0))
    }

    fn cpu_stats(&self) -> Result<CpuStats> {
        let mut stats = CpuStats::default();
        stats.context_switches = counter("vm.stats.sys.v_swtch")?;
        stats.interrupts = counter("vm.stats.sys.v_intr")?;
        stats.soft_interrupts = counter("vm.stats.sys.v_soft")?;
        stats.syscalls = counter("vm.stats.sys.v_syscall")?;
        Ok(stats)
    }

    fn load_average(&self) -> Result<LoadAverage> {
        let load: Loadavg =
            sysctl::read_record(&[CTL_VM, VM_LOADAVG]).map_err(failed("vm.loadavg"))?;
        decode::cpu::load_average(&load.ldavg, load.fscale)
            .ok_or_else(|| malformed("vm.loadavg", format!("scale {}", load.fscale)))
    }

    /// The mean over the CPUs whose driver tells; else the nominal frequency of the machine (`hw.clockrate`).
    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        let each = self.cpu_frequency_per_cpu()?;
        if let Some(mean) = CpuFrequency::mean(each.iter().map(|one| &one.value)) {
            return Ok(Some(mean));
        }
        let nominal = if_there("hw.clockrate", named::value::<i32>("hw.clockrate"))?;
        Ok(nominal.and_then(|mhz| decode::cpu::frequency(mhz, &[])))
    }

    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        let mut all = Vec::new();
        for cpu in 0..count().map_err(failed("hw.ncpu"))? {
            let now = named::value::<i32>(&format!("dev.cpu.{cpu}.freq"));
            let Some(now) = if_there("dev.cpu.freq", now)? else { continue };
            // A list that cannot be had leaves the limits unknown.
            let levels = named::read(&format!("dev.cpu.{cpu}.freq_levels")).unwrap_or_default();
            all.extend(decode::cpu::frequency(now, &levels).map(|value| PerCpu { cpu, value }));
        }
        Ok(all)
    }
}
