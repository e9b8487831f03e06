//! The machines: one row each. `docs/vm.md` says what each is for.

use ps_guest::plan::Cgroup;

/// A kind of processor.
pub(crate) struct Arch {
    /// The compiler's target for programs that need no library of the machine.
    pub(crate) target: &'static str,
    /// The distribution's word for it.
    pub(crate) debian: &'static str,
}

const X86_64: Arch = Arch { target: "x86_64-unknown-linux-musl", debian: "amd64" };
const AARCH64: Arch = Arch { target: "aarch64-unknown-linux-musl", debian: "arm64" };

/// What a machine is made of, apart from its kernel.
pub(crate) struct Board {
    /// The emulator, and the package that has it.
    pub(crate) qemu: &'static str,
    pub(crate) package: &'static str,
    /// Arguments of the emulator that make the machine.
    pub(crate) arguments: &'static [&'static str],
    /// What its kernels' command lines have.
    pub(crate) append: &'static str,
    /// The kernel's console.
    pub(crate) console: &'static str,
    /// The port on which the guest reports, which is not the console: kernel messages would cut
    /// the guest's lines in two.
    pub(crate) port: &'static str,
    /// Arguments of the emulator that make that port of the character device `port`.
    pub(crate) port_device: &'static [&'static str],
}

const PC: Board = Board {
    qemu: "qemu-system-x86_64",
    package: "qemu-system-x86",
    arguments: &["-cpu", "max"],
    // Whether interrupts of the timer come in time is up to the host.
    append: "no_timer_check",
    console: "ttyS0",
    port: "ttyS1",
    port_device: &["-serial", "chardev:port"],
};

const VIRT: Board = Board {
    qemu: "qemu-system-aarch64",
    package: "qemu-system-arm",
    arguments: &["-M", "virt", "-cpu", "cortex-a57"],
    append: "",
    console: "ttyAMA0",
    port: "ttyS0",
    port_device: &["-device", "pci-serial,chardev=port"],
};

/// Where a kernel comes from, and what runs it.
pub(crate) enum Kernel {
    /// The newest kernel of the distribution behind this package, in an emulator. Which release that is depends on
    /// the distribution's, so it is checked.
    Packaged { package: &'static str, release: &'static str, arch: Arch, board: Board },
    /// The distribution's kernel that is a program.
    UserMode,
    /// A kernel that is a program, built from the distribution's source with the smallest
    /// configuration and these additions, a file below `xtask/vm`.
    UserModeBuilt { configuration: &'static str },
}

impl Kernel {
    pub(crate) fn arch(&self) -> &Arch {
        match self {
            Self::Packaged { arch, .. } => arch,
            Self::UserMode | Self::UserModeBuilt { .. } => &X86_64,
        }
    }

    /// The check that it is of the release that it is here for.
    pub(crate) fn release(&self) -> &'static str {
        match self {
            Self::Packaged { release, .. } => release,
            Self::UserMode | Self::UserModeBuilt { .. } => V6_1,
        }
    }

    /// The port on which the guest reports.
    pub(crate) fn port(&self) -> &'static str {
        match self {
            Self::Packaged { board, .. } => board.port,
            Self::UserMode | Self::UserModeBuilt { .. } => "tty1",
        }
    }
}

const CLOUD_61: Kernel = pc("linux-image-cloud-amd64", V6_1);
const CLOUD_612: Kernel = pc("linux-image-6.12-cloud-amd64", V6_12);
const GENERIC_61: Kernel = pc("linux-image-amd64", V6_1);
const GENERIC_612: Kernel = pc("linux-image-6.12-amd64", V6_12);
const CLOUD_61_ARM: Kernel = Kernel::Packaged {
    package: "linux-image-cloud-arm64",
    release: V6_1,
    arch: AARCH64,
    board: VIRT,
};

const fn pc(package: &'static str, release: &'static str) -> Kernel {
    Kernel::Packaged { package, release, arch: X86_64, board: PC }
}

/// Checks that a kernel is of this release, where the smallest kernel tells it, too.
const V6_1: &str = "begins /proc/version Linux version 6.1.";
const V6_12: &str = "begins /proc/version Linux version 6.12.";

