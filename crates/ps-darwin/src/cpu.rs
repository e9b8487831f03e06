//! Time per mode, counts, frequency and load of the processors.

pub use ps_core::cpu::*;

use ps_core::{Context, Result};

use crate::backend::{Darwin, read_name};
use crate::decode::cpu as decode;
use crate::errno::{self, unless_absent};
use crate::sys;

impl CpuBackend for Darwin {
    fn cpu_times(&self) -> Result<CpuTimes> {
        Ok(decode::total(&self.cpu_times_per_cpu()?))
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        let answer = sys::mach::processor_load().map_err(|source| {
            errno::of_system(source, Context::new("host_processor_info PROCESSOR_CPU_LOAD_INFO"))
        })?;
        decode::decode_processor_load(&answer)
    }

    fn cpu_count(&self) -> Result<Option<u32>> {
        let answer = unless_absent(read_name("sysctl hw.logicalcpu", c"hw.logicalcpu"))?;
        Ok(answer.and_then(|answer| decode::decode_count(&answer)))
    }

    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        let answer = unless_absent(read_name("sysctl hw.physicalcpu", c"hw.physicalcpu"))?;
        Ok(answer.and_then(|answer| decode::decode_count(&answer)))
    }

    /// Everything is `None`: no public interface tells these counts. What others take for them are fields of a
    /// record of another kind (`HOST_VM_INFO` read as `struct vmmeter`).
    fn cpu_stats(&self) -> Result<CpuStats> {
        Ok(CpuStats::default())
    }

    fn load_average(&self) -> Result<LoadAverage> {
        decode::decode_loadavg(&read_name("sysctl vm.loadavg", c"vm.loadavg")?)
    }

    /// Intel machines tell a nominal value and its limits. Apple silicon tells the steps of its processors, of which
    /// the highest is given for the current one too.
    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        let number = |operation, name| -> Result<Option<i64>> {
            let answer = unless_absent(read_name(operation, name))?;
            Ok(answer.and_then(|answer| crate::decode::number(&answer)))
        };
        let told = decode::of_hertz(
            number("sysctl hw.cpufrequency", c"hw.cpufrequency")?,
            number("sysctl hw.cpufrequency_min", c"hw.cpufrequency_min")?,
            number("sysctl hw.cpufrequency_max", c"hw.cpufrequency_max")?,
        );
        if told.is_some() {
            return Ok(told);
        }
        let context = || Context::new("IOKit AppleARMIODevice");
        let failed = |source| errno::of_system(source, context());
        for device in sys::iokit::devices(c"AppleARMIODevice").map_err(failed)? {
            if device.name().as_deref() == Some("pmgr") {
                return Ok(decode::of_step_tables(&device.properties().map_err(failed)?));
            }
        }
        Ok(None)
    }

    /// One entry at most: neither kind of machine tells one processor from another.
    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        let all = self.cpu_frequency()?;
        Ok(all.into_iter().map(|value| PerCpu { cpu: 0, value }).collect())
    }
}
