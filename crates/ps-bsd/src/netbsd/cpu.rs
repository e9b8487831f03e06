//! CPUs, by `kern.cp_time`, `vm.uvmexp2`, `hw` and `machdep`.

use ps_core::Result;
use ps_core::cpu::{CpuBackend, CpuFrequency, CpuStats, CpuTimes, LoadAverage, PerCpu};

use super::{NetBsd, failed};
use crate::decode::{self, malformed, netbsd::cpu as decoded};
use crate::errno;
use crate::pair::sys::named;
use crate::raw::netbsd::host::{HW_NCPU, HW_NCPUONLINE, KERN_CP_TIME, Loadavg};
use crate::raw::netbsd::mem::{CTL_HW, CTL_VM, VM_LOADAVG};
use crate::raw::netbsd::process::CTL_KERN;
use crate::shared::sys::sysctl;

/// A number of CPUs.
fn count(which: i32, name: &'static str) -> Result<Option<u32>> {
    let count: i32 = sysctl::read_value(&[CTL_HW, which]).map_err(failed(name))?;
    Ok(u32::try_from(count).ok().filter(|count| *count > 0))
}

/// Where drivers tell the frequency of all CPUs (`sysctl(7)`), each in its own place.
const FREQUENCIES: &[&str] = &[
    "machdep.cpu.frequency",
    "machdep.est.frequency",
    "machdep.powernow.frequency",
    "machdep.intrepid.frequency",
    "machdep.loongson.frequency",
    "machdep.frequency",
];

/// What a driver tells; `None` if there is none that does.
fn frequency(place: &str) -> Result<Option<CpuFrequency>> {
    let mib = |what| named::mib(&format!("{place}.{what}"), &[]);
    let current = match mib("current").and_then(|mib| sysctl::read_value::<i32>(&mib)) {
        Ok(current) => current,
        Err(source) if errno::is_absent(&source) => return Ok(None),
        Err(source) => return Err(failed("machdep frequency")(source)),
    };
    // A list that cannot be had leaves the limits unknown.
    let list = mib("available").and_then(|mib| sysctl::read(&mib)).unwrap_or_default();
    Ok(decode::cpu::frequency(current, &list))
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

    /// The mean over the CPUs where the kernel tells of each (NetBSD 11), or the one that it tells for all.
    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        let each = self.cpu_frequency_per_cpu()?;
        Ok(CpuFrequency::mean(each.iter().map(|one| &one.value)))
    }

    /// One entry where the system knows one frequency, which is that of all CPUs.
    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        let mut all = Vec::new();
        // The list ends where there is no such CPU.
        for cpu in 0.. {
            let Some(value) = frequency(&format!("machdep.cpufreq.cpu{cpu}"))? else { break };
            all.push(PerCpu { cpu, value });
        }
        if all.is_empty() {
            let told = FREQUENCIES.iter().find_map(|place| frequency(place).transpose());
            all.extend(told.transpose()?.map(|value| PerCpu { cpu: 0, value }));
        }
        Ok(all)
    }

    fn load_average(&self) -> Result<LoadAverage> {
        let load: Loadavg =
            sysctl::read_record(&[CTL_VM, VM_LOADAVG]).map_err(failed("vm.loadavg"))?;
        decode::cpu::load_average(&load.ldavg, load.fscale)
            .ok_or_else(|| malformed("vm.loadavg", format!("scale {}", load.fscale)))
    }
}
