//! CPUs, by `kern.cp_time`, `vm.uvmexp2` and `hw`.

use ps_core::Result;
use ps_core::cpu::{CpuBackend, CpuStats, CpuTimes, LoadAverage, PerCpu};

use super::{NetBsd, failed};
use crate::decode::{self, malformed, netbsd::cpu as decoded};
use crate::errno;
use crate::raw::netbsd::host::{HW_NCPU, HW_NCPUONLINE, KERN_CP_TIME, Loadavg};
use crate::raw::netbsd::mem::{CTL_HW, CTL_VM, VM_LOADAVG};
use crate::raw::netbsd::process::CTL_KERN;
use crate::shared::sys::sysctl;

/// A number of CPUs.
fn count(which: i32, name: &'static str) -> Result<Option<u32>> {
    let count: i32 = sysctl::read_value(&[CTL_HW, which]).map_err(failed(name))?;
    Ok(u32::try_from(count).ok().filter(|count| *count > 0))
}

fn too_short(answer: &[u8]) -> ps_core::Error {
    malformed("kern.cp_time", format!("{} bytes", answer.len()))
}

impl CpuBackend for NetBsd {
    fn cpu_times(&self) -> Result<CpuTimes> {
        // With room for the sum exactly: that is how it is asked for.
        let mut answer = [0; decoded::SUM];
        let length = sysctl::read_exact_room(&[CTL_KERN, KERN_CP_TIME], &mut answer)
            .map_err(failed("kern.cp_time"))?;
        let answer = answer.get(..length).unwrap_or_default();
        decoded::cpu_times(answer, self.clock_units()?).ok_or_else(|| too_short(answer))
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        let units = self.clock_units()?;
        let mut all = Vec::new();
        // The list ends where there is no such CPU.
        for number in 0.. {
            let answer = match sysctl::read(&[CTL_KERN, KERN_CP_TIME, number]) {
                Ok(answer) => answer,
                Err(source) if errno::is_absent(&source) => break,
                Err(source) => return Err(failed("kern.cp_time")(source)),
            };
            let value = decoded::cpu_times(&answer, units).ok_or_else(|| too_short(&answer))?;
            all.push(PerCpu { cpu: number.unsigned_abs(), value });
        }
        Ok(all)
    }

    fn cpu_count(&self) -> Result<Option<u32>> {
        count(HW_NCPUONLINE, "hw.ncpuonline")
    }

    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        Ok(count(HW_NCPU, "hw.ncpu")?.and_then(decoded::cores))
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
}
