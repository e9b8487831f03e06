//! Capturing a machine's `/proc` and `/sys`, as far as the library reads them.
//!
//! The result is a tree of the same shape, bytes as the kernel gave them and links as links, which
//! a backend can be pointed at. The process in it is one started for the purpose, with nothing
//! in its environment, so that no one's own arguments are in the tree.

mod private;
mod sources;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};

use private::Treatment;

/// A file longer than this is left out.
const FILE_LIMIT: usize = 128 << 10;

/// A tree never grows beyond this.
const TREE_LIMIT: usize = 4 << 20;

/// What came of a capture.
#[derive(Debug)]
pub struct Captured {
    /// How many files and links were taken.
    pub count: usize,
    /// How many bytes they have.
    pub bytes: usize,
    /// What was blanked and what left out, for whoever reads the tree.
    pub note: String,
}

/// Captures the running machine into a new directory, without the paths that have one of `without` in them. The
/// process in it is in these control groups.
pub fn machine(out: &Path, without: &[String], groups: &[PathBuf]) -> io::Result<Captured> {
    let sleeper = Sleeper::start()?;
    let pid = sleeper.0.id().to_string();
    for group in groups {
        fs::write(group.join("cgroup.procs"), &pid)?;
    }
    let mut capture = Capture::new(Path::new("/"), out, without);
    for source in sources::SOURCES {
        capture.take(&source.replace("{pid}", &pid))?;
    }
    capture.write("proc/self", &Entry::Link(pid.into()))?;
    Ok(Captured { count: capture.taken.len(), bytes: capture.bytes, note: capture.note() })
}

/// A process that does nothing and has nothing to hide; ended when dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> io::Result<Sleeper> {
        let null = Stdio::null;
        let mut command = Command::new("sleep");
        command.arg("600").current_dir("/").env_clear();
        command.stdin(null()).stdout(null()).stderr(null());
        let mut child = Sleeper(command.spawn()?);
        // Between fork and exec it is still this program.
        let name = format!("/proc/{}/comm", child.0.id());
        while fs::read(&name)? != b"sleep\n" {
            if child.0.try_wait()?.is_some() {
                return Err(io::Error::other("`sleep` ended at once"));
            }
            std::thread::yield_now();
        }
        Ok(child)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What lies at a path.
enum Entry {
    Bytes(Vec<u8>),
    Link(PathBuf),
}

/// A tree in the making.
struct Capture<'a> {
    root: &'a Path,
    out: &'a Path,
    without: &'a [String],
    taken: BTreeSet<String>,
    bytes: usize,
    blanked: BTreeSet<String>,
    left_out: BTreeSet<String>,
}

