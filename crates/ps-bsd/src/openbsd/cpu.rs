//! CPUs, by `kern.cpustats`, `vm.uvmexp` and `hw`.

use ps_core::Result;
use ps_core::cpu::{CpuBackend, CpuFrequency, CpuStats, CpuTimes, LoadAverage, PerCpu};

use super::{OpenBsd, failed};
use crate::decode::{self, malformed, openbsd::cpu as decoded};
use crate::errno;
use crate::raw::openbsd::host::{
    Cpustats, HW_CPUSPEED, HW_NCPU, HW_NCPUONLINE, KERN_CPUSTATS, Loadavg,
};
use crate::raw::openbsd::mem::{CTL_HW, CTL_VM, VM_LOADAVG};
use crate::raw::openbsd::process::CTL_KERN;
use crate::shared::sys::sysctl;

/// The counters of every CPU, one call for each: the list ends where there is no such CPU.
fn every_cpu() -> Result<Vec<PerCpu<Cpustats>>> {
    let mut all = Vec::new();
    for number in 0.. {
        match sysctl::read_record(&[CTL_KERN, KERN_CPUSTATS, number]) {
            Ok(value) => all.push(PerCpu { cpu: number.unsigned_abs(), value }),
            Err(source) if errno::is_absent(&source) => break,
            Err(source) => return Err(failed("kern.cpustats")(source)),
        }
    }
    Ok(all)
}

/// A number of CPUs.
fn count(which: i32, name: &'static str) -> Result<Option<u32>> {
    let count: i32 = sysctl::read_value(&[CTL_HW, which]).map_err(failed(name))?;
    Ok(u32::try_from(count).ok().filter(|count| *count > 0))
}

impl CpuBackend for OpenBsd {
    fn cpu_times(&self) -> Result<CpuTimes> {
        Ok(decoded::cpu_times(&every_cpu()?, self.clock_units()?))
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        Ok(decoded::cpu_times_per_cpu(&every_cpu()?, self.clock_units()?))
    }

    /// Those that programs run on. While `hw.smt` is off, the second thread of a core is none.
    fn cpu_count(&self) -> Result<Option<u32>> {
        count(HW_NCPUONLINE, "hw.ncpuonline")
    }

    /// The kernel tells nothing of cores: they are certain only where there is one CPU.
    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        Ok(count(HW_NCPU, "hw.ncpu")?.filter(|count| *count == 1))
    }

    fn cpu_stats(&self) -> Result<CpuStats> {
        Ok(decoded::cpu_stats(&super::mem::uvmexp()?))
    }

    fn load_average(&self) -> Result<LoadAverage> {
        let load: Loadavg =
            sysctl::read_record(&[CTL_VM, VM_LOADAVG]).map_err(failed("vm.loadavg"))?;
        decode::cpu::load_average(&load.ldavg, load.fscale)
            .ok_or_else(|| malformed("vm.loadavg", format!("scale {}", load.fscale)))
    }

    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        match sysctl::read_value::<i32>(&[CTL_HW, HW_CPUSPEED]) {
            Ok(mhz) => Ok(decoded::cpu_frequency(mhz)),
            // The machine has no way to find it out.
            Err(source) if source.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(None),
            Err(source) => Err(failed("hw.cpuspeed")(source)),
        }
    }

    /// One entry: the system knows one speed, which is that of all CPUs.
    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        Ok(self.cpu_frequency()?.map(|value| PerCpu { cpu: 0, value }).into_iter().collect())
    }
}
