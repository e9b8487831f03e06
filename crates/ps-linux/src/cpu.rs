//! CPU figures of the machine.

pub use ps_core::cpu::*;

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ps_core::{Context, Error, Result};

use crate::decode::cpu as decode;
use crate::decode::cpu::frequency::{self, Policy};
use crate::decode::cpu::info::{self, CpuInfo};
use crate::decode::text::number_list;
use crate::file;
use crate::kept::Kept;
use crate::root::Linux;

/// Load as `sysinfo` tells it, a tenth of the time of reading the file.
fn loads() -> io::Result<[u64; 3]> {
    let told = nix::sys::sysinfo::sysinfo()?.load_average();
    // It comes as a fraction of what the kernel counts in 65,536ths, all of which a float holds exactly.
    Ok([told.0, told.1, told.2].map(|load| (load * 65536.0) as u64))
}

impl Linux {
    /// Whether `loadavg` is the kernel's own: containers may have a file system in user space in its place, which
    /// shows the load of the container.
    fn loads_are_the_kernels(&self) -> bool {
        *self.kept_loads().get_or_init(|| {
            let path = self.proc_path("loadavg");
            self.roots().proc == Path::new("/proc")
                && nix::sys::statfs::statfs(&path).is_ok_and(|found| {
                    found.filesystem_type() == nix::sys::statfs::PROC_SUPER_MAGIC
                })
        })
    }
}

impl CpuBackend for Linux {
    fn cpu_times(&self) -> Result<CpuTimes> {
        self.decode_kept(Kept::Stat, |stat| decode::decode_times(stat, self.units()))
    }

    fn cpu_times_per_cpu(&self) -> Result<Vec<PerCpu<CpuTimes>>> {
        self.decode_kept(Kept::Stat, |stat| decode::decode_times_per_cpu(stat, self.units()))
    }

    fn cpu_count(&self) -> Result<Option<u32>> {
        // What `sysconf` reads with glibc; musl's answers with the caller's affinity instead.
        let online = file::peek(&self.sys_path("devices/system/cpu/online"));
        if let Some(online) = online.and_then(|text| number_list(&text))
            && let Some(count) = decode::count(online.len())
        {
            return Ok(Some(count));
        }
        if let Some(count) = info::count_logical(&self.cpu_info()) {
            return Ok(Some(count));
        }
        Ok(file::read_if_there(&self.proc_path("stat"))?
            .and_then(|stat| decode::count_in_stat(&stat)))
    }

    fn cpu_count_physical(&self) -> Result<Option<u32>> {
        let topology = self.cpu_directories()?;
        for name in ["topology/core_cpus_list", "topology/thread_siblings_list"] {
            let lists: Vec<_> =
                topology.iter().filter_map(|cpu| file::peek(&cpu.join(name))).collect();
            if let Some(cores) = decode::count_cores(lists.iter().map(Vec::as_slice)) {
                return Ok(Some(cores));
            }
        }
        Ok(info::count_cores(&self.cpu_info()))
    }

    fn cpu_stats(&self) -> Result<CpuStats> {
        self.decode_kept(Kept::Stat, |stat| Ok(decode::decode_stats(stat)))
    }

    fn load_average(&self) -> Result<LoadAverage> {
        if self.loads_are_the_kernels()
            && let Ok(loads) = loads()
        {
            return Ok(decode::load_average(loads));
        }
        self.decode_kept(Kept::Loadavg, decode::decode_load_average)
    }

    fn cpu_frequency(&self) -> Result<Option<CpuFrequency>> {
        let all = self.cpu_frequency_per_cpu()?;
        Ok(CpuFrequency::mean(all.iter().map(|one| &one.value)))
    }

