//! What lies in a machine's first file system.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::built::Program;
use crate::vm::initramfs::Archive;
use crate::vm::modules::Modules;

/// The commands that tests start, all of one program.
const COMMANDS: &[&str] = &[
    "cat", "chmod", "cp", "dd", "echo", "env", "false", "head", "id", "kill", "ln", "ls", "mkdir",
    "mke2fs", "mkfifo", "mount", "mv", "printf", "pwd", "rm", "rmdir", "sed", "seq", "setsid",
    "sh", "sleep", "sync", "tail", "tee", "test", "touch", "tr", "true", "umount", "unshare",
    "usleep", "wc", "yes",
];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n";
const GROUP: &str = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n";
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// Adds the guest, and what programs expect of any system.
pub(crate) fn add_system(archive: &mut Archive, tools: &Path, guest: &[u8]) -> Result<()> {
    archive.file("/init", guest, true);
    archive.file("/bin/busybox", &read(&tools.join("bin/busybox"))?, true);
    for command in COMMANDS {
        archive.link(&format!("/bin/{command}"), "busybox");
    }
    archive.file("/etc/passwd", PASSWD.as_bytes(), false);
    archive.file("/etc/group", GROUP.as_bytes(), false);
    archive.file("/etc/hosts", HOSTS.as_bytes(), false);
    for directory in ["/root", "/var/run", "/proc", "/sys", "/tmp", "/run", "/mnt"] {
        archive.directory(directory);
    }
    Ok(())
}

/// Adds kernel modules, and in which order they are to be loaded.
pub(crate) fn add_modules(archive: &mut Archive, directory: &Path, wanted: &[&str]) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let order = Modules::below(directory)?.in_order(wanted)?;
    let names: Vec<&str> = order.iter().map(|(name, _)| name.as_str()).collect();
    archive.file("/modules/order", names.join("\n").as_bytes(), false);
    for (name, bytes) in &order {
        archive.file(&format!("/modules/{name}"), bytes, false);
    }
    Ok(())
}

/// Adds a test program, the directory that it runs in, and its package's fixtures, at the paths
/// that they have here: that is where a test looks.
pub(crate) fn add_program(archive: &mut Archive, program: &Program) -> Result<()> {
    archive.file(&inside(program), &read(&program.executable)?, true);
    archive.directory(&program.directory.display().to_string());
    for helper in &program.helpers {
        archive.file(&helper.display().to_string(), &read(helper)?, true);
    }
    add_tree(archive, &program.directory.join("fixtures"))
}

fn add_tree(archive: &mut Archive, path: &Path) -> Result<()> {
    let Ok(facts) = path.symlink_metadata() else { return Ok(()) };
    let name = path.display().to_string();
    if facts.is_symlink() {
        archive.link(&name, &fs::read_link(path)?.display().to_string());
    } else if facts.is_dir() {
        archive.directory(&name);
        for entry in fs::read_dir(path)? {
            add_tree(archive, &entry?.path())?;
        }
    } else {
        archive.file(&name, &read(path)?, false);
    }
    Ok(())
}

/// Where a test program lies in the machine.
pub(crate) fn inside(program: &Program) -> String {
    format!("/tests/{}", program.name.replace(':', "-"))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