/// Tests of one package of the workspace.
pub(crate) struct Tests {
    pub(crate) package: &'static str,
    /// Which of its test programs: the names of integration tests, `lib` for the unit tests, `*`
    /// for all that there are.
    pub(crate) programs: &'static [&'static str],
    /// What the test programs get as arguments, which are filters and options of the test harness.
    pub(crate) arguments: &'static [&'static str],
    /// The users as which each program runs.
    pub(crate) users: &'static [u32],
}

const ROOT: u32 = 0;
const NOBODY: u32 = 65534;

/// Every test of the Linux backend and of the suites that look at the running system.
const WHOLE: &[Tests] = &[LINUX, FACADE, SUITES];

/// Beside those, the guest's own: the plainest machine shows that tests do run inside.
const WHOLE_AND_GUEST: &[Tests] = &[GUEST, LINUX, FACADE, SUITES];

const GUEST: Tests = Tests {
    package: "ps-guest",
    programs: &["lib", "machine"],
    arguments: &[],
    users: &[ROOT, NOBODY],
};
const LINUX: Tests =
    Tests { package: "ps-linux", programs: &["*"], arguments: &[], users: &[ROOT, NOBODY] };
const FACADE: Tests =
    Tests { package: "ps-facade", programs: &["*"], arguments: &[], users: &[ROOT, NOBODY] };
/// Those of the suites that look at the running system.
const SUITES: Tests =
    Tests { package: "ps-tests", programs: &["live"], arguments: &[], users: &[ROOT, NOBODY] };

/// What needs nothing but root and a kernel of a distribution.
const KERNEL: &[&str] = &[
    "a_settled_process_is_never_taken_for_the_next_one_with_its_number",
    "bpf_scan_tells_what_files_tell",
    "ten_thousand_short_processes_are_all_accounted_for",
    "what_is_not_read_in_time_is_said_to_be_lost_and_made_up_for",
];
/// What needs control groups with their controllers, and a disk.
const GROUPS: &[&str] = &[
    "cache_that_fills_a_group_can_be_had_up_to_its_limit_and_not_beyond",
    "limits_of_cpus_and_tasks_are_those_that_were_set",
    "what_is_taken_cannot_be_had_again_and_the_group_above_counts",
];
/// What needs control groups of version 2.
const GROUPS_2: &[&str] = &[
    "a_control_group_holds_daemons_and_is_killed_whole",
    "what_is_no_control_group_that_can_be_killed",
];

/// One machine.
pub(crate) struct Machine {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kernel: Kernel,
    /// Processors, as the emulator's `-smp` takes them.
    pub(crate) cpus: &'static str,
    /// Further arguments of the emulator.
    pub(crate) devices: &'static [&'static str],
    /// Firmware tables to compile and add: files below `xtask/vm`.
    pub(crate) firmware: &'static [&'static str],
    /// What the kernel's command line has besides the console.
    pub(crate) append: &'static str,
    /// Modules to load; those that they depend on come by themselves.
    pub(crate) modules: &'static [&'static str],
    pub(crate) cgroup: Cgroup,
    /// Whether tests have a disk to write to. Without one, what they write is in memory, and no cache.
    pub(crate) has_disk: bool,
    /// What the machine claims to be: a name, and a statement of `ps_guest::check::Check`.
    pub(crate) checks: &'static [(&'static str, &'static str)],
    pub(crate) tests: &'static [Tests],
    /// Those that the machine is there for: left out as root, they fail the run.
    pub(crate) must_run: &'static [&'static [&'static str]],
    /// Files to bring home, besides those of every machine.
    pub(crate) show: &'static [&'static str],
    /// How long it may take once it has booted, for all but its test programs, which have their own limits.
    pub(crate) seconds: u64,
}