    fn cpu_frequency_per_cpu(&self) -> Result<Vec<PerCpu<CpuFrequency>>> {
        let info = self.cpu_info();
        let mut policies = self.frequency_policies()?;
        for (policy, directory) in &mut policies {
            policy.min_khz =
                frequency::khz(file::peek(&directory.join("scaling_min_freq")).as_deref());
            policy.max_khz =
                frequency::khz(file::peek(&directory.join("scaling_max_freq")).as_deref());
        }
        let mut policies: Vec<_> = policies;
        // Drivers may measure for milliseconds when they are asked; cpuinfo measures all CPUs at once.
        if !frequency::is_measured(policies.iter().map(|(policy, _)| policy), &info) {
            for (policy, directory) in
                policies.iter_mut().filter(|(policy, _)| !policy.cpus.is_empty())
            {
                policy.current_khz = ["scaling_cur_freq", "cpuinfo_cur_freq"]
                    .into_iter()
                    .find_map(|name| frequency::khz(file::peek(&directory.join(name)).as_deref()));
            }
        }
        let policies: Vec<Policy> = policies.into_iter().map(|(policy, _)| policy).collect();
        Ok(frequency::join(&policies, &info))
    }

    /// How many threads of the calling process can run at once. At a root that is not the caller's own, the same for
    /// its process 1, whose affinity is not looked at.
    fn available_parallelism(&self) -> Result<u32> {
        if self.is_own() {
            return std::thread::available_parallelism()
                .map(|count| u32::try_from(count.get()).unwrap_or(u32::MAX))
                .map_err(|source| Error::io(Context::new("available_parallelism"), source));
        }
        let online = self.cpu_count()?.unwrap_or(1);
        let groups = self.cgroup()?.effective.parallelism();
        Ok(groups.map_or(online, |groups| groups.min(online)))
    }
}

impl Linux {
    /// What `/proc/cpuinfo` lists; nothing if it cannot be read.
    fn cpu_info(&self) -> Vec<CpuInfo> {
        file::peek(&self.proc_path("cpuinfo"))
            .map(|text| info::decode_cpuinfo(&text))
            .unwrap_or_default()
    }

    /// The directory of every CPU in sysfs.
    fn cpu_directories(&self) -> Result<Vec<PathBuf>> {
        self.directories("devices/system/cpu", b"cpu")
    }

    /// Directories in one of sysfs whose names are a word and a number.
    fn directories(&self, place: &str, word: &[u8]) -> Result<Vec<PathBuf>> {
        let place = self.sys_path(place);
        let numbered = |name: &OsString| {
            name.as_bytes()
                .strip_prefix(word)
                .is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
        };
        Ok(file::names(&place)?.into_iter().filter(numbered).map(|name| place.join(name)).collect())
    }

    /// Every policy of cpufreq with its directory; before 4.3 each CPU had its own.
    fn frequency_policies(&self) -> Result<Vec<(Policy, PathBuf)>> {
        let mut directories = self.directories("devices/system/cpu/cpufreq", b"policy")?;
        let of_cpus = directories.is_empty();
        if of_cpus {
            directories = self.cpu_directories()?;
        }
        let mut policies: Vec<(Policy, PathBuf)> = Vec::new();
        for directory in directories {
            let name = directory.file_name().unwrap_or_default().to_owned();
            let place = if of_cpus { directory.join("cpufreq") } else { directory };
            if of_cpus && !place.is_dir() {
                continue;
            }
            let affected = file::peek(&place.join("affected_cpus"));
            let mut policy = Policy::ruling(affected.as_deref(), name.as_bytes());
            // Each of the CPUs that share a policy may show it.
            policy.cpus.retain(|cpu| !policies.iter().any(|(other, _)| other.cpus.contains(cpu)));
            policies.push((policy, place));
        }
        Ok(policies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::refuse::without;

    #[test]
    fn load_comes_from_the_file_where_the_call_is_refused() {
        let linux = Linux::new();
        let ask = || linux.load_average().expect("told");
        let Some(from_file) = without(&[(libc::SYS_sysinfo, None)], libc::EPERM, ask) else {
            return;
        };
        let by_call = ask();
        // The file is rounded to hundredths, and others go on working.
        assert!((from_file.fifteen - by_call.fifteen).abs() < 1.0, "{from_file:?} {by_call:?}");
    }
}
