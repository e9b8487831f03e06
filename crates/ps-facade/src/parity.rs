//! What psutil, pypsutil and nvitop call it, and what answers it here.
//!
//! Written by `cargo xtask parity` from `docs/parity.csv`; do not edit. `docs/api.md` says what is not
//! offered, and why.
//!
//! # Processes
//!
//! | row | names | here |
//! |---|---|---|
//! | process.pids | `pids` | [`pids`](crate::pids) |
//! | process.process\_iter | `process_iter(attrs=None, ad_value=None)`, `process_iter()`, `process_iter` | [`process_iter`](crate::process_iter) |
//! | process.process\_iter.attrs | `process_iter.attrs` | [`scan`](crate::scan) |
//! | process.process\_iter.ad\_value | `process_iter.ad_value` | [`Missing`](crate::Missing) |
//! | process.process\_iter.cache\_clear | `process_iter.cache_clear()` | [`process::ProcessTable::new`](crate::process::ProcessTable::new) |
//! | process.process\_iter\_available | `process_iter_available` | [`scan`](crate::scan) |
//! | process.pid\_exists | `pid_exists` | [`pid_exists`](crate::pid_exists) |
//! | process.wait\_procs | `wait_procs(procs, timeout=None, callback=None)`, `same`, `wait_procs` | [`process::wait_procs`](crate::process::wait_procs) |
//! | process.wait\_procs.gone | `wait_procs.gone` | [`process::Waited::gone`](crate::process::Waited::gone) |
//! | process.wait\_procs.alive | `wait_procs.alive` | [`process::Waited::alive`](crate::process::Waited::alive) |
//! | process.wait\_procs.returncode | `wait_procs.returncode` | [`process::Gone::status`](crate::process::Gone::status) |
//! | process.wait\_procs.callback | `wait_procs.callback` | [`process::wait_procs`](crate::process::wait_procs) |
//! | process.ppid\_map | `ppid_map` | [`ppid_map`](crate::ppid_map) |
//! | process.reverse\_ppid\_map | `reverse_ppid_map` | [`process::children_map`](crate::process::children_map) |
//! | process.Process | `Process` | [`Process`](crate::Process) |
//! | process.Process.pid | `Process.pid` | [`process::Process::pid`](crate::process::Process::pid) |
//! | process.Process.attrs | `Process.attrs` | [`Fields::NAMES`](crate::Fields::NAMES) |
//! | process.oneshot | `oneshot` | [`process::Process::snapshot`](crate::process::Process::snapshot) |
//! | process.as\_dict | `as_dict(attrs=None, ad_value=None)`, `as_dict` | [`process::Process::record`](crate::process::Process::record) |
//! | process.ppid | `ppid` | [`process::Process::ppid`](crate::process::Process::ppid) |
//! | process.name | `name` | [`process::Process::name`](crate::process::Process::name) |
//! | process.exe | `exe()`, `exe(*, fallback_cmdline=True)`, `exe` | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.cmdline | `cmdline` | [`process::Process::cmdline`](crate::process::Process::cmdline) |
//! | process.environ | `environ` | [`process::Process::environ`](crate::process::Process::environ) |
//! | process.create\_time | `create_time` | [`process::Process::create_time`](crate::process::Process::create_time) |
//! | process.raw\_create\_time | `raw_create_time()` | [`process::StartTime`](crate::process::StartTime) |
//! | process.parent | `parent` | [`process::Process::parent`](crate::process::Process::parent) |
//! | process.parents | `parents` | [`process::Process::parents`](crate::process::Process::parents) |
//! | process.children | `children(recursive=False)`, `children(*, recursive=False)`, `children` | [`process::Process::children`](crate::process::Process::children) |
//! | process.status | `status` | [`process::Process::status`](crate::process::Process::status) |
//! | process.cwd | `cwd` | [`process::Process::cwd`](crate::process::Process::cwd) |
//! | process.root | `root` | [`process::Process::root`](crate::process::Process::root) |
//! | process.username | `username` | [`process::Process::username`](crate::process::Process::username) |
//! | process.uids | `uids` | [`process::Process::uids`](crate::process::Process::uids) |
//! | process.uids.real | `uids.real` | [`process::Uids::real`](crate::process::Uids::real) |
//! | process.uids.effective | `uids.effective` | [`process::Uids::effective`](crate::process::Uids::effective) |
//! | process.uids.saved | `uids.saved` | [`process::Uids::saved`](crate::process::Uids::saved) |
//! | process.gids | `gids` | [`process::Process::gids`](crate::process::Process::gids) |
//! | process.gids.real | `gids.real` | [`process::Gids::real`](crate::process::Gids::real) |
//! | process.gids.effective | `gids.effective` | [`process::Gids::effective`](crate::process::Gids::effective) |
//! | process.gids.saved | `gids.saved` | [`process::Gids::saved`](crate::process::Gids::saved) |
//! | process.getgroups | `getgroups` | [`process::Process::groups`](crate::process::Process::groups) |
//! | process.fsuid | `fsuid` | [`os::linux::ProcessExt::fsuid`](crate::os::linux::ProcessExt::fsuid) |
//! | process.fsgid | `fsgid` | [`os::linux::ProcessExt::fsgid`](crate::os::linux::ProcessExt::fsgid) |
//! | process.umask | `umask` | [`process::Process::umask`](crate::process::Process::umask) |
//! | process.pgid | `pgid` | [`process::Process::pgid`](crate::process::Process::pgid) |
//! | process.sid | `sid` | [`process::Process::sid`](crate::process::Process::sid) |
//! | process.sigmasks | `sigmasks(*, include_internal=False)` | [`process::Process::signal_masks`](crate::process::Process::signal_masks) |
//! | process.sigmasks.pending | `sigmasks.pending` | [`process::SignalMasks::pending`](crate::process::SignalMasks::pending) |
//! | process.sigmasks.blocked | `sigmasks.blocked` | [`process::SignalMasks::blocked`](crate::process::SignalMasks::blocked) |
//! | process.sigmasks.ignored | `sigmasks.ignored` | [`process::SignalMasks::ignored`](crate::process::SignalMasks::ignored) |
//! | process.sigmasks.caught | `sigmasks.caught` | [`process::SignalMasks::caught`](crate::process::SignalMasks::caught) |
//! | process.sigmasks.process\_pending | `sigmasks.process_pending` | [`process::SignalMasks::process_pending`](crate::process::SignalMasks::process_pending) |
//! | process.sigmasks.include\_internal | `sigmasks.include_internal` | [`process::SignalSet::iter_with_internal`](crate::process::SignalSet::iter_with_internal) |
//! | process.terminal | `terminal` | [`process::Process::terminal`](crate::process::Process::terminal) |
//! | process.has\_terminal | `has_terminal` | [`process::Process::terminal_device`](crate::process::Process::terminal_device) |
//! | process.nice | `nice(value=None)`, `getpriority(), setpriority(prio)`, `nice` | [`process::Process::nice`](crate::process::Process::nice) |
//! | process.ionice | `ionice(ioclass=None, value=None)`, `ionice` | [`os::linux::ProcessExt::io_priority`](crate::os::linux::ProcessExt::io_priority) |
//! | process.ionice.ioclass | `ionice.ioclass` | [`os::linux::IoPriority::class`](crate::os::linux::IoPriority::class) |
//! | process.ionice.value | `ionice.value` | [`os::linux::IoPriority::level`](crate::os::linux::IoPriority::level) |
//! | process.rlimit | `rlimit(resource, limits=None)`, `rlimit(res, new_limits=None), getrlimit(res)`, `rlimit` | [`process::Process::set_limit`](crate::process::Process::set_limit) |
//! | process.getrlimit | `getrlimit` | [`process::Process::limit`](crate::process::Process::limit) |
//! | process.rlimit.is\_atomic | `rlimit.is_atomic` | [`process::Process::limits_are_atomic`](crate::process::Process::limits_are_atomic) |
//! | process.io\_counters | `io_counters` | [`process::Process::io_counters`](crate::process::Process::io_counters) |
//! | process.io\_counters.read\_count | `io_counters.read_count` | [`process::IoCounters::read_count`](crate::process::IoCounters::read_count) |
//! | process.io\_counters.write\_count | `io_counters.write_count` | [`process::IoCounters::write_count`](crate::process::IoCounters::write_count) |
//! | process.io\_counters.read\_bytes | `io_counters.read_bytes` | [`process::IoCounters::read_bytes`](crate::process::IoCounters::read_bytes) |
//! | process.io\_counters.write\_bytes | `io_counters.write_bytes` | [`process::IoCounters::write_bytes`](crate::process::IoCounters::write_bytes) |
//! | process.io\_counters.read\_chars | `io_counters.read_chars` | [`process::IoCounters::read_chars`](crate::process::IoCounters::read_chars) |
//! | process.io\_counters.write\_chars | `io_counters.write_chars` | [`process::IoCounters::write_chars`](crate::process::IoCounters::write_chars) |
//! | process.num\_ctx\_switches | `num_ctx_switches` | [`process::Process::context_switches`](crate::process::Process::context_switches) |
//! | process.num\_ctx\_switches.voluntary | `num_ctx_switches.voluntary` | [`process::ContextSwitches::voluntary`](crate::process::ContextSwitches::voluntary) |
//! | process.num\_ctx\_switches.involuntary | `num_ctx_switches.involuntary` | [`process::ContextSwitches::involuntary`](crate::process::ContextSwitches::involuntary) |
//! | process.num\_fds | `num_fds` | [`process::Process::num_fds`](crate::process::Process::num_fds) |
//! | process.num\_threads | `num_threads` | [`process::Process::num_threads`](crate::process::Process::num_threads) |
//! | process.threads | `threads` | [`process::Process::threads`](crate::process::Process::threads) |
//! | process.threads.id | `threads.id` | [`process::Thread::id`](crate::process::Thread::id) |
//! | process.threads.user\_time | `threads.user_time` | [`process::Thread::user_time`](crate::process::Thread::user_time) |
//! | process.threads.system\_time | `threads.system_time` | [`process::Thread::system_time`](crate::process::Thread::system_time) |
//! | process.cpu\_times | `cpu_times` | [`process::Process::cpu_times`](crate::process::Process::cpu_times) |
//! | process.cpu\_times.user | `cpu_times.user` | [`process::ProcessTimes::user`](crate::process::ProcessTimes::user) |
//! | process.cpu\_times.system | `cpu_times.system` | [`process::ProcessTimes::system`](crate::process::ProcessTimes::system) |
//! | process.cpu\_times.children\_user | `cpu_times.children_user` | [`process::ProcessTimes::children_user`](crate::process::ProcessTimes::children_user) |
//! | process.cpu\_times.children\_system | `cpu_times.children_system` | [`process::ProcessTimes::children_system`](crate::process::ProcessTimes::children_system) |
//! | process.cpu\_times.iowait | `cpu_times.iowait` | [`process::ProcessTimes::iowait`](crate::process::ProcessTimes::iowait) |
//! | process.cpu\_percent | `cpu_percent(interval=None)`, `cpu_percent` | [`process::Process::cpu_percent`](crate::process::Process::cpu_percent) |
//! | process.cpu\_affinity | `cpu_affinity(cpus=None)`, `cpu_getaffinity(), cpu_setaffinity(cpus)`, `cpu_affinity` | [`process::Process::cpu_affinity`](crate::process::Process::cpu_affinity) |
//! | process.cpu\_num | `cpu_num` | [`process::Process::cpu_num`](crate::process::Process::cpu_num) |
//! | process.memory\_info | `memory_info` | [`process::Process::memory_info`](crate::process::Process::memory_info) |
//! | process.memory\_info.rss | `memory_info.rss` | [`process::MemoryInfo::rss`](crate::process::MemoryInfo::rss) |
//! | process.memory\_info.vms | `memory_info.vms` | [`process::MemoryInfo::vms`](crate::process::MemoryInfo::vms) |
//! | process.memory\_info.shared | `memory_info.shared` | [`process::MemoryInfo::shared`](crate::process::MemoryInfo::shared) |
//! | process.memory\_info.text | `memory_info.text` | [`process::MemoryInfo::text`](crate::process::MemoryInfo::text) |
//! | process.memory\_info.data | `memory_info.data` | [`process::MemoryInfo::data`](crate::process::MemoryInfo::data) |
//! | process.memory\_info.stack | `memory_info.stack` | [`process::MemoryInfo::stack`](crate::process::MemoryInfo::stack) |
//! | process.memory\_info.peak\_rss | `memory_info.peak_rss` | [`process::MemoryInfo::peak_rss`](crate::process::MemoryInfo::peak_rss) |
//! | process.memory\_info\_ex | `memory_info_ex` | [`process::Process::memory_info_ex`](crate::process::Process::memory_info_ex) |
//! | process.memory\_info\_ex.peak\_rss | `memory_info_ex.peak_rss` | [`process::MemoryInfoEx::peak_rss`](crate::process::MemoryInfoEx::peak_rss) |
//! | process.memory\_info\_ex.peak\_vms | `memory_info_ex.peak_vms` | [`process::MemoryInfoEx::peak_vms`](crate::process::MemoryInfoEx::peak_vms) |
//! | process.memory\_info\_ex.rss\_anon | `memory_info_ex.rss_anon` | [`process::MemoryInfoEx::rss_anon`](crate::process::MemoryInfoEx::rss_anon) |
//! | process.memory\_info\_ex.rss\_file | `memory_info_ex.rss_file` | [`process::MemoryInfoEx::rss_file`](crate::process::MemoryInfoEx::rss_file) |
//! | process.memory\_info\_ex.rss\_shmem | `memory_info_ex.rss_shmem` | [`process::MemoryInfoEx::rss_shmem`](crate::process::MemoryInfoEx::rss_shmem) |
//! | process.memory\_info\_ex.swap | `memory_info_ex.swap` | [`process::MemoryInfoEx::swap`](crate::process::MemoryInfoEx::swap) |
//! | process.memory\_info\_ex.hugetlb | `memory_info_ex.hugetlb` | [`process::MemoryInfoEx::hugetlb`](crate::process::MemoryInfoEx::hugetlb) |
//! | process.memory\_info\_ex.wired | `memory_info_ex.wired` | [`process::MemoryInfoEx::wired`](crate::process::MemoryInfoEx::wired) |
//! | process.memory\_info\_ex.compressed | `memory_info_ex.compressed` | [`process::MemoryInfoEx::compressed`](crate::process::MemoryInfoEx::compressed) |
//! | process.memory\_info\_ex.phys\_footprint | `memory_info_ex.phys_footprint` | [`process::MemoryInfoEx::phys_footprint`](crate::process::MemoryInfoEx::phys_footprint) |
//! | process.memory\_footprint | `memory_footprint` | [`process::Process::memory_footprint`](crate::process::Process::memory_footprint) |
//! | process.memory\_footprint.uss | `memory_footprint.uss` | [`process::MemoryFootprint::uss`](crate::process::MemoryFootprint::uss) |
//! | process.memory\_footprint.pss | `memory_footprint.pss` | [`process::MemoryFootprint::pss`](crate::process::MemoryFootprint::pss) |
//! | process.memory\_footprint.swap | `memory_footprint.swap` | [`process::MemoryFootprint::swap`](crate::process::MemoryFootprint::swap) |
//! | process.memory\_full\_info.lib | `memory_full_info.lib` | [`process::MemoryInfoEx::lib`](crate::process::MemoryInfoEx::lib) |
//! | process.memory\_full\_info.dirty | `memory_full_info.dirty` | [`process::MemoryFootprint::dirty`](crate::process::MemoryFootprint::dirty) |
//! | process.memory\_percent | `memory_percent(memtype="rss")`, `same`, `memory_percent` | [`process::Process::memory_percent`](crate::process::Process::memory_percent) |
//! | process.memory\_maps | `memory_maps(grouped=True)`, `memory_maps(), memory_maps_grouped()`, `memory_maps` | [`process::Process::memory_maps`](crate::process::Process::memory_maps) |
//! | process.memory\_maps\_grouped | `memory_maps(grouped=True)`, `memory_maps_grouped()`, `memory_maps_grouped` | [`process::Process::memory_maps_grouped`](crate::process::Process::memory_maps_grouped) |
//! | process.memory\_maps.path | `memory_maps.path` | [`process::MemoryMap::path`](crate::process::MemoryMap::path) |
//! | process.memory\_maps.addr | `memory_maps.addr` | [`process::MemoryMap::start`](crate::process::MemoryMap::start) |
//! | process.memory\_maps.addr\_start | `memory_maps.addr_start` | [`process::MemoryMap::start`](crate::process::MemoryMap::start) |
//! | process.memory\_maps.addr\_end | `memory_maps.addr_end` | [`process::MemoryMap::end`](crate::process::MemoryMap::end) |
//! | process.memory\_maps.perms | `memory_maps.perms` | [`process::MemoryMap::permissions`](crate::process::MemoryMap::permissions) |
//! | process.memory\_maps.offset | `memory_maps.offset` | [`process::MemoryMap::offset`](crate::process::MemoryMap::offset) |
//! | process.memory\_maps.dev | `memory_maps.dev` | [`process::MemoryMap::device`](crate::process::MemoryMap::device) |
//! | process.memory\_maps.ino | `memory_maps.ino` | [`process::MemoryMap::inode`](crate::process::MemoryMap::inode) |
//! | process.memory\_maps.size | `memory_maps.size` | [`process::MapSizes::size`](crate::process::MapSizes::size) |
//! | process.memory\_maps.rss | `memory_maps.rss` | [`process::MapSizes::rss`](crate::process::MapSizes::rss) |
//! | process.memory\_maps.pss | `memory_maps.pss` | [`process::MapSizes::pss`](crate::process::MapSizes::pss) |
//! | process.memory\_maps.shared\_clean | `memory_maps.shared_clean` | [`process::MapSizes::shared_clean`](crate::process::MapSizes::shared_clean) |
//! | process.memory\_maps.shared\_dirty | `memory_maps.shared_dirty` | [`process::MapSizes::shared_dirty`](crate::process::MapSizes::shared_dirty) |
//! | process.memory\_maps.private\_clean | `memory_maps.private_clean` | [`process::MapSizes::private_clean`](crate::process::MapSizes::private_clean) |
//! | process.memory\_maps.private\_dirty | `memory_maps.private_dirty` | [`process::MapSizes::private_dirty`](crate::process::MapSizes::private_dirty) |
//! | process.memory\_maps.referenced | `memory_maps.referenced` | [`process::MapSizes::referenced`](crate::process::MapSizes::referenced) |
//! | process.memory\_maps.anonymous | `memory_maps.anonymous` | [`process::MapSizes::anonymous`](crate::process::MapSizes::anonymous) |
//! | process.memory\_maps.swap | `memory_maps.swap` | [`process::MapSizes::swap`](crate::process::MapSizes::swap) |
//! | process.memory\_maps.private | `memory_maps.private` | [`process::MapSizes::private`](crate::process::MapSizes::private) |
//! | process.memory\_maps.ref\_count | `memory_maps.ref_count` | [`process::MapSizes::ref_count`](crate::process::MapSizes::ref_count) |
//! | process.memory\_maps.shadow\_count | `memory_maps.shadow_count` | [`process::MapSizes::shadow_count`](crate::process::MapSizes::shadow_count) |
//! | process.memory\_maps.locked | `memory_maps.locked` | [`process::MapSizes::locked`](crate::process::MapSizes::locked) |
//! | process.memory\_maps.wired\_count | `memory_maps.wired_count` | [`process::MapSizes::wired_count`](crate::process::MapSizes::wired_count) |
//! | process.page\_faults | `page_faults` | [`process::Process::page_faults`](crate::process::Process::page_faults) |
//! | process.page\_faults.minor | `page_faults.minor` | [`process::PageFaults::minor`](crate::process::PageFaults::minor) |
//! | process.page\_faults.major | `page_faults.major` | [`process::PageFaults::major`](crate::process::PageFaults::major) |
//! | process.open\_files | `open_files` | [`process::Process::open_files`](crate::process::Process::open_files) |
//! | process.open\_files.path | `open_files.path` | [`process::OpenFile::path`](crate::process::OpenFile::path) |
//! | process.open\_files.fd | `open_files.fd` | [`process::OpenFile::fd`](crate::process::OpenFile::fd) |
//! | process.open\_files.position | `open_files.position` | [`process::OpenFile::position`](crate::process::OpenFile::position) |
//! | process.open\_files.mode | `open_files.mode` | [`process::OpenFile::mode`](crate::process::OpenFile::mode) |
//! | process.open\_files.flags | `open_files.flags` | [`process::OpenFile::flags`](crate::process::OpenFile::flags) |
//! | process.iter\_fds | `iter_fds` | [`process::Process::descriptors`](crate::process::Process::descriptors) |
//! | process.iter\_fds.path | `iter_fds.path` | [`process::Descriptor::path`](crate::process::Descriptor::path) |
//! | process.iter\_fds.fd | `iter_fds.fd` | [`process::Descriptor::fd`](crate::process::Descriptor::fd) |
//! | process.iter\_fds.fdtype | `iter_fds.fdtype` | [`process::Descriptor::kind`](crate::process::Descriptor::kind) |
//! | process.iter\_fds.dev | `iter_fds.dev` | [`process::Descriptor::device`](crate::process::Descriptor::device) |
//! | process.iter\_fds.ino | `iter_fds.ino` | [`process::Descriptor::inode`](crate::process::Descriptor::inode) |
//! | process.iter\_fds.rdev | `iter_fds.rdev` | [`process::Descriptor::special_device`](crate::process::Descriptor::special_device) |
//! | process.iter\_fds.mode | `iter_fds.mode` | [`process::Descriptor::file_mode`](crate::process::Descriptor::file_mode) |
//! | process.iter\_fds.size | `iter_fds.size` | [`process::Descriptor::size`](crate::process::Descriptor::size) |
//! | process.iter\_fds.position | `iter_fds.position` | [`process::Descriptor::position`](crate::process::Descriptor::position) |
//! | process.iter\_fds.flags | `iter_fds.flags` | [`process::Descriptor::flags`](crate::process::Descriptor::flags) |
//! | process.iter\_fds.open\_mode | `iter_fds.open_mode` | [`process::Descriptor::open_mode`](crate::process::Descriptor::open_mode) |
//! | process.iter\_fds.extra\_info | `iter_fds.extra_info` | [`process::Descriptor::details`](crate::process::Descriptor::details) |
//! | process.net\_connections | `net_connections(kind="inet")`, `connections(kind="inet")`, `connections` | [`process::Process::net_connections`](crate::process::Process::net_connections) |
//! | process.is\_running | `is_running` | [`process::Process::is_running`](crate::process::Process::is_running) |
//! | process.send\_signal | `send_signal` | [`process::Process::send_signal`](crate::process::Process::send_signal) |
//! | process.suspend | `suspend` | [`process::Process::suspend`](crate::process::Process::suspend) |
//! | process.resume | `resume` | [`process::Process::resume`](crate::process::Process::resume) |
//! | process.terminate | `terminate` | [`process::Process::terminate`](crate::process::Process::terminate) |
//! | process.kill | `kill` | [`process::Process::kill`](crate::process::Process::kill) |
//! | process.wait | `wait(timeout=None)`, `wait(*, timeout=None)`, `wait` | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.wait.timeout | `wait.timeout` | [`process::Process::wait_timeout`](crate::process::Process::wait_timeout) |
//! | process.Popen | `Popen` | [`process::Child`](crate::process::Child) |
//! | process.Popen.wait | `Popen.wait` | [`process::Child::wait`](crate::process::Child::wait) |
//! | process.Popen.poll | `Popen.poll` | [`process::Child::try_wait`](crate::process::Child::try_wait) |
//! | process.Popen.communicate | `Popen.communicate` | [`process::Child::communicate`](crate::process::Child::communicate) |
//! | process.Popen.returncode | `Popen.returncode` | [`process::Child::exit_status`](crate::process::Child::exit_status) |
//! | process.Popen.args | `Popen.args` | [`process::Child::args`](crate::process::Child::args) |
//! | process.Popen.stdin | `Popen.stdin` | [`process::Child::stdin`](crate::process::Child::stdin) |
//! | process.Popen.stdout | `Popen.stdout` | [`process::Child::stdout`](crate::process::Child::stdout) |
//! | process.Popen.stderr | `Popen.stderr` | [`process::Child::stderr`](crate::process::Child::stderr) |
//! | process.record.cpu\_times | `pcputimes`, `ProcessCPUTimes` | [`process::ProcessTimes`](crate::process::ProcessTimes) |
//! | process.record.uids | `puids`, `Uids` | [`process::Uids`](crate::process::Uids) |
//! | process.record.gids | `pgids`, `Gids` | [`process::Gids`](crate::process::Gids) |
//! | process.record.io\_counters | `pio` | [`process::IoCounters`](crate::process::IoCounters) |
//! | process.record.ionice\_linux | `pionice` | [`os::linux::IoPriority`](crate::os::linux::IoPriority) |
//! | process.record.num\_ctx\_switches | `pctxsw` | [`process::ContextSwitches`](crate::process::ContextSwitches) |
//! | process.record.page\_faults | `ppagefaults` | [`process::PageFaults`](crate::process::PageFaults) |
//! | process.record.threads | `pthread`, `ThreadInfo` | [`process::Thread`](crate::process::Thread) |
//! | process.record.open\_files | `popenfile`, `ProcessOpenFile` | [`process::OpenFile`](crate::process::OpenFile) |
//! | process.record.memory\_info | `pmem`, `ProcessMemoryInfo` | [`process::MemoryInfo`](crate::process::MemoryInfo) |
//! | process.record.memory\_info\_ex | `pmem_ex` | [`process::MemoryInfoEx`](crate::process::MemoryInfoEx) |
//! | process.record.memory\_footprint | `pfootprint` | [`process::MemoryFootprint`](crate::process::MemoryFootprint) |
//! | process.record.memory\_maps\_grouped | `pmmap_grouped`, `ProcessMemoryMapGrouped` | [`process::MemoryMapGroup`](crate::process::MemoryMapGroup) |
//! | process.record.memory\_maps\_ungrouped | `pmmap_ext`, `ProcessMemoryMap` | [`process::MemoryMap`](crate::process::MemoryMap) |
//! | process.record.net\_connections\_of\_a\_process | `pconn`, `Connection` | [`net::Connection`](crate::net::Connection) |
//! | process.record.iter\_fds | `ProcessFd` | [`process::Descriptor`](crate::process::Descriptor) |
//! | process.record.sigmasks | `ProcessSignalMasks` | [`process::SignalMasks`](crate::process::SignalMasks) |
//! | process.ProcessStatus | `ProcessStatus, STATUS_*`, `ProcessStatus` | [`Status`](crate::Status) |
//! | process.status.running | `STATUS_RUNNING`, `ProcessStatus.RUNNING`, `status.running` | [`Status::Running`](crate::Status::Running) |
//! | process.status.sleeping | `STATUS_SLEEPING`, `ProcessStatus.SLEEPING`, `status.sleeping` | [`Status::Sleeping`](crate::Status::Sleeping) |
//! | process.status.disk\_sleep | `STATUS_DISK_SLEEP`, `ProcessStatus.DISK_SLEEP`, `status.disk_sleep` | [`Status::DiskSleep`](crate::Status::DiskSleep) |
//! | process.status.stopped | `STATUS_STOPPED`, `ProcessStatus.STOPPED`, `status.stopped` | [`Status::Stopped`](crate::Status::Stopped) |
//! | process.status.tracing\_stop | `STATUS_TRACING_STOP`, `ProcessStatus.TRACING_STOP`, `status.tracing_stop` | [`Status::TracingStop`](crate::Status::TracingStop) |
//! | process.status.zombie | `STATUS_ZOMBIE`, `ProcessStatus.ZOMBIE`, `status.zombie` | [`Status::Zombie`](crate::Status::Zombie) |
//! | process.status.dead | `STATUS_DEAD`, `ProcessStatus.DEAD`, `status.dead` | [`Status::Dead`](crate::Status::Dead) |
//! | process.status.wake\_kill | `STATUS_WAKE_KILL`, `ProcessStatus.WAKE_KILL`, `status.wake_kill` | [`Status::WakeKill`](crate::Status::WakeKill) |
//! | process.status.waking | `STATUS_WAKING`, `ProcessStatus.WAKING`, `status.waking` | [`Status::Waking`](crate::Status::Waking) |
//! | process.status.parked | `STATUS_PARKED`, `ProcessStatus.PARKED`, `status.parked` | [`Status::Parked`](crate::Status::Parked) |
//! | process.status.idle | `STATUS_IDLE`, `ProcessStatus.IDLE`, `status.idle` | [`Status::Idle`](crate::Status::Idle) |
//! | process.status.locked | `STATUS_LOCKED`, `ProcessStatus.LOCKED`, `status.locked` | [`Status::Locked`](crate::Status::Locked) |
//! | process.status.waiting | `STATUS_WAITING`, `ProcessStatus.WAITING`, `status.waiting` | [`Status::Waiting`](crate::Status::Waiting) |
//! | process.status.suspended | `STATUS_SUSPENDED`, `ProcessStatus.SUSPENDED`, `status.suspended` | [`Status::Suspended`](crate::Status::Suspended) |
//! | process.ProcessIOPriority | `ProcessIOPriority` | [`os::linux::IoClass`](crate::os::linux::IoClass) |
//! | process.ioprio.class\_none | `IOPRIO_CLASS_NONE`, `ioprio.class_none` | [`os::linux::IoClass::None`](crate::os::linux::IoClass::None) |
//! | process.ioprio.class\_rt | `IOPRIO_CLASS_RT`, `ioprio.class_rt` | [`os::linux::IoClass::RealTime`](crate::os::linux::IoClass::RealTime) |
//! | process.ioprio.class\_be | `IOPRIO_CLASS_BE`, `ioprio.class_be` | [`os::linux::IoClass::BestEffort`](crate::os::linux::IoClass::BestEffort) |
//! | process.ioprio.class\_idle | `IOPRIO_CLASS_IDLE`, `ioprio.class_idle` | [`os::linux::IoClass::Idle`](crate::os::linux::IoClass::Idle) |
//! | process.ProcessRlimit | `ProcessRlimit` | [`process::Resource`](crate::process::Resource) |
//! | process.rlimit.const.rlim\_infinity | `RLIM_INFINITY`, `rlimit.const.rlim_infinity` | [`process::Limit::UNLIMITED`](crate::process::Limit::UNLIMITED) |
//! | process.rlimit.const.rlimit\_as | `RLIMIT_AS` | [`process::Resource::AddressSpace`](crate::process::Resource::AddressSpace) |
//! | process.rlimit.const.rlimit\_core | `RLIMIT_CORE` | [`process::Resource::Core`](crate::process::Resource::Core) |
//! | process.rlimit.const.rlimit\_cpu | `RLIMIT_CPU` | [`process::Resource::Cpu`](crate::process::Resource::Cpu) |
//! | process.rlimit.const.rlimit\_data | `RLIMIT_DATA` | [`process::Resource::Data`](crate::process::Resource::Data) |
//! | process.rlimit.const.rlimit\_fsize | `RLIMIT_FSIZE` | [`process::Resource::FileSize`](crate::process::Resource::FileSize) |
//! | process.rlimit.const.rlimit\_memlock | `RLIMIT_MEMLOCK` | [`process::Resource::LockedMemory`](crate::process::Resource::LockedMemory) |
//! | process.rlimit.const.rlimit\_nofile | `RLIMIT_NOFILE` | [`process::Resource::OpenFiles`](crate::process::Resource::OpenFiles) |
//! | process.rlimit.const.rlimit\_nproc | `RLIMIT_NPROC` | [`process::Resource::Processes`](crate::process::Resource::Processes) |
//! | process.rlimit.const.rlimit\_rss | `RLIMIT_RSS` | [`process::Resource::ResidentSet`](crate::process::Resource::ResidentSet) |
//! | process.rlimit.const.rlimit\_stack | `RLIMIT_STACK` | [`process::Resource::Stack`](crate::process::Resource::Stack) |
//! | process.rlimit.const.rlimit\_locks | `RLIMIT_LOCKS` | [`process::Resource::Locks`](crate::process::Resource::Locks) |
//! | process.rlimit.const.rlimit\_msgqueue | `RLIMIT_MSGQUEUE` | [`process::Resource::MessageQueue`](crate::process::Resource::MessageQueue) |
//! | process.rlimit.const.rlimit\_nice | `RLIMIT_NICE` | [`process::Resource::Nice`](crate::process::Resource::Nice) |
//! | process.rlimit.const.rlimit\_rtprio | `RLIMIT_RTPRIO` | [`process::Resource::RealTimePriority`](crate::process::Resource::RealTimePriority) |
//! | process.rlimit.const.rlimit\_rttime | `RLIMIT_RTTIME` | [`process::Resource::RealTimeTime`](crate::process::Resource::RealTimeTime) |
//! | process.rlimit.const.rlimit\_sigpending | `RLIMIT_SIGPENDING` | [`process::Resource::PendingSignals`](crate::process::Resource::PendingSignals) |
//! | process.rlimit.const.rlimit\_swap | `RLIMIT_SWAP` | [`process::Resource::Swap`](crate::process::Resource::Swap) |
//! | process.rlimit.const.rlimit\_sbsize | `RLIMIT_SBSIZE` | [`process::Resource::SocketBuffers`](crate::process::Resource::SocketBuffers) |
//! | process.rlimit.const.rlimit\_npts | `RLIMIT_NPTS` | [`process::Resource::PseudoTerminals`](crate::process::Resource::PseudoTerminals) |
//! | process.ProcessFdType | `ProcessFdType` | [`process::DescriptorKind`](crate::process::DescriptorKind) |
//! | process.fdtype.file | `fdtype.file` | [`process::DescriptorKind::File`](crate::process::DescriptorKind::File) |
//! | process.fdtype.socket | `fdtype.socket` | [`process::DescriptorKind::Socket`](crate::process::DescriptorKind::Socket) |
//! | process.fdtype.pipe | `fdtype.pipe` | [`process::DescriptorKind::Pipe`](crate::process::DescriptorKind::Pipe) |
//! | process.fdtype.fifo | `fdtype.fifo` | [`process::DescriptorKind::Fifo`](crate::process::DescriptorKind::Fifo) |
//! | process.fdtype.kqueue | `fdtype.kqueue` | [`process::DescriptorKind::Kqueue`](crate::process::DescriptorKind::Kqueue) |
//! | process.fdtype.procdesc | `fdtype.procdesc` | [`process::DescriptorKind::ProcDesc`](crate::process::DescriptorKind::ProcDesc) |
//! | process.fdtype.inotify | `fdtype.inotify` | [`process::DescriptorKind::Inotify`](crate::process::DescriptorKind::Inotify) |
//! | process.fdtype.signalfd | `fdtype.signalfd` | [`process::DescriptorKind::SignalFd`](crate::process::DescriptorKind::SignalFd) |
//! | process.fdtype.epoll | `fdtype.epoll` | [`process::DescriptorKind::Epoll`](crate::process::DescriptorKind::Epoll) |
//! | process.fdtype.timerfd | `fdtype.timerfd` | [`process::DescriptorKind::TimerFd`](crate::process::DescriptorKind::TimerFd) |
//! | process.fdtype.pidfd | `fdtype.pidfd` | [`process::DescriptorKind::PidFd`](crate::process::DescriptorKind::PidFd) |
//! | process.fdtype.eventfd | `fdtype.eventfd` | [`process::DescriptorKind::EventFd`](crate::process::DescriptorKind::EventFd) |
//! | process.fdtype.unknown | `fdtype.unknown` | [`process::DescriptorKind::Unknown`](crate::process::DescriptorKind::Unknown) |
//! | process.behaviour.default\_pid\_is\_self | a rule | [`process::Process::current`](crate::process::Process::current) |
//! | process.behaviour.negative\_pid\_rejected | a rule | [`Pid`](crate::Pid) |
//! | process.behaviour.pid\_out\_of\_range | a rule | [`Pid`](crate::Pid) |
//! | process.behaviour.constructor\_checks\_existence | a rule | [`process::Process::new`](crate::process::Process::new) |
//! | process.behaviour.constructor\_accepts\_zombie | a rule | [`process::Process::new`](crate::process::Process::new) |
//! | process.behaviour.identity\_pid\_plus\_start\_time | a rule | [`Identity`](crate::Identity) |
//! | process.behaviour.identity\_unknown\_start\_time\_is\_not\_reuse | a rule | [`Identity::compare`](crate::Identity::compare) |
//! | process.behaviour.equality\_and\_hash | a rule | [`Identity::compare`](crate::Identity::compare) |
//! | process.behaviour.pid\_reuse\_check\_before\_signals | a rule | [`process::Process::send_signal`](crate::process::Process::send_signal) |
//! | process.behaviour.pid\_reuse\_check\_before\_setters | a rule | [`process::Process::set_nice`](crate::process::Process::set_nice) |
//! | process.behaviour.pid\_reuse\_check\_tree | a rule | [`process::Process::children`](crate::process::Process::children) |
//! | process.behaviour.getters\_do\_not\_check\_reuse | a rule | [`process::Process::snapshot`](crate::process::Process::snapshot) |
//! | process.behaviour.is\_running\_sticky | a rule | [`process::Process::is_running`](crate::process::Process::is_running) |
//! | process.behaviour.is\_running\_true\_for\_zombie | a rule | [`process::Process::is_running`](crate::process::Process::is_running) |
//! | process.behaviour.is\_running\_evicts\_iter\_cache | a rule | [`process::ProcessTable::refresh`](crate::process::ProcessTable::refresh) |
//! | process.behaviour.is\_running\_permission\_error | a rule | [`process::Process::is_running`](crate::process::Process::is_running) |
//! | process.behaviour.tid\_usable\_as\_pid | a rule | [`process::Process::new`](crate::process::Process::new) |
//! | process.behaviour.pid\_exists\_negative\_false | a rule | [`Pid`](crate::Pid) |
//! | process.behaviour.pid\_exists\_eperm\_true | a rule | [`pid_exists`](crate::pid_exists) |
//! | process.behaviour.pid\_exists\_pid0 | a rule | [`pid_exists`](crate::pid_exists) |
//! | process.behaviour.pid\_exists\_excludes\_tids | a rule | [`pid_exists`](crate::pid_exists) |
//! | process.behaviour.pid\_exists\_includes\_zombies | a rule | [`pid_exists`](crate::pid_exists) |
//! | process.behaviour.pids\_sorted | a rule | [`pids`](crate::pids) |
//! | process.behaviour.pids\_include\_zero | a rule | [`pids`](crate::pids) |
//! | process.behaviour.process\_iter\_caches\_instances | a rule | [`process::ProcessTable`](crate::process::ProcessTable) |
//! | process.behaviour.process\_iter\_refreshes\_reused\_pid | a rule | [`process::ProcessTable::refresh`](crate::process::ProcessTable::refresh) |
//! | process.behaviour.process\_iter\_skips\_vanished | a rule | [`process_iter`](crate::process_iter) |
//! | process.behaviour.process\_iter\_yields\_zombies | a rule | [`process_iter`](crate::process_iter) |
//! | process.behaviour.process\_iter\_prefetch\_answers\_getters | a rule | [`scan`](crate::scan) |
//! | process.behaviour.hidepid\_access | a rule | [`scan`](crate::scan) |
//! | process.behaviour.oneshot\_cache\_scope | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_nested\_noop | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_thread\_scope | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_groups\_linux | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_groups\_macos | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_groups\_bsd | a rule | [`Snapshot`](crate::Snapshot) |
//! | process.behaviour.oneshot\_priority\_not\_cached | a rule | [`process::Process::nice`](crate::process::Process::nice) |
//! | process.behaviour.as\_dict\_uses\_oneshot | a rule | [`process::Process::record`](crate::process::Process::record) |
//! | process.behaviour.as\_dict\_ad\_value | a rule | [`process::Process::record`](crate::process::Process::record) |
//! | process.behaviour.as\_dict\_invalid\_names | a rule | [`Fields`](crate::Fields) |
//! | process.behaviour.as\_dict\_not\_implemented | a rule | [`Missing::Unsupported`](crate::Missing::Unsupported) |
//! | process.behaviour.as\_dict\_net\_connections\_inet | a rule | [`process::Process::record`](crate::process::Process::record) |
//! | process.behaviour.as\_dict\_sorted\_keys | a rule | [`Fields::NAMES`](crate::Fields::NAMES) |
//! | process.behaviour.name\_extended\_from\_cmdline | a rule | [`process::Process::name`](crate::process::Process::name) |
//! | process.behaviour.name\_caching | a rule | [`process::Process::name`](crate::process::Process::name) |
//! | process.behaviour.name\_with\_parentheses | a rule | [`process::Process::name`](crate::process::Process::name) |
//! | process.behaviour.name\_undecodable\_bytes | a rule | [`process::Process::name`](crate::process::Process::name) |
//! | process.behaviour.exe\_cached | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.exe\_empty\_string | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.exe\_guess\_from\_cmdline | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.exe\_fallback\_cmdline | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.exe\_pid0\_access\_denied | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.path\_deleted\_suffix | a rule | [`process::Process::exe`](crate::process::Process::exe) |
//! | process.behaviour.cmdline\_space\_separated | a rule | [`process::Process::cmdline`](crate::process::Process::cmdline) |
//! | process.behaviour.cmdline\_empty | a rule | [`process::Process::cmdline`](crate::process::Process::cmdline) |
//! | process.behaviour.cmdline\_ebusy\_retry | a rule | [`process::Process::cmdline`](crate::process::Process::cmdline) |
//! | process.behaviour.cmdline\_einval\_mapping | a rule | [`process::Process::cmdline`](crate::process::Process::cmdline) |
//! | process.behaviour.cwd\_empty\_string | a rule | [`process::Process::cwd`](crate::process::Process::cwd) |
//! | process.behaviour.environ\_parsing | a rule | [`process::Environ::parse`](crate::process::Environ::parse) |
//! | process.behaviour.environ\_system\_process\_empty | a rule | [`process::Process::environ`](crate::process::Process::environ) |
//! | process.behaviour.environ\_zombie\_error | a rule | [`process::Process::environ`](crate::process::Process::environ) |
//! | process.behaviour.environ\_sip\_restriction | a rule | [`process::Process::environ`](crate::process::Process::environ) |
//! | process.behaviour.create\_time\_cached | a rule | [`process::Process::identity`](crate::process::Process::identity) |
//! | process.behaviour.create\_time\_clock\_adjustment | a rule | [`process::Process::create_time`](crate::process::Process::create_time) |
//! | process.behaviour.ppid\_not\_cached\_on\_posix | a rule | [`process::Process::ppid`](crate::process::Process::ppid) |
//! | process.behaviour.parent\_lowest\_pid\_none | a rule | [`process::Process::parent`](crate::process::Process::parent) |
//! | process.behaviour.parent\_younger\_than\_child | a rule | [`process::Process::parent`](crate::process::Process::parent) |
//! | process.behaviour.children\_older\_than\_parent\_skipped | a rule | [`process::Process::children`](crate::process::Process::children) |
//! | process.behaviour.children\_cycle\_guard | a rule | [`process::Process::children`](crate::process::Process::children) |
//! | process.behaviour.children\_orphans\_not\_followed | a rule | [`process::Process::children`](crate::process::Process::children) |
//! | process.behaviour.children\_skip\_zombies | a rule | [`process::Process::children`](crate::process::Process::children) |
//! | process.behaviour.status\_zombie\_fallback | a rule | [`process::Process::status`](crate::process::Process::status) |
//! | process.behaviour.status\_unknown\_code | a rule | [`Status::Other`](crate::Status::Other) |
//! | process.behaviour.status\_macos\_from\_flags | a rule | [`process::Process::status`](crate::process::Process::status) |
//! | process.behaviour.status\_srun\_means\_waking | a rule | [`process::Process::status`](crate::process::Process::status) |
//! | process.behaviour.username\_uid\_fallback | a rule | [`process::Process::username`](crate::process::Process::username) |
//! | process.behaviour.terminal\_map\_refresh | a rule | [`process::Process::terminal`](crate::process::Process::terminal) |
//! | process.behaviour.terminal\_no\_name | a rule | [`process::Process::terminal`](crate::process::Process::terminal) |
//! | process.behaviour.nice\_from\_kinfo | a rule | [`process::Process::nice`](crate::process::Process::nice) |
//! | process.behaviour.nice\_pid0 | a rule | [`process::Process::set_nice`](crate::process::Process::set_nice) |
//! | process.behaviour.nice\_minus\_one\_is\_valid | a rule | [`process::Process::nice`](crate::process::Process::nice) |
//! | process.behaviour.ionice\_value\_rules | a rule | [`os::linux::IoPriority`](crate::os::linux::IoPriority) |
//! | process.behaviour.rlimit\_infinity\_mapping | a rule | [`process::Limit`](crate::process::Limit) |
//! | process.behaviour.rlimit\_pid0\_refused | a rule | [`process::Process::set_limit`](crate::process::Process::set_limit) |
//! | process.behaviour.rlimit\_enosys\_zombie | a rule | [`process::Process::limit`](crate::process::Process::limit) |
//! | process.behaviour.rlimit\_validation | a rule | [`process::Limit::new`](crate::process::Limit::new) |
//! | process.behaviour.io\_counters\_bsd\_minus\_one | a rule | [`process::IoCounters::read_bytes`](crate::process::IoCounters::read_bytes) |
//! | process.behaviour.io\_counters\_blank\_lines | a rule | [`process::Process::io_counters`](crate::process::Process::io_counters) |
//! | process.behaviour.cpu\_percent\_nonblocking\_state | a rule | [`process::ProcessTable`](crate::process::ProcessTable) |
//! | process.behaviour.cpu\_percent\_can\_exceed\_100 | a rule | [`process::ProcessTimes::percent_since`](crate::process::ProcessTimes::percent_since) |
//! | process.behaviour.cpu\_percent\_negative\_interval | a rule | [`process::Process::cpu_percent`](crate::process::Process::cpu_percent) |
//! | process.behaviour.cpu\_percent\_zero\_elapsed | a rule | [`process::ProcessTimes::percent_since`](crate::process::ProcessTimes::percent_since) |
//! | process.behaviour.cpu\_affinity\_empty\_resets | a rule | [`process::Process::set_cpu_affinity`](crate::process::Process::set_cpu_affinity) |
//! | process.behaviour.cpu\_affinity\_invalid\_cpu | a rule | [`process::Process::set_cpu_affinity`](crate::process::Process::set_cpu_affinity) |
//! | process.behaviour.cpu\_affinity\_mask\_growth | a rule | [`process::Process::cpu_affinity`](crate::process::Process::cpu_affinity) |
//! | process.behaviour.cpu\_affinity\_sorted\_unique | a rule | [`process::Process::cpu_affinity`](crate::process::Process::cpu_affinity) |
//! | process.behaviour.memory\_percent\_memtype | a rule | [`process::MemoryField`](crate::process::MemoryField) |
//! | process.behaviour.memory\_percent\_total\_cached | a rule | [`process::Process::memory_percent`](crate::process::Process::memory_percent) |
//! | process.behaviour.memory\_info\_ex\_missing\_zero | a rule | [`process::MemoryInfoEx`](crate::process::MemoryInfoEx) |
//! | process.behaviour.memory\_info\_ex\_access | a rule | [`process::Process::memory_info_ex`](crate::process::Process::memory_info_ex) |
//! | process.behaviour.memory\_footprint\_rollup\_fallback | a rule | [`process::Process::memory_footprint`](crate::process::Process::memory_footprint) |
//! | process.behaviour.memory\_footprint\_hugetlb\_counts | a rule | [`process::Process::memory_footprint`](crate::process::Process::memory_footprint) |
//! | process.behaviour.memory\_maps\_anon\_label | a rule | [`process::MemoryMap::path`](crate::process::MemoryMap::path) |
//! | process.behaviour.memory\_maps\_grouping | a rule | [`process::Process::memory_maps_grouped`](crate::process::Process::memory_maps_grouped) |
//! | process.behaviour.memory\_maps\_empty | a rule | [`process::Process::memory_maps`](crate::process::Process::memory_maps) |
//! | process.behaviour.peak\_rss\_never\_below\_rss | a rule | [`process::MemoryInfo::peak_rss`](crate::process::MemoryInfo::peak_rss) |
//! | process.behaviour.open\_files\_regular\_only | a rule | [`process::Process::open_files`](crate::process::Process::open_files) |
//! | process.behaviour.open\_files\_mode\_mapping | a rule | [`process::OpenMode`](crate::process::OpenMode) |
//! | process.behaviour.open\_files\_pid0 | a rule | [`process::Process::open_files`](crate::process::Process::open_files) |
//! | process.behaviour.num\_fds\_counts\_real\_fds | a rule | [`process::Process::num_fds`](crate::process::Process::num_fds) |
//! | process.behaviour.send\_signal\_pid0\_refused | a rule | [`process::Process::send_signal`](crate::process::Process::send_signal) |
//! | process.behaviour.send\_signal\_openbsd\_zombie | a rule | [`process::Process::send_signal`](crate::process::Process::send_signal) |
//! | process.behaviour.wait\_exit\_code | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_negative\_signal | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_non\_child\_none | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_missing\_pid\_none | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_timeout\_zero | a rule | [`process::Process::wait_timeout`](crate::process::Process::wait_timeout) |
//! | process.behaviour.wait\_argument\_checks | a rule | [`process::Process::wait_timeout`](crate::process::Process::wait_timeout) |
//! | process.behaviour.wait\_result\_cached | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_event\_driven | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_poll\_backoff | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_does\_not\_reap\_others | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_reuse\_check\_first | a rule | [`process::Process::wait`](crate::process::Process::wait) |
//! | process.behaviour.wait\_procs\_time\_slices | a rule | [`process::wait_procs`](crate::process::wait_procs) |
//! | process.behaviour.wait\_procs\_no\_timeout\_error | a rule | [`process::wait_procs`](crate::process::wait_procs) |
//! | process.behaviour.wait\_procs\_negative\_timeout | a rule | [`process::wait_procs`](crate::process::wait_procs) |
//! | process.behaviour.popen\_quick\_exit\_tolerated | a rule | [`process::Child`](crate::process::Child) |
//! | process.behaviour.popen\_signal\_precedence | a rule | [`process::Child`](crate::process::Child) |
//! | process.behaviour.popen\_scope\_closes\_and\_waits | a rule | [`process::Child`](crate::process::Child) |
//! | process.behaviour.repr\_contents | a rule | [`Process`](crate::Process) |
//! | process.behaviour.procfs\_path | a rule | [`os::linux::Roots::proc`](crate::os::linux::Roots::proc) |
//! | process.behaviour.sysfs\_path | a rule | [`os::linux::Roots::sys`](crate::os::linux::Roots::sys) |
//! | process.behaviour.devfs\_path | a rule | [`os::linux::Roots::dev`](crate::os::linux::Roots::dev) |
//! | process.behaviour.kernel\_counts\_race\_growth | a rule | [`pids`](crate::pids) |
//! | process.behaviour.oserror\_pid0\_access\_denied | a rule | [`Error::AccessDenied`](crate::Error::AccessDenied) |
//! | process.behaviour.thread\_name\_parenthesis\_pitfall | a rule | [`process::Process::threads`](crate::process::Process::threads) |
//! | process.behaviour.network\_namespace\_of\_target | a rule | [`net::connections`](crate::net::connections) |
//!
//! # CPU
//!
//! | row | names | here |
//! |---|---|---|
//! | cpu.record.cpu\_times | `scputimes`, `CPUTimes` | [`cpu::CpuTimes`](crate::cpu::CpuTimes) |
//! | cpu.record.cpu\_stats | `scpustats`, `CPUStats` | [`cpu::CpuStats`](crate::cpu::CpuStats) |
//! | cpu.record.cpu\_freq | `scpufreq`, `CPUFrequencies` | [`cpu::CpuFrequency`](crate::cpu::CpuFrequency) |
//! | cpu.cpu\_times | `cpu_times(percpu=False)`, `cpu_times(), percpu_times()`, `cpu_times` | [`cpu::times`](crate::cpu::times) |
//! | cpu.cpu\_times.percpu | `cpu_times(percpu=True)`, `percpu_times()`, `cpu_times.percpu` | [`cpu::times_per_cpu`](crate::cpu::times_per_cpu) |
//! | cpu.cpu\_times.user | `cpu_times.user` | [`cpu::CpuTimes::user`](crate::cpu::CpuTimes::user) |
//! | cpu.cpu\_times.system | `cpu_times.system` | [`cpu::CpuTimes::system`](crate::cpu::CpuTimes::system) |
//! | cpu.cpu\_times.idle | `cpu_times.idle` | [`cpu::CpuTimes::idle`](crate::cpu::CpuTimes::idle) |
//! | cpu.cpu\_times.nice | `cpu_times.nice` | [`cpu::CpuTimes::nice`](crate::cpu::CpuTimes::nice) |
//! | cpu.cpu\_times.iowait | `cpu_times.iowait` | [`cpu::CpuTimes::iowait`](crate::cpu::CpuTimes::iowait) |
//! | cpu.cpu\_times.irq | `cpu_times.irq` | [`cpu::CpuTimes::irq`](crate::cpu::CpuTimes::irq) |
//! | cpu.cpu\_times.softirq | `cpu_times.softirq` | [`cpu::CpuTimes::softirq`](crate::cpu::CpuTimes::softirq) |
//! | cpu.cpu\_times.steal | `cpu_times.steal` | [`cpu::CpuTimes::steal`](crate::cpu::CpuTimes::steal) |
//! | cpu.cpu\_times.guest | `cpu_times.guest` | [`cpu::CpuTimes::guest`](crate::cpu::CpuTimes::guest) |
//! | cpu.cpu\_times.guest\_nice | `cpu_times.guest_nice` | [`cpu::CpuTimes::guest_nice`](crate::cpu::CpuTimes::guest_nice) |
//! | cpu.cpu\_times.lock\_spin | `cpu_times.lock_spin` | [`cpu::CpuTimes::lock_spin`](crate::cpu::CpuTimes::lock_spin) |
//! | cpu.cpu\_percent | `cpu_percent(interval=None, percpu=False)`, `cpu_percent` | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.cpu\_percent.percpu | `cpu_percent(percpu=True)`, `cpu_percent.percpu` | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.cpu\_times\_percent | `cpu_times_percent(interval=None, percpu=False)`, `cpu_times_percent` | [`cpu::CpuTimes::percent_since`](crate::cpu::CpuTimes::percent_since) |
//! | cpu.cpu\_times\_percent.percpu | `cpu_times_percent.percpu` | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.cpu\_count | `cpu_count(logical=True)`, `cpu_count` | [`cpu::count`](crate::cpu::count) |
//! | cpu.cpu\_count\_physical | `cpu_count(logical=False)`, `physical_cpu_count()`, `cpu_count_physical` | [`cpu::count_physical`](crate::cpu::count_physical) |
//! | cpu.cpu\_stats | `cpu_stats` | [`cpu::stats`](crate::cpu::stats) |
//! | cpu.cpu\_stats.ctx\_switches | `cpu_stats.ctx_switches` | [`cpu::CpuStats::context_switches`](crate::cpu::CpuStats::context_switches) |
//! | cpu.cpu\_stats.interrupts | `cpu_stats.interrupts` | [`cpu::CpuStats::interrupts`](crate::cpu::CpuStats::interrupts) |
//! | cpu.cpu\_stats.soft\_interrupts | `cpu_stats.soft_interrupts` | [`cpu::CpuStats::soft_interrupts`](crate::cpu::CpuStats::soft_interrupts) |
//! | cpu.cpu\_stats.syscalls | `cpu_stats.syscalls` | [`cpu::CpuStats::syscalls`](crate::cpu::CpuStats::syscalls) |
//! | cpu.cpu\_freq | `cpu_freq(percpu=False)`, `cpu_freq(), percpu_freq()`, `cpu_freq` | [`cpu::frequency`](crate::cpu::frequency) |
//! | cpu.cpu\_freq.percpu | `cpu_freq(percpu=True)`, `percpu_freq()`, `cpu_freq.percpu` | [`cpu::frequency_per_cpu`](crate::cpu::frequency_per_cpu) |
//! | cpu.cpu\_freq.current | `cpu_freq.current` | [`cpu::CpuFrequency::current_mhz`](crate::cpu::CpuFrequency::current_mhz) |
//! | cpu.cpu\_freq.min | `cpu_freq.min` | [`cpu::CpuFrequency::min_mhz`](crate::cpu::CpuFrequency::min_mhz) |
//! | cpu.cpu\_freq.max | `cpu_freq.max` | [`cpu::CpuFrequency::max_mhz`](crate::cpu::CpuFrequency::max_mhz) |
//! | cpu.getloadavg | `getloadavg()`, `getloadavg(), load_average()` | [`cpu::load_average`](crate::cpu::load_average) |
//! | cpu.getloadavg.one | `getloadavg.one` | [`cpu::LoadAverage::one`](crate::cpu::LoadAverage::one) |
//! | cpu.getloadavg.five | `getloadavg.five` | [`cpu::LoadAverage::five`](crate::cpu::LoadAverage::five) |
//! | cpu.getloadavg.fifteen | `getloadavg.fifteen` | [`cpu::LoadAverage::fifteen`](crate::cpu::LoadAverage::fifteen) |
//! | cpu.load\_average | `load_average` | [`cpu::load_average`](crate::cpu::load_average) |
//! | cpu.behaviour.percent\_state\_per\_thread | a rule | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.behaviour.percent\_separate\_state | a rule | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.behaviour.percent\_baseline\_at\_load | a rule | [`cpu::CpuSampler`](crate::cpu::CpuSampler) |
//! | cpu.behaviour.guest\_not\_counted\_twice | a rule | [`cpu::CpuTimes::total`](crate::cpu::CpuTimes::total) |
//! | cpu.behaviour.iowait\_is\_not\_busy | a rule | [`cpu::CpuTimes::busy`](crate::cpu::CpuTimes::busy) |
//! | cpu.behaviour.negative\_deltas\_clamped | a rule | [`cpu::CpuTimes::since`](crate::cpu::CpuTimes::since) |
//! | cpu.behaviour.times\_percent\_bounds | a rule | [`cpu::CpuTimes::percent_since`](crate::cpu::CpuTimes::percent_since) |
//! | cpu.behaviour.times\_missing\_columns\_zero | a rule | [`cpu::CpuTimes`](crate::cpu::CpuTimes) |
//! | cpu.behaviour.times\_field\_order | a rule | [`cpu::CpuTimes`](crate::cpu::CpuTimes) |
//! | cpu.behaviour.openbsd\_times\_summed | a rule | [`cpu::times`](crate::cpu::times) |
//! | cpu.behaviour.count\_not\_affinity | a rule | [`cpu::count`](crate::cpu::count) |
//! | cpu.behaviour.count\_undetermined\_none | a rule | [`cpu::count`](crate::cpu::count) |
//! | cpu.behaviour.count\_cached | a rule | [`cpu::count`](crate::cpu::count) |
//! | cpu.behaviour.freq\_none\_or\_empty | a rule | [`cpu::frequency`](crate::cpu::frequency) |
//! | cpu.behaviour.freq\_unknown\_limits | a rule | [`cpu::CpuFrequency::min_mhz`](crate::cpu::CpuFrequency::min_mhz) |
//! | cpu.behaviour.freq\_policy\_to\_cpus | a rule | [`cpu::frequency_per_cpu`](crate::cpu::frequency_per_cpu) |
//! | cpu.behaviour.freq\_numeric\_order | a rule | [`cpu::frequency_per_cpu`](crate::cpu::frequency_per_cpu) |
//! | cpu.behaviour.freq\_cpuinfo\_preferred | a rule | [`cpu::frequency`](crate::cpu::frequency) |
//!
//! # Memory
//!
//! | row | names | here |
//! |---|---|---|
//! | memory.record.virtual\_memory | `svmem`, `VirtualMemoryInfo` | [`mem::VirtualMemory`](crate::mem::VirtualMemory) |
//! | memory.record.swap\_memory | `sswap`, `SwapInfo` | [`mem::SwapMemory`](crate::mem::SwapMemory) |
//! | memory.virtual\_memory | `virtual_memory` | [`mem::virtual_memory`](crate::mem::virtual_memory) |
//! | memory.virtual\_memory.total | `virtual_memory.total` | [`mem::VirtualMemory::total`](crate::mem::VirtualMemory::total) |
//! | memory.virtual\_memory.available | `virtual_memory.available` | [`mem::VirtualMemory::available`](crate::mem::VirtualMemory::available) |
//! | memory.virtual\_memory.percent | `virtual_memory.percent` | [`mem::VirtualMemory::percent`](crate::mem::VirtualMemory::percent) |
//! | memory.virtual\_memory.used | `virtual_memory.used` | [`mem::VirtualMemory::used`](crate::mem::VirtualMemory::used) |
//! | memory.virtual\_memory.free | `virtual_memory.free` | [`mem::VirtualMemory::free`](crate::mem::VirtualMemory::free) |
//! | memory.virtual\_memory.active | `virtual_memory.active` | [`mem::VirtualMemory::active`](crate::mem::VirtualMemory::active) |
//! | memory.virtual\_memory.inactive | `virtual_memory.inactive` | [`mem::VirtualMemory::inactive`](crate::mem::VirtualMemory::inactive) |
//! | memory.virtual\_memory.buffers | `virtual_memory.buffers` | [`mem::VirtualMemory::buffers`](crate::mem::VirtualMemory::buffers) |
//! | memory.virtual\_memory.cached | `virtual_memory.cached` | [`mem::VirtualMemory::cached`](crate::mem::VirtualMemory::cached) |
//! | memory.virtual\_memory.shared | `virtual_memory.shared` | [`mem::VirtualMemory::shared`](crate::mem::VirtualMemory::shared) |
//! | memory.virtual\_memory.slab | `virtual_memory.slab` | [`mem::VirtualMemory::slab`](crate::mem::VirtualMemory::slab) |
//! | memory.virtual\_memory.wired | `virtual_memory.wired` | [`mem::VirtualMemory::wired`](crate::mem::VirtualMemory::wired) |
//! | memory.swap\_memory | `swap_memory` | [`mem::swap_memory`](crate::mem::swap_memory) |
//! | memory.swap\_memory.total | `swap_memory.total` | [`mem::SwapMemory::total`](crate::mem::SwapMemory::total) |
//! | memory.swap\_memory.used | `swap_memory.used` | [`mem::SwapMemory::used`](crate::mem::SwapMemory::used) |
//! | memory.swap\_memory.free | `swap_memory.free` | [`mem::SwapMemory::free`](crate::mem::SwapMemory::free) |
//! | memory.swap\_memory.percent | `swap_memory.percent` | [`mem::SwapMemory::percent`](crate::mem::SwapMemory::percent) |
//! | memory.swap\_memory.sin | `swap_memory.sin` | [`mem::SwapMemory::swapped_in`](crate::mem::SwapMemory::swapped_in) |
//! | memory.swap\_memory.sout | `swap_memory.sout` | [`mem::SwapMemory::swapped_out`](crate::mem::SwapMemory::swapped_out) |
//! | memory.memory\_percent | `memory_percent` | [`mem::VirtualMemory::percent`](crate::mem::VirtualMemory::percent) |
//! | memory.swap\_percent | `swap_percent` | [`mem::SwapMemory::percent`](crate::mem::SwapMemory::percent) |
//! | memory.behaviour.available\_estimate | a rule | [`mem::virtual_memory`](crate::mem::virtual_memory) |
//! | memory.behaviour.available\_in\_containers | a rule | [`mem::virtual_memory`](crate::mem::virtual_memory) |
//! | memory.behaviour.missing\_fields\_zero\_and\_warning | a rule | [`mem::VirtualMemory`](crate::mem::VirtualMemory) |
//! | memory.behaviour.meminfo\_without\_blank | a rule | [`mem::virtual_memory`](crate::mem::virtual_memory) |
//! | memory.behaviour.swap\_vmstat\_missing | a rule | [`mem::SwapMemory::swapped_in`](crate::mem::SwapMemory::swapped_in) |
//! | memory.behaviour.swap\_no\_devices | a rule | [`mem::swap_memory`](crate::mem::swap_memory) |
//! | memory.behaviour.used\_plus\_free\_is\_not\_total | a rule | [`mem::VirtualMemory`](crate::mem::VirtualMemory) |
//! | memory.behaviour.macos\_variable\_struct | a rule | [`mem::virtual_memory`](crate::mem::virtual_memory) |
//!
//! # Disks
//!
//! | row | names | here |
//! |---|---|---|
//! | disk.record.disk\_partitions | `sdiskpart` | [`disk::Partition`](crate::disk::Partition) |
//! | disk.record.disk\_usage | `sdiskusage`, `DiskUsage` | [`disk::DiskUsage`](crate::disk::DiskUsage) |
//! | disk.record.disk\_io\_counters | `sdiskio` | [`disk::DiskIo`](crate::disk::DiskIo) |
//! | disk.disk\_partitions | `disk_partitions(all=False)`, `disk_partitions` | [`disk::partitions`](crate::disk::partitions) |
//! | disk.disk\_partitions.all | `disk_partitions.all` | [`disk::Partitions::All`](crate::disk::Partitions::All) |
//! | disk.disk\_partitions.device | `disk_partitions.device` | [`disk::Partition::device`](crate::disk::Partition::device) |
//! | disk.disk\_partitions.mountpoint | `disk_partitions.mountpoint` | [`disk::Partition::mount_point`](crate::disk::Partition::mount_point) |
//! | disk.disk\_partitions.fstype | `disk_partitions.fstype` | [`disk::Partition::fs_type`](crate::disk::Partition::fs_type) |
//! | disk.disk\_partitions.opts | `disk_partitions.opts` | [`disk::Partition::options`](crate::disk::Partition::options) |
//! | disk.disk\_usage | `disk_usage` | [`disk::usage`](crate::disk::usage) |
//! | disk.disk\_usage.total | `disk_usage.total` | [`disk::DiskUsage::total`](crate::disk::DiskUsage::total) |
//! | disk.disk\_usage.used | `disk_usage.used` | [`disk::DiskUsage::used`](crate::disk::DiskUsage::used) |
//! | disk.disk\_usage.free | `disk_usage.free` | [`disk::DiskUsage::free`](crate::disk::DiskUsage::free) |
//! | disk.disk\_usage.percent | `disk_usage.percent` | [`disk::DiskUsage::percent`](crate::disk::DiskUsage::percent) |
//! | disk.disk\_io\_counters | `disk_io_counters(perdisk=False, nowrap=True)`, `disk_io_counters` | [`disk::io_counters`](crate::disk::io_counters) |
//! | disk.disk\_io\_counters.perdisk | `disk_io_counters(perdisk=True)`, `disk_io_counters.perdisk` | [`disk::io_counters_per_disk`](crate::disk::io_counters_per_disk) |
//! | disk.disk\_io\_counters.nowrap | `disk_io_counters.nowrap` | [`disk::Nowrap`](crate::disk::Nowrap) |
//! | disk.disk\_io\_counters.cache\_clear | `disk_io_counters.cache_clear` | [`disk::Nowrap::clear`](crate::disk::Nowrap::clear) |
//! | disk.disk\_io\_counters.read\_count | `disk_io_counters.read_count` | [`disk::DiskIo::read_count`](crate::disk::DiskIo::read_count) |
//! | disk.disk\_io\_counters.write\_count | `disk_io_counters.write_count` | [`disk::DiskIo::write_count`](crate::disk::DiskIo::write_count) |
//! | disk.disk\_io\_counters.read\_bytes | `disk_io_counters.read_bytes` | [`disk::DiskIo::read_bytes`](crate::disk::DiskIo::read_bytes) |
//! | disk.disk\_io\_counters.write\_bytes | `disk_io_counters.write_bytes` | [`disk::DiskIo::write_bytes`](crate::disk::DiskIo::write_bytes) |
//! | disk.disk\_io\_counters.read\_time | `disk_io_counters.read_time` | [`disk::DiskIo::read_time`](crate::disk::DiskIo::read_time) |
//! | disk.disk\_io\_counters.write\_time | `disk_io_counters.write_time` | [`disk::DiskIo::write_time`](crate::disk::DiskIo::write_time) |
//! | disk.disk\_io\_counters.busy\_time | `disk_io_counters.busy_time` | [`disk::DiskIo::busy_time`](crate::disk::DiskIo::busy_time) |
//! | disk.disk\_io\_counters.read\_merged\_count | `disk_io_counters.read_merged_count` | [`disk::DiskIo::read_merged_count`](crate::disk::DiskIo::read_merged_count) |
//! | disk.disk\_io\_counters.write\_merged\_count | `disk_io_counters.write_merged_count` | [`disk::DiskIo::write_merged_count`](crate::disk::DiskIo::write_merged_count) |
//! | disk.behaviour.partitions\_filter\_linux | a rule | [`disk::partitions`](crate::disk::partitions) |
//! | disk.behaviour.partitions\_filter\_macos | a rule | [`disk::partitions`](crate::disk::partitions) |
//! | disk.behaviour.partitions\_root\_device | a rule | [`disk::partitions`](crate::disk::partitions) |
//! | disk.behaviour.partitions\_mtab\_or\_self\_mounts | a rule | [`disk::partitions`](crate::disk::partitions) |
//! | disk.behaviour.usage\_free\_is\_for\_users | a rule | [`disk::DiskUsage::free`](crate::disk::DiskUsage::free) |
//! | disk.behaviour.usage\_path\_errors | a rule | [`disk::usage`](crate::disk::usage) |
//! | disk.behaviour.io\_sector\_512 | a rule | [`disk::io_counters`](crate::disk::io_counters) |
//! | disk.behaviour.io\_totals\_skip\_partitions | a rule | [`disk::io_counters`](crate::disk::io_counters) |
//! | disk.behaviour.io\_line\_formats | a rule | [`disk::io_counters_per_disk`](crate::disk::io_counters_per_disk) |
//! | disk.behaviour.io\_no\_disks | a rule | [`disk::io_counters`](crate::disk::io_counters) |
//! | disk.behaviour.io\_nowrap | a rule | [`disk::Nowrap`](crate::disk::Nowrap) |
//! | disk.behaviour.io\_nowrap\_forgets\_gone | a rule | [`disk::Nowrap`](crate::disk::Nowrap) |
//!
//! # Network
//!
//! | row | names | here |
//! |---|---|---|
//! | net.record.net\_io\_counters | `snetio`, `NetIOCounts` | [`net::NetIo`](crate::net::NetIo) |
//! | net.record.net\_connections\_system\_wide | `sconn`, `Connection` | [`net::Connection`](crate::net::Connection) |
//! | net.record.laddr\_and\_raddr\_of\_inet\_sockets | `addr` | [`net::Endpoint`](crate::net::Endpoint) |
//! | net.record.net\_if\_addrs | `snicaddr`, `NICAddr` | [`net::InterfaceAddress`](crate::net::InterfaceAddress) |
//! | net.record.net\_if\_stats | `snicstats`, `NICStats` | [`net::InterfaceStats`](crate::net::InterfaceStats) |
//! | net.net\_io\_counters | `net_io_counters(pernic=False, nowrap=True)`, `net_io_counters(nowrap=True), pernic_net_io_counters(nowrap=True)`, `net_io_counters` | [`net::io_counters`](crate::net::io_counters) |
//! | net.net\_io\_counters.pernic | `net_io_counters(pernic=True)`, `pernic_net_io_counters()`, `net_io_counters.pernic` | [`net::io_counters_per_interface`](crate::net::io_counters_per_interface) |
//! | net.net\_io\_counters.nowrap | `net_io_counters.nowrap` | [`net::Nowrap`](crate::net::Nowrap) |
//! | net.net\_io\_counters.cache\_clear | `net_io_counters.cache_clear` | [`net::Nowrap::clear`](crate::net::Nowrap::clear) |
//! | net.net\_io\_counters.bytes\_sent | `net_io_counters.bytes_sent` | [`net::NetIo::bytes_sent`](crate::net::NetIo::bytes_sent) |
//! | net.net\_io\_counters.bytes\_recv | `net_io_counters.bytes_recv` | [`net::NetIo::bytes_recv`](crate::net::NetIo::bytes_recv) |
//! | net.net\_io\_counters.packets\_sent | `net_io_counters.packets_sent` | [`net::NetIo::packets_sent`](crate::net::NetIo::packets_sent) |
//! | net.net\_io\_counters.packets\_recv | `net_io_counters.packets_recv` | [`net::NetIo::packets_recv`](crate::net::NetIo::packets_recv) |
//! | net.net\_io\_counters.errin | `net_io_counters.errin` | [`net::NetIo::errors_in`](crate::net::NetIo::errors_in) |
//! | net.net\_io\_counters.errout | `net_io_counters.errout` | [`net::NetIo::errors_out`](crate::net::NetIo::errors_out) |
//! | net.net\_io\_counters.dropin | `net_io_counters.dropin` | [`net::NetIo::drops_in`](crate::net::NetIo::drops_in) |
//! | net.net\_io\_counters.dropout | `net_io_counters.dropout` | [`net::NetIo::drops_out`](crate::net::NetIo::drops_out) |
//! | net.net\_connections | `net_connections(kind="inet")`, `net_connections` | [`net::connections`](crate::net::connections) |
//! | net.connection.fd | `connection.fd` | [`net::Connection::fd`](crate::net::Connection::fd) |
//! | net.connection.family | `connection.family` | [`net::Connection::family`](crate::net::Connection::family) |
//! | net.connection.type | `connection.type` | [`net::Connection::socket_type`](crate::net::Connection::socket_type) |
//! | net.connection.laddr | `connection.laddr` | [`net::Connection::local`](crate::net::Connection::local) |
//! | net.connection.raddr | `connection.raddr` | [`net::Connection::remote`](crate::net::Connection::remote) |
//! | net.connection.laddr.ip | `connection.laddr.ip` | [`net::Endpoint::ip`](crate::net::Endpoint::ip) |
//! | net.connection.laddr.port | `connection.laddr.port` | [`net::Endpoint::port`](crate::net::Endpoint::port) |
//! | net.connection.status | `connection.status` | [`net::Connection::status`](crate::net::Connection::status) |
//! | net.connection.pid | `connection.pid` | [`net::Connection::pid`](crate::net::Connection::pid) |
//! | net.connection\_kind | `connection_kind` | [`net::ConnectionKind`](crate::net::ConnectionKind) |
//! | net.kind.inet | `kind.inet` | [`net::ConnectionKind::Inet`](crate::net::ConnectionKind::Inet) |
//! | net.kind.inet4 | `kind.inet4` | [`net::ConnectionKind::Inet4`](crate::net::ConnectionKind::Inet4) |
//! | net.kind.inet6 | `kind.inet6` | [`net::ConnectionKind::Inet6`](crate::net::ConnectionKind::Inet6) |
//! | net.kind.tcp | `kind.tcp` | [`net::ConnectionKind::Tcp`](crate::net::ConnectionKind::Tcp) |
//! | net.kind.tcp4 | `kind.tcp4` | [`net::ConnectionKind::Tcp4`](crate::net::ConnectionKind::Tcp4) |
//! | net.kind.tcp6 | `kind.tcp6` | [`net::ConnectionKind::Tcp6`](crate::net::ConnectionKind::Tcp6) |
//! | net.kind.udp | `kind.udp` | [`net::ConnectionKind::Udp`](crate::net::ConnectionKind::Udp) |
//! | net.kind.udp4 | `kind.udp4` | [`net::ConnectionKind::Udp4`](crate::net::ConnectionKind::Udp4) |
//! | net.kind.udp6 | `kind.udp6` | [`net::ConnectionKind::Udp6`](crate::net::ConnectionKind::Udp6) |
//! | net.kind.unix | `kind.unix` | [`net::ConnectionKind::Unix`](crate::net::ConnectionKind::Unix) |
//! | net.kind.all | `kind.all` | [`net::ConnectionKind::All`](crate::net::ConnectionKind::All) |
//! | net.ConnectionStatus | `ConnectionStatus, CONN_*`, `ConnectionStatus without NONE` | [`net::ConnectionStatus`](crate::net::ConnectionStatus) |
//! | net.status.established | `CONN_ESTABLISHED`, `ConnectionStatus.ESTABLISHED` | [`net::ConnectionStatus::Established`](crate::net::ConnectionStatus::Established) |
//! | net.status.syn\_sent | `CONN_SYN_SENT`, `ConnectionStatus.SYN_SENT` | [`net::ConnectionStatus::SynSent`](crate::net::ConnectionStatus::SynSent) |
//! | net.status.syn\_recv | `CONN_SYN_RECV`, `ConnectionStatus.SYN_RECV` | [`net::ConnectionStatus::SynRecv`](crate::net::ConnectionStatus::SynRecv) |
//! | net.status.fin\_wait1 | `CONN_FIN_WAIT1`, `ConnectionStatus.FIN_WAIT1` | [`net::ConnectionStatus::FinWait1`](crate::net::ConnectionStatus::FinWait1) |
//! | net.status.fin\_wait2 | `CONN_FIN_WAIT2`, `ConnectionStatus.FIN_WAIT2` | [`net::ConnectionStatus::FinWait2`](crate::net::ConnectionStatus::FinWait2) |
//! | net.status.time\_wait | `CONN_TIME_WAIT`, `ConnectionStatus.TIME_WAIT` | [`net::ConnectionStatus::TimeWait`](crate::net::ConnectionStatus::TimeWait) |
//! | net.status.close | `CONN_CLOSE`, `ConnectionStatus.CLOSE` | [`net::ConnectionStatus::Close`](crate::net::ConnectionStatus::Close) |
//! | net.status.close\_wait | `CONN_CLOSE_WAIT`, `ConnectionStatus.CLOSE_WAIT` | [`net::ConnectionStatus::CloseWait`](crate::net::ConnectionStatus::CloseWait) |
//! | net.status.last\_ack | `CONN_LAST_ACK`, `ConnectionStatus.LAST_ACK` | [`net::ConnectionStatus::LastAck`](crate::net::ConnectionStatus::LastAck) |
//! | net.status.listen | `CONN_LISTEN`, `ConnectionStatus.LISTEN` | [`net::ConnectionStatus::Listen`](crate::net::ConnectionStatus::Listen) |
//! | net.status.closing | `CONN_CLOSING`, `ConnectionStatus.CLOSING` | [`net::ConnectionStatus::Closing`](crate::net::ConnectionStatus::Closing) |
//! | net.status.none | `CONN_NONE` | [`net::Connection::status`](crate::net::Connection::status) |
//! | net.net\_if\_addrs | `net_if_addrs` | [`net::interface_addresses`](crate::net::interface_addresses) |
//! | net.net\_if\_addrs.family | `net_if_addrs.family` | [`net::InterfaceAddress::family`](crate::net::InterfaceAddress::family) |
//! | net.net\_if\_addrs.address | `net_if_addrs.address` | [`net::InterfaceAddress::address`](crate::net::InterfaceAddress::address) |
//! | net.net\_if\_addrs.netmask | `net_if_addrs.netmask` | [`net::InterfaceAddress::netmask`](crate::net::InterfaceAddress::netmask) |
//! | net.net\_if\_addrs.broadcast | `net_if_addrs.broadcast` | [`net::InterfaceAddress::broadcast`](crate::net::InterfaceAddress::broadcast) |
//! | net.net\_if\_addrs.ptp | `net_if_addrs.ptp` | [`net::InterfaceAddress::peer`](crate::net::InterfaceAddress::peer) |
//! | net.net\_if\_stats | `net_if_stats` | [`net::interface_stats`](crate::net::interface_stats) |
//! | net.net\_if\_stats.isup | `net_if_stats.isup` | [`net::InterfaceStats::is_up`](crate::net::InterfaceStats::is_up) |
//! | net.net\_if\_stats.duplex | `net_if_stats.duplex` | [`net::InterfaceStats::duplex`](crate::net::InterfaceStats::duplex) |
//! | net.net\_if\_stats.speed | `net_if_stats.speed` | [`net::InterfaceStats::speed_mbps`](crate::net::InterfaceStats::speed_mbps) |
//! | net.net\_if\_stats.mtu | `net_if_stats.mtu` | [`net::InterfaceStats::mtu`](crate::net::InterfaceStats::mtu) |
//! | net.net\_if\_stats.flags | `net_if_stats.flags` | [`net::InterfaceStats::flags`](crate::net::InterfaceStats::flags) |
//! | net.NicDuplex | `NicDuplex`, `NICDuplex` | [`net::Duplex`](crate::net::Duplex) |
//! | net.duplex.full | `NIC_DUPLEX_FULL`, `NICDuplex.FULL`, `duplex.full` | [`net::Duplex::Full`](crate::net::Duplex::Full) |
//! | net.duplex.half | `NIC_DUPLEX_HALF`, `NICDuplex.HALF`, `duplex.half` | [`net::Duplex::Half`](crate::net::Duplex::Half) |
//! | net.duplex.unknown | `NIC_DUPLEX_UNKNOWN`, `NICDuplex.UNKNOWN`, `duplex.unknown` | [`net::Duplex::Unknown`](crate::net::Duplex::Unknown) |
//! | net.af\_link | `AF_LINK`, `af_link` | [`net::AddressFamily::Link`](crate::net::AddressFamily::Link) |
//! | net.behaviour.kind\_validation | a rule | [`net::ConnectionKind`](crate::net::ConnectionKind) |
//! | net.behaviour.kind\_unix\_types | a rule | [`net::ConnectionKind::includes`](crate::net::ConnectionKind::includes) |
//! | net.behaviour.raddr\_port\_zero | a rule | [`net::Connection::remote`](crate::net::Connection::remote) |
//! | net.behaviour.laddr\_port\_zero | a rule | [`net::Connection::local`](crate::net::Connection::local) |
//! | net.behaviour.address\_decoding | a rule | [`net::connections`](crate::net::connections) |
//! | net.behaviour.ipv6\_unsupported\_skipped | a rule | [`net::connections`](crate::net::connections) |
//! | net.behaviour.unix\_inode\_shared | a rule | [`net::connections`](crate::net::connections) |
//! | net.behaviour.unprivileged\_partial | a rule | [`net::connections`](crate::net::connections) |
//! | net.behaviour.duplicates\_removed | a rule | [`net::connections`](crate::net::connections) |
//! | net.behaviour.per\_process\_life\_check | a rule | [`process::Process::net_connections`](crate::process::Process::net_connections) |
//! | net.behaviour.io\_nowrap | a rule | [`net::Nowrap`](crate::net::Nowrap) |
//! | net.behaviour.io\_no\_nics | a rule | [`net::io_counters`](crate::net::io_counters) |
//! | net.behaviour.io\_iface\_with\_colon | a rule | [`net::io_counters_per_interface`](crate::net::io_counters_per_interface) |
//! | net.behaviour.io\_usbus\_skipped | a rule | [`net::io_counters_per_interface`](crate::net::io_counters_per_interface) |
//! | net.behaviour.mac\_padding | a rule | [`net::Address::Link`](crate::net::Address::Link) |
//! | net.behaviour.single\_host\_no\_broadcast | a rule | [`net::InterfaceAddress::broadcast`](crate::net::InterfaceAddress::broadcast) |
//! | net.behaviour.unconfigured\_nic\_af\_unspec | a rule | [`net::AddressFamily::Unspecified`](crate::net::AddressFamily::Unspecified) |
//! | net.behaviour.nic\_vanishes | a rule | [`net::interface_stats`](crate::net::interface_stats) |
//! | net.behaviour.ethtool\_errors\_tolerated | a rule | [`net::interface_stats`](crate::net::interface_stats) |
//! | net.behaviour.isup\_means\_running | a rule | [`net::InterfaceStats::is_up`](crate::net::InterfaceStats::is_up) |
//!
//! # Sensors
//!
//! | row | names | here |
//! |---|---|---|
//! | sensors.record.sensors\_temperatures | `shwtemp`, `TempSensorInfo` | [`sensors::Temperature`](crate::sensors::Temperature) |
//! | sensors.record.sensors\_fans | `sfan` | [`sensors::Fan`](crate::sensors::Fan) |
//! | sensors.record.sensors\_battery | `sbattery`, `BatteryInfo` | [`sensors::Battery`](crate::sensors::Battery) |
//! | sensors.record.ac\_supplies\_of\_sensors\_power | `ACPowerInfo` | [`sensors::MainsSupply`](crate::sensors::MainsSupply) |
//! | sensors.record.sensors\_power | `PowerSupplySensorInfo` | [`sensors::PowerSupplies`](crate::sensors::PowerSupplies) |
//! | sensors.sensors\_temperatures | `sensors_temperatures(fahrenheit=False)`, `sensors_temperatures()`, `sensors_temperatures` | [`sensors::temperatures`](crate::sensors::temperatures) |
//! | sensors.sensors\_temperatures.fahrenheit | `sensors_temperatures.fahrenheit` | [`sensors::Temperature::current_fahrenheit`](crate::sensors::Temperature::current_fahrenheit) |
//! | sensors.sensors\_temperatures.label | `sensors_temperatures.label` | [`sensors::Temperature::label`](crate::sensors::Temperature::label) |
//! | sensors.sensors\_temperatures.current | `sensors_temperatures.current` | [`sensors::Temperature::current_celsius`](crate::sensors::Temperature::current_celsius) |
//! | sensors.sensors\_temperatures.high | `sensors_temperatures.high` | [`sensors::Temperature::high_celsius`](crate::sensors::Temperature::high_celsius) |
//! | sensors.sensors\_temperatures.critical | `sensors_temperatures.critical` | [`sensors::Temperature::critical_celsius`](crate::sensors::Temperature::critical_celsius) |
//! | sensors.sensors\_temperatures.current\_fahrenheit | `sensors_temperatures.current_fahrenheit` | [`sensors::Temperature::current_fahrenheit`](crate::sensors::Temperature::current_fahrenheit) |
//! | sensors.sensors\_temperatures.high\_fahrenheit | `sensors_temperatures.high_fahrenheit` | [`sensors::Temperature::high_fahrenheit`](crate::sensors::Temperature::high_fahrenheit) |
//! | sensors.sensors\_temperatures.critical\_fahrenheit | `sensors_temperatures.critical_fahrenheit` | [`sensors::Temperature::critical_fahrenheit`](crate::sensors::Temperature::critical_fahrenheit) |
//! | sensors.sensors\_fans | `sensors_fans` | [`sensors::fans`](crate::sensors::fans) |
//! | sensors.sensors\_fans.label | `sensors_fans.label` | [`sensors::Fan::label`](crate::sensors::Fan::label) |
//! | sensors.sensors\_fans.current | `sensors_fans.current` | [`sensors::Fan::rpm`](crate::sensors::Fan::rpm) |
//! | sensors.sensors\_battery | `sensors_battery` | [`sensors::battery`](crate::sensors::battery) |
//! | sensors.sensors\_battery.percent | `sensors_battery.percent` | [`sensors::Battery::percent`](crate::sensors::Battery::percent) |
//! | sensors.sensors\_battery.secsleft | `sensors_battery.secsleft` | [`sensors::Battery::time_left`](crate::sensors::Battery::time_left) |
//! | sensors.sensors\_battery.power\_plugged | `sensors_battery.power_plugged` | [`sensors::Battery::power_plugged`](crate::sensors::Battery::power_plugged) |
//! | sensors.sensors\_battery.name | `sensors_battery.name` | [`sensors::Battery::name`](crate::sensors::Battery::name) |
//! | sensors.sensors\_battery.status | `sensors_battery.status` | [`sensors::Battery::status`](crate::sensors::Battery::status) |
//! | sensors.sensors\_battery.energy\_full | `sensors_battery.energy_full` | [`sensors::Battery::energy_full_uwh`](crate::sensors::Battery::energy_full_uwh) |
//! | sensors.sensors\_battery.energy\_now | `sensors_battery.energy_now` | [`sensors::Battery::energy_now_uwh`](crate::sensors::Battery::energy_now_uwh) |
//! | sensors.sensors\_battery.power\_now | `sensors_battery.power_now` | [`sensors::Battery::power_now_uw`](crate::sensors::Battery::power_now_uw) |
//! | sensors.sensors\_battery.temperature | `sensors_battery.temperature` | [`sensors::Battery::temperature_celsius`](crate::sensors::Battery::temperature_celsius) |
//! | sensors.sensors\_battery.temperature\_fahrenheit | `sensors_battery.temperature_fahrenheit` | [`sensors::Battery::temperature_fahrenheit`](crate::sensors::Battery::temperature_fahrenheit) |
//! | sensors.sensors\_battery.secsleft\_full | `sensors_battery.secsleft_full` | [`sensors::Battery::time_to_full`](crate::sensors::Battery::time_to_full) |
//! | sensors.sensors\_battery\_total | `sensors_battery_total` | [`sensors::battery_total`](crate::sensors::battery_total) |
//! | sensors.sensors\_power | `sensors_power` | [`sensors::power_supplies`](crate::sensors::power_supplies) |
//! | sensors.sensors\_power.batteries | `sensors_power.batteries` | [`sensors::PowerSupplies::batteries`](crate::sensors::PowerSupplies::batteries) |
//! | sensors.sensors\_power.ac\_supplies | `sensors_power.ac_supplies` | [`sensors::PowerSupplies::mains`](crate::sensors::PowerSupplies::mains) |
//! | sensors.sensors\_power.is\_on\_ac\_power | `sensors_power.is_on_ac_power` | [`sensors::PowerSupplies::is_on_ac_power`](crate::sensors::PowerSupplies::is_on_ac_power) |
//! | sensors.ac\_power.name | `ac_power.name` | [`sensors::MainsSupply::name`](crate::sensors::MainsSupply::name) |
//! | sensors.ac\_power.is\_online | `ac_power.is_online` | [`sensors::MainsSupply::online`](crate::sensors::MainsSupply::online) |
//! | sensors.sensors\_is\_on\_ac\_power | `sensors_is_on_ac_power` | [`sensors::is_on_ac_power`](crate::sensors::is_on_ac_power) |
//! | sensors.BatteryTime | `BatteryTime` | [`sensors::BatteryTime`](crate::sensors::BatteryTime) |
//! | sensors.power\_time\_unknown | `POWER_TIME_UNKNOWN`, `power_time_unknown` | [`sensors::BatteryTime::Unknown`](crate::sensors::BatteryTime::Unknown) |
//! | sensors.power\_time\_unlimited | `POWER_TIME_UNLIMITED`, `power_time_unlimited` | [`sensors::BatteryTime::Unlimited`](crate::sensors::BatteryTime::Unlimited) |
//! | sensors.BatteryStatus | `BatteryStatus` | [`sensors::BatteryStatus`](crate::sensors::BatteryStatus) |
//! | sensors.battery\_status.charging | `battery_status.charging` | [`sensors::BatteryStatus::Charging`](crate::sensors::BatteryStatus::Charging) |
//! | sensors.battery\_status.discharging | `battery_status.discharging` | [`sensors::BatteryStatus::Discharging`](crate::sensors::BatteryStatus::Discharging) |
//! | sensors.battery\_status.full | `battery_status.full` | [`sensors::BatteryStatus::Full`](crate::sensors::BatteryStatus::Full) |
//! | sensors.battery\_status.unknown | `battery_status.unknown` | [`sensors::BatteryStatus::Unknown`](crate::sensors::BatteryStatus::Unknown) |
//! | sensors.behaviour.threshold\_fallback | a rule | [`sensors::Temperature::with_thresholds_shared`](crate::sensors::Temperature::with_thresholds_shared) |
//! | sensors.behaviour.broken\_sensor\_skipped | a rule | [`sensors::temperatures`](crate::sensors::temperatures) |
//! | sensors.behaviour.hwmon\_device\_subdir | a rule | [`sensors::temperatures`](crate::sensors::temperatures) |
//! | sensors.behaviour.thermal\_zone\_fallback | a rule | [`sensors::temperatures`](crate::sensors::temperatures) |
//! | sensors.behaviour.no\_sensors\_empty | a rule | [`sensors::temperatures`](crate::sensors::temperatures) |
//! | sensors.behaviour.battery\_first\_by\_name | a rule | [`sensors::battery`](crate::sensors::battery) |
//! | sensors.behaviour.battery\_plugged\_unlimited | a rule | [`sensors::BatteryTime::Unlimited`](crate::sensors::BatteryTime::Unlimited) |
//! | sensors.behaviour.battery\_percent\_without\_rest | a rule | [`sensors::Battery::percent`](crate::sensors::Battery::percent) |
//! | sensors.behaviour.battery\_absent\_none | a rule | [`sensors::battery`](crate::sensors::battery) |
//! | sensors.behaviour.battery\_charge\_units | a rule | [`sensors::Battery::energy_now_uwh`](crate::sensors::Battery::energy_now_uwh) |
//! | sensors.behaviour.freebsd\_temperature\_format | a rule | [`sensors::temperatures`](crate::sensors::temperatures) |
//!
//! # The machine, and the rest
//!
//! | row | names | here |
//! |---|---|---|
//! | other.record.users | `suser` | [`host::User`](crate::host::User) |
//! | other.boot\_time | `boot_time` | [`host::boot_time`](crate::host::boot_time) |
//! | other.time\_since\_boot | `time_since_boot` | [`host::time_since_boot`](crate::host::time_since_boot) |
//! | other.uptime | `uptime() without suspended time`, `uptime() = now - boot time` | [`host::uptime`](crate::host::uptime) |
//! | other.users | `users` | [`host::users`](crate::host::users) |
//! | other.users.name | `name`, `users.name` | [`host::User::name`](crate::host::User::name) |
//! | other.users.terminal | `users.terminal` | [`host::User::terminal`](crate::host::User::terminal) |
//! | other.users.host | `users.host` | [`host::User::host`](crate::host::User::host) |
//! | other.users.started | `users.started` | [`host::User::started`](crate::host::User::started) |
//! | other.users.pid | `users.pid` | [`host::User::pid`](crate::host::User::pid) |
//! | other.getuser | `getuser` | [`host::current_user`](crate::host::current_user) |
//! | other.hostname | `hostname` | [`host::hostname`](crate::host::hostname) |
//! | other.bytes2human | `bytes2human` | [`fmt::bytes`](crate::fmt::bytes) |
//! | other.version\_info | `version_info` | [`VERSION_INFO`](crate::VERSION_INFO) |
//! | other.version | `__version__` | [`VERSION`](crate::VERSION) |
//! | other.procfs\_path | `procfs_path` | [`os::linux::Roots::proc`](crate::os::linux::Roots::proc) |
//! | other.sysfs\_path | `SYSFS_PATH` | [`os::linux::Roots::sys`](crate::os::linux::Roots::sys) |
//! | other.devfs\_path | `DEVFS_PATH` | [`os::linux::Roots::dev`](crate::os::linux::Roots::dev) |
//! | other.os.posix | `os.posix` | [`os`](crate::os) |
//! | other.os.linux | `os.linux` | [`os`](crate::os) |
//! | other.os.macos | `os.macos` | [`os`](crate::os) |
//! | other.os.freebsd | `os.freebsd` | [`os`](crate::os) |
//! | other.os.netbsd | `os.netbsd` | [`os`](crate::os) |
//! | other.os.openbsd | `os.openbsd` | [`os`](crate::os) |
//! | other.os.bsd | `os.bsd` | [`os`](crate::os) |
//! | other.windows\_subsystem\_for\_linux | `WINDOWS_SUBSYSTEM_FOR_LINUX, WSL` | [`os::linux::SystemExt::wsl`](crate::os::linux::SystemExt::wsl) |
//! | other.behaviour.boot\_time\_follows\_clock | a rule | [`host::boot_time`](crate::host::boot_time) |
//! | other.behaviour.boot\_time\_precision | a rule | [`host::boot_time`](crate::host::boot_time) |
//! | other.behaviour.users\_filtering | a rule | [`host::users`](crate::host::users) |
//! | other.behaviour.users\_localhost | a rule | [`host::User::host`](crate::host::User::host) |
//! | other.behaviour.users\_host\_not\_terminated | a rule | [`host::users`](crate::host::users) |
//! | other.behaviour.users\_not\_thread\_safe | a rule | [`host::users`](crate::host::users) |
//! | other.behaviour.users\_musl\_empty | a rule | [`host::users`](crate::host::users) |
//! | other.behaviour.warnings\_for\_partial\_data | a rule | [`Missing`](crate::Missing) |
//! | other.behaviour.bytes2human\_format | a rule | [`fmt::bytes`](crate::fmt::bytes) |
//! | other.behaviour.wsl\_name\_default | a rule | [`os::linux::SystemExt::wsl`](crate::os::linux::SystemExt::wsl) |
//! | other.behaviour.blocking\_calls | a rule | [`disk::partitions`](crate::disk::partitions) |
//!
//! # Heap
//!
//! | row | names | here |
//! |---|---|---|
//! | heap.record.heap\_info | `pheap` | [`heap::HeapInfo`](crate::heap::HeapInfo) |
//! | heap.heap\_info | `heap_info` | [`heap::info`](crate::heap::info) |
//! | heap.heap\_info.heap\_used | `heap_info.heap_used` | [`heap::HeapInfo::heap_used`](crate::heap::HeapInfo::heap_used) |
//! | heap.heap\_info.mmap\_used | `heap_info.mmap_used` | [`heap::HeapInfo::mmap_used`](crate::heap::HeapInfo::mmap_used) |
//! | heap.heap\_trim | `heap_trim` | [`heap::trim`](crate::heap::trim) |
//! | heap.behaviour.mallinfo\_overflow | a rule | [`heap::info`](crate::heap::info) |
//! | heap.behaviour.jemalloc\_flush | a rule | [`heap::info`](crate::heap::info) |
//! | heap.behaviour.absent\_on\_musl\_openbsd | a rule | [`heap::info`](crate::heap::info) |
//!
//! # Errors
//!
//! | row | names | here |
//! |---|---|---|
//! | errors.Error | `Error`, `PsutilError` | [`Error`](crate::Error) |
//! | errors.NoSuchProcess | `NoSuchProcess` | [`Error::NoSuchProcess`](crate::Error::NoSuchProcess) |
//! | errors.ZombieProcess | `ZombieProcess` | [`Error::ZombieProcess`](crate::Error::ZombieProcess) |
//! | errors.AccessDenied | `AccessDenied` | [`Error::AccessDenied`](crate::Error::AccessDenied) |
//! | errors.TimeoutExpired | `TimeoutExpired` | [`Error::TimeoutExpired`](crate::Error::TimeoutExpired) |
//! | errors.NoSuchProcess.pid | `NoSuchProcess.pid` | [`Error::pid`](crate::Error::pid) |
//! | errors.NoSuchProcess.name | `NoSuchProcess.name` | [`Error::name`](crate::Error::name) |
//! | errors.NoSuchProcess.msg | `NoSuchProcess.msg` | [`Error`](crate::Error) |
//! | errors.ZombieProcess.pid | `ZombieProcess.pid` | [`Error::pid`](crate::Error::pid) |
//! | errors.ZombieProcess.name | `ZombieProcess.name` | [`Error::name`](crate::Error::name) |
//! | errors.ZombieProcess.ppid | `ZombieProcess.ppid` | [`Error::ZombieProcess`](crate::Error::ZombieProcess) |
//! | errors.ZombieProcess.msg | `ZombieProcess.msg` | [`Error`](crate::Error) |
//! | errors.AccessDenied.pid | `AccessDenied.pid` | [`Error::pid`](crate::Error::pid) |
//! | errors.AccessDenied.name | `AccessDenied.name` | [`Error::name`](crate::Error::name) |
//! | errors.AccessDenied.msg | `AccessDenied.msg` | [`Error`](crate::Error) |
//! | errors.TimeoutExpired.seconds | `TimeoutExpired.seconds` | [`Error::TimeoutExpired`](crate::Error::TimeoutExpired) |
//! | errors.TimeoutExpired.pid | `TimeoutExpired.pid` | [`Error::pid`](crate::Error::pid) |
//! | errors.TimeoutExpired.name | `TimeoutExpired.name` | [`Error::name`](crate::Error::name) |
//! | errors.TimeoutExpired.msg | `TimeoutExpired.msg` | [`Error`](crate::Error) |
//! | errors.behaviour.zombie\_is\_no\_such\_process | a rule | [`Error::is_gone`](crate::Error::is_gone) |
//! | errors.behaviour.eperm\_eacces\_access\_denied | a rule | [`Error::AccessDenied`](crate::Error::AccessDenied) |
//! | errors.behaviour.esrch\_zombie\_or\_gone | a rule | [`Error::ZombieProcess`](crate::Error::ZombieProcess) |
//! | errors.behaviour.enoent\_procfs | a rule | [`Error::NoSuchProcess`](crate::Error::NoSuchProcess) |
//! | errors.behaviour.zero\_length\_answer\_is\_gone | a rule | [`Error::NoSuchProcess`](crate::Error::NoSuchProcess) |
//! | errors.behaviour.errno\_zero\_guess | a rule | [`Error::NoSuchProcess`](crate::Error::NoSuchProcess) |
//! | errors.behaviour.kvm\_open\_text | a rule | [`Error::AccessDenied`](crate::Error::AccessDenied) |
//! | errors.behaviour.name\_and\_ppid\_attached | a rule | [`Context`](crate::Context) |
//! | errors.behaviour.message\_format | a rule | [`Error`](crate::Error) |
//! | errors.behaviour.argument\_errors\_separate | a rule | [`Error::InvalidArgument`](crate::Error::InvalidArgument) |
//! | errors.behaviour.unsupported\_separate | a rule | [`Error::Unsupported`](crate::Error::Unsupported) |
//! | errors.behaviour.psutil\_error\_alias | a rule | [`Error`](crate::Error) |