impl<'a> Capture<'a> {
    fn new(root: &'a Path, out: &'a Path, without: &'a [String]) -> Capture<'a> {
        Capture {
            root,
            out,
            without,
            taken: BTreeSet::new(),
            bytes: 0,
            blanked: BTreeSet::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Takes what a pattern stands for; see [`sources::SOURCES`].
    fn take(&mut self, pattern: &str) -> io::Result<()> {
        let parts: Vec<&str> = pattern.split('/').collect();
        self.descend("", &parts)
    }

    fn descend(&mut self, below: &str, parts: &[&str]) -> io::Result<()> {
        match parts {
            [] => self.take_one(below),
            ["*", rest @ ..] => {
                let mut names = self.names(below).into_iter();
                names.try_for_each(|name| self.enter(&join(below, &name), below, rest))
            }
            [name, rest @ ..] => self.enter(&join(below, name), below, rest),
        }
    }

    /// Goes on at a path, and through it if it is a link: /sys/class is made of them.
    fn enter(&mut self, path: &str, directory: &str, rest: &[&str]) -> io::Result<()> {
        match fs::read_link(self.root.join(path)) {
            Ok(target) if !rest.is_empty() && !self.is_unwanted(path) => {
                let real = resolve(directory, &target);
                self.write(path, &Entry::Link(target))?;
                real.map_or(Ok(()), |real| self.descend(&real, rest))
            }
            _ => self.descend(path, rest),
        }
    }

    fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(directory)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn take_one(&mut self, path: &str) -> io::Result<()> {
        let full = self.root.join(path);
        let Ok(kind) = fs::symlink_metadata(&full) else { return Ok(()) };
        if self.is_unwanted(path) {
            return Ok(());
        }
        if kind.is_symlink() {
            return match fs::read_link(&full) {
                // Whoever walks the tree and follows links would walk the machine it lies on.
                Ok(target) if target.is_absolute() && full.is_dir() => {
                    self.leave_out(path, "leads to a directory outside of the tree")
                }
                Ok(target) => self.write(path, &Entry::Link(target)),
                Err(error) => self.leave_out(path, &error.to_string()),
            };
        }
        // A pattern that ends in names is about the files among them.
        if kind.is_dir() {
            return Ok(());
        }
        let treatment = private::treatment(path);
        if !kind.is_file() || matches!(treatment, Treatment::LeaveOut) {
            return self.leave_out(path, "private");
        }
        match read(&full) {
            Ok(bytes) if bytes.len() > FILE_LIMIT => self.leave_out(path, "too long"),
            Ok(bytes) => {
                let kept = treatment.apply(&bytes);
                if kept != bytes {
                    self.blanked.insert(path.to_owned());
                }
                self.write(path, &Entry::Bytes(kept))
            }
            Err(error) => self.leave_out(path, &error.to_string()),
        }
    }

    fn is_unwanted(&self, path: &str) -> bool {
        self.without.iter().any(|part| path.contains(part.as_str()))
    }

    fn leave_out(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.left_out.insert(format!("{path} ({why})"));
        Ok(())
    }

    fn write(&mut self, path: &str, entry: &Entry) -> io::Result<()> {
        if !self.taken.insert(path.to_owned()) {
            return Ok(());
        }
        let at = self.out.join(path);
        if let Some(directory) = at.parent() {
            fs::create_dir_all(directory)?;
        }
        match entry {
            Entry::Link(target) => symlink(target, &at),
            Entry::Bytes(bytes) => {
                self.bytes += bytes.len();
                if self.bytes > TREE_LIMIT {
                    return Err(io::Error::other(format!(
                        "more than {TREE_LIMIT} bytes, at {path}"
                    )));
                }
                fs::write(&at, bytes)
            }
        }
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", at.display())))
    }

    fn note(&self) -> String {
        let list = |paths: &BTreeSet<String>| {
            paths.iter().map(|path| format!("  {path}\n")).collect::<String>()
        };
        let without: BTreeSet<String> = self.without.iter().cloned().collect();
        format!(
            "{}\nnot asked for, wherever a path has one of these in it:\n{}\nblanked or shortened:\n{}\n\
             left out:\n{}",
            private::RULES,
            list(&without),
            list(&self.blanked),
            list(&self.left_out)
        )
    }
}

fn join(below: &str, name: &str) -> String {
    if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") }
}

/// Where a link in this directory leads, as a path below the root.
fn resolve(directory: &str, target: &Path) -> Option<String> {
    let mut parts: Vec<&OsStr> = Path::new(directory).iter().collect();
    for component in target.components() {
        match component {
            Component::RootDir => parts.clear(),
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(name) => parts.push(name),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    let bytes = parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(&b'/');
    String::from_utf8(bytes).ok()
}

/// The whole file, or one byte more than is allowed.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is made anew and removed again.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let unique = format!("ps-guest-capture-{name}-{}", std::process::id());
            let at = std::env::temp_dir().join(unique);
            fs::create_dir(&at).expect("works");
            Scratch(at)
        }

        fn file(&self, path: &str, bytes: &[u8]) {
            let at = self.0.join(path);
            fs::create_dir_all(at.parent().expect("works")).expect("works");
            fs::write(at, bytes).expect("works");
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn bytes_and_links_are_kept_as_they_are() {
        let machine = Scratch::new("kept");
        machine.file("proc/stat", b"cpu \xff\0 1\n\n");
        machine.file("sys/devices/pci/net/eth0/mtu", b"1500\n");
        fs::create_dir_all(machine.0.join("sys/class/net")).expect("works");
        symlink("../../devices/pci/net/eth0", machine.0.join("sys/class/net/eth0")).expect("works");
        fs::create_dir_all(machine.0.join("proc/7")).expect("works");
        symlink("/", machine.0.join("proc/7/root")).expect("works");
        symlink("/bin/no-such", machine.0.join("proc/7/exe")).expect("works");
        let out = machine.0.join("out");
        let mut capture = Capture::new(&machine.0, &out, &[]);
        capture.take("proc/stat").expect("works");
        capture.take("proc/missing").expect("works");
        capture.take("proc/7/root").expect("works");
        capture.take("proc/7/exe").expect("works");
        capture.take("sys/class/net/*/mtu").expect("works");
        assert_eq!(fs::read(out.join("proc/stat")).expect("works"), b"cpu \xff\0 1\n\n");
        let link = fs::read_link(out.join("sys/class/net/eth0")).expect("works");
        assert_eq!(link, Path::new("../../devices/pci/net/eth0"));
        assert_eq!(fs::read(out.join("sys/class/net/eth0/mtu")).expect("works"), b"1500\n");
        let exe = fs::read_link(out.join("proc/7/exe")).expect("works");
        assert_eq!(exe, Path::new("/bin/no-such"));
        assert!(out.join("proc/7/root").symlink_metadata().is_err());
        assert!(capture.note().contains("proc/7/root (leads to a directory outside of the tree)"));
        assert_eq!(capture.taken.len(), 4);
    }

    #[test]
    fn what_is_private_is_not_in_the_tree_and_the_note_says_so() {
        let machine = Scratch::new("private");
        machine.file("sys/class/net/eth0/address", b"52:54:00:12:34:56\n");
        machine.file("proc/7/environ", b"SECRET=x\0");
        machine.file("proc/sys/kernel/hostname", b"secret\n");
        let out = machine.0.join("out");
        let mut capture = Capture::new(&machine.0, &out, &[]);
        for pattern in ["sys/class/net/*/address", "proc/7/environ", "proc/sys/kernel/*"] {
            capture.take(pattern).expect("works");
        }
        let address = fs::read(out.join("sys/class/net/eth0/address")).expect("works");
        assert_eq!(address, b"00:00:00:00:00:00\n");
        assert!(!out.join("proc").exists());
        let note = capture.note();
        assert!(note.contains("  sys/class/net/eth0/address\n"), "{note}");
        assert!(note.contains("  proc/sys/kernel/hostname (private)\n"), "{note}");
    }

    #[test]
    fn a_file_without_end_is_left_out() {
        let machine = Scratch::new("long");
        machine.file("proc/vmstat", &vec![b'x'; FILE_LIMIT + 1]);
        let out = machine.0.join("out");
        let mut capture = Capture::new(&machine.0, &out, &[]);
        capture.take("proc/vmstat").expect("works");
        assert!(!out.exists());
        assert!(capture.left_out.contains("proc/vmstat (too long)"));
    }

    #[test]
    fn what_is_not_wanted_is_neither_taken_nor_followed() {
        let machine = Scratch::new("unwanted");
        for disk in ["vda", "loop0"] {
            machine.file(&format!("sys/devices/{disk}/stat"), b"1\n");
            fs::create_dir_all(machine.0.join("sys/block")).expect("works");
            let link = machine.0.join("sys/block").join(disk);
            symlink(format!("../devices/{disk}"), link).expect("works");
        }
        let out = machine.0.join("out");
        let without = ["/loop".to_owned()];
        let mut capture = Capture::new(&machine.0, &out, &without);
        capture.take("sys/block/*/stat").expect("works");
        assert!(out.join("sys/block/vda/stat").exists());
        assert!(!out.join("sys/devices/loop0").exists() && capture.note().contains("/loop"));
    }

    #[test]
    fn this_machines_tree_has_its_process_and_no_secrets() {
        let scratch = Scratch::new("real");
        let out = scratch.0.join("out");
        let captured = machine(&out, &[], &[]).expect("works");
        let stat = fs::read_to_string(out.join("proc/self/stat")).expect("works");
        let pid = fs::read_link(out.join("proc/self")).expect("works");
        assert!(stat.starts_with(&format!("{} (sleep) ", pid.display())), "{stat}");
        assert_eq!(fs::read(out.join("proc/self/comm")).expect("works"), b"sleep\n");
        assert!(fs::read(out.join("proc/meminfo")).expect("works").starts_with(b"MemTotal:"));
        assert!(!out.join("proc/self/environ").exists());
        assert!(captured.count > 20 && captured.note.contains("host names"));
    }
}