/// Files of every machine that are brought home.
pub(crate) const SHOW: &[&str] = &[
    "/proc/version",
    "/proc/cmdline",
    "/proc/stat",
    "/proc/meminfo",
    "/proc/vmstat",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/swaps",
    "/proc/net/dev",
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/proc/pressure/*",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/possible",
    "/sys/devices/system/cpu/present",
    "/sys/devices/system/cpu/offline",
    "/sys/devices/system/node/online",
    "/sys/devices/system/clocksource/clocksource0/*",
];

/// A machine as far as rows have it in common.
const PLAIN: Machine = Machine {
    name: "",
    about: "",
    kernel: CLOUD_61,
    cpus: "2",
    devices: &[],
    firmware: &[],
    append: "",
    modules: &[],
    cgroup: Cgroup::V2,
    has_disk: false,
    checks: &[],
    tests: WHOLE,
    must_run: &[KERNEL],
    show: &[],
    seconds: 90,
};

/// An NVMe disk that holds zeros, and is nowhere on the host.
const NVME: &[&str] = &[
    "-blockdev",
    "driver=null-co,node-name=zeros,size=67108864,read-zeroes=on",
    "-device",
    "nvme,drive=zeros,serial=ps-vm",
];

/// The disk of machines that have one to write to.
pub(crate) const DISK: &str = "/dev/nvme0n1";

/// Every machine, in the order in which `--all` boots them.
pub(crate) const MACHINES: &[Machine] = &[
    Machine {
        name: "linux61",
        about: "a kernel 6.1, two processors, nothing odd",
        checks: &[
            ("cpus", "is /sys/devices/system/cpu/online 0-1"),
            ("pressure", "begins /proc/pressure/memory some "),
            ("loopback", "is /sys/class/net/lo/flags 0x9"),
            ("terminals", "present /dev/pts/ptmx"),
            ("shared-memory", "words /proc/self/mountinfo /dev/shm"),
        ],
        tests: WHOLE_AND_GUEST,
        ..PLAIN
    },
    Machine {
        name: "linux612",
        about: "a kernel 6.12, which has what pidfds learnt since",
        kernel: CLOUD_612,
        checks: &[
            ("cpus", "is /sys/devices/system/cpu/online 0-1"),
            ("pressure", "begins /proc/pressure/cpu some "),
        ],
        ..PLAIN
    },
    Machine {
        name: "sensors",
        about: "batteries, mains, a thermal zone, a fan, an NVMe disk; kernel 6.12",
        kernel: GENERIC_612,
        devices: NVME,
        firmware: &["ssdt.dsl"],
        modules: &["battery", "ac", "fan", "nvme"],
        checks: &[
            (
                "battery-of-energy",
                "some /sys/class/power_supply/* type=Battery present=1 capacity=70 \
                 status=Discharging energy_now=27300000 energy_full=39000000 power_now=7800000",
            ),
            (
                "battery-of-charge",
                "some /sys/class/power_supply/* type=Battery present=1 capacity=30 \
                 charge_now=1500000 charge_full=5000000 current_now=0",
            ),
            ("mains", "some /sys/class/power_supply/* type=Mains online=0"),
            ("thermal-zone", "some /sys/class/thermal/* type=acpitz temp=47000"),
            (
                "trip-points",
                "some /sys/class/thermal/thermal_zone* trip_point_0_type=critical \
                 trip_point_0_temp=101000 trip_point_1_type=hot trip_point_1_temp=95000 \
                 trip_point_2_type=active trip_point_2_temp=62000",
            ),
            ("hwmon-of-the-zone", "some /sys/class/hwmon/* name=acpitz temp1_input=47000"),
            ("hwmon-of-the-disk", "some /sys/class/hwmon/* name=nvme temp1_input=20000..90000"),
            ("cooling-device", "some /sys/class/thermal/cooling_device* type=Fan cur_state=0..10"),
            ("fan", "some /sys/class/hwmon/* name=acpi_fan fan1_input=2460"),
            ("disk", "words /proc/diskstats nvme0n1"),
        ],
        show: SENSORS,
        ..PLAIN
    },
    Machine {
        name: "sensors61",
        about: "the same firmware under kernel 6.1, where fans are not in hwmon",
        kernel: GENERIC_61,
        devices: NVME,
        firmware: &["ssdt.dsl"],
        modules: &["battery", "ac", "fan", "crct10dif_generic", "crc64_rocksoft_generic", "nvme"],
        checks: &[
            (
                "battery-of-energy",
                "some /sys/class/power_supply/* type=Battery capacity=70 energy_now=27300000",
            ),
            (
                "battery-of-charge",
                "some /sys/class/power_supply/* type=Battery capacity=30 charge_now=1500000",
            ),
            ("mains", "some /sys/class/power_supply/* type=Mains online=0"),
            ("thermal-zone", "some /sys/class/thermal/* type=acpitz temp=47000"),
            ("hwmon-of-the-zone", "some /sys/class/hwmon/* name=acpitz temp1_input=47000"),
            ("hwmon-of-the-disk", "some /sys/class/hwmon/* name=nvme temp1_input=20000..90000"),
            ("no-fan-in-hwmon", "absent /sys/class/hwmon/hwmon*/fan1_input"),
            ("disk", "words /proc/diskstats nvme0n1"),
        ],
        show: SENSORS,
        ..PLAIN
    },
    Machine {
        name: "cgroup2",
        about: "control groups of version 2 alone, every controller there; kernel 6.12",
        kernel: CLOUD_612,
        append: "cgroup_no_v1=all",
        has_disk: true,
        checks: &[
            ("controllers", "cgroup2 cpu cpuset memory pids io"),
            ("of-this-process", "begins /proc/self/cgroup 0::/"),
            ("no-version-1", "absent /sys/fs/cgroup/memory/tasks"),
        ],
        must_run: &[KERNEL, GROUPS, GROUPS_2],
        show: &["/sys/fs/cgroup/*"],
        ..PLAIN
    },
    Machine {
        name: "cgroup1",
        about: "control groups of version 1 alone, a hierarchy per controller; kernel 6.1",
        cgroup: Cgroup::V1,
        has_disk: true,
        checks: &[
            ("hierarchies", "cgroup1 cpu cpuacct cpuset memory pids blkio"),
            ("memory", "present /sys/fs/cgroup/memory/memory.limit_in_bytes"),
            ("quota", "present /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"),
            ("no-version-2", "absent /sys/fs/cgroup/cgroup.controllers"),
        ],
        must_run: &[KERNEL, GROUPS],
        show: &["/sys/fs/cgroup/*/*"],
        ..PLAIN
    },
    Machine {
        name: "cgroup-hybrid",
        about: "version 1 with the controllers, version 2 beside it with none; kernel 6.1",
        cgroup: Cgroup::Hybrid,
        has_disk: true,
        checks: &[
            ("hierarchies", "cgroup1 cpu memory pids unified"),
            ("of-this-process", "words /proc/self/cgroup 0::/ 1:name=systemd:/"),
            ("no-controllers", "is /sys/fs/cgroup/unified/cgroup.controllers"),
        ],
        must_run: &[KERNEL, GROUPS],
        show: &["/sys/fs/cgroup/*/*"],
        ..PLAIN
    },
    Machine {
        name: "no-cgroup",
        about: "no control groups mounted at all",
        cgroup: Cgroup::None,
        checks: &[("none", "absent /sys/fs/cgroup/*")],
        ..PLAIN
    },
    Machine {
        name: "smp1-nopsi",
        about: "one processor without a second in sight, no pressure figures",
        append: "nosmp psi=0",
        checks: &[
            ("cpus", "is /sys/devices/system/cpu/online 0"),
            ("no-pressure", "absent /proc/pressure"),
        ],
        ..PLAIN
    },
    Machine {
        name: "offline",
        about: "four processors of which two were never switched on",
        cpus: "4",
        append: "maxcpus=2",
        checks: &[
            ("online", "is /sys/devices/system/cpu/online 0-1"),
            ("offline", "is /sys/devices/system/cpu/offline 2-3"),
            ("present", "is /sys/devices/system/cpu/present 0-3"),
        ],
        ..PLAIN
    },
    Machine {
        name: "numa",
        about: "two memory nodes of two processors each",
        cpus: "4",
        devices: &[
            "-object",
            "memory-backend-ram,id=near,size=256M",
            "-object",
            "memory-backend-ram,id=far,size=256M",
            "-numa",
            "node,nodeid=0,cpus=0-1,memdev=near",
            "-numa",
            "node,nodeid=1,cpus=2-3,memdev=far",
        ],
        checks: &[
            ("nodes", "is /sys/devices/system/node/online 0-1"),
            ("cpus-of-the-second", "is /sys/devices/system/node/node1/cpulist 2-3"),
        ],
        show: &["/sys/devices/system/node/node*/*"],
        ..PLAIN
    },
    Machine {
        name: "many",
        about: "sixteen processors: two sockets, four cores each, two threads per core",
        cpus: "16,sockets=2,cores=4,threads=2",
        // Threads of a core are told in a maker's own way, of which the emulator knows this one.
        devices: &["-cpu", "max,vendor=GenuineIntel"],
        checks: &[
            ("online", "is /sys/devices/system/cpu/online 0-15"),
            ("threads", "is /sys/devices/system/cpu/cpu0/topology/thread_siblings_list 0-1"),
            ("cores", "is /sys/devices/system/cpu/cpu0/topology/core_siblings_list 0-7"),
            ("second-socket", "is /sys/devices/system/cpu/cpu15/topology/physical_package_id 1"),
        ],
        show: &["/sys/devices/system/cpu/cpu*/topology/*"],
        seconds: 180,
        ..PLAIN
    },
    Machine {
        name: "arm64",
        about: "a 64-bit ARM board with two processors; kernel 6.1",
        kernel: CLOUD_61_ARM,
        checks: &[
            ("cpus", "is /sys/devices/system/cpu/online 0-1"),
            ("processor", "words /proc/cpuinfo implementer"),
        ],
        ..PLAIN
    },
    Machine {
        name: "uml",
        about: "a kernel that is a program: one processor, no pressure figures, no firmware",
        kernel: Kernel::UserMode,
        checks: &[
            ("processor", "words /proc/cpuinfo UML"),
            ("no-pressure", "absent /proc/pressure"),
            ("no-node", "absent /sys/devices/system/node"),
            ("no-thermal", "absent /sys/class/thermal"),
        ],
        must_run: &[],
        ..PLAIN
    },
    Machine {
        name: "tiny",
        about: "the smallest kernel that runs a program: almost every file is missing",
        kernel: Kernel::UserModeBuilt { configuration: "uml-tiny.config" },
        cgroup: Cgroup::None,
        checks: &[
            ("no-io", "absent /proc/self/io"),
            ("no-schedstat", "absent /proc/self/schedstat"),
            ("no-diskstats", "absent /proc/diskstats"),
            ("no-pressure", "absent /proc/pressure"),
            ("no-swaps", "absent /proc/swaps"),
            ("no-cgroup", "absent /proc/self/cgroup"),
            ("no-block", "absent /sys/block"),
            ("no-node", "absent /sys/devices/system/node"),
            ("no-power", "absent /sys/class/power_supply"),
            ("no-hwmon", "absent /sys/class/hwmon"),
            ("no-thermal", "absent /sys/class/thermal"),
            ("meminfo", "words /proc/meminfo MemTotal:"),
        ],
        must_run: &[],
        ..PLAIN
    },
];

const SENSORS: &[&str] = &[
    "/sys/class/power_supply/*/*",
    "/sys/class/hwmon/*/*",
    "/sys/class/thermal/*/*",
    "/sys/block/*/stat",
    "/sys/block/*/queue/hw_sector_size",
];

#[cfg(test)]
mod tests {
    use super::*;
    use ps_guest::check::Check;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_of_every_machine_is_one_the_guest_understands() {
        for machine in MACHINES {
            assert!(!machine.checks.is_empty(), "{} claims nothing", machine.name);
            let release = ("release", machine.kernel.release());
            for (name, check) in machine.checks.iter().chain([&release]) {
                assert!(!name.contains(' '), "{}: {name}", machine.name);
                let parsed = check.parse::<Check>();
                assert!(parsed.is_ok(), "{}: {name}: {parsed:?}", machine.name);
            }
        }
    }

    #[test]
    fn names_are_words_and_no_two_machines_share_one() {
        let names: BTreeSet<_> = MACHINES.iter().map(|machine| machine.name).collect();
        assert_eq!(names.len(), MACHINES.len());
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{name}");
        }
    }
}
