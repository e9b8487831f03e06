//! The machine's first file system: an archive of the format that the kernel unpacks at boot
//! (`cpio`'s "newc"). Written here, so that device nodes need no privilege and no other program.

use std::collections::BTreeSet;

/// A file's kind, in the upper bits of its mode.
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// The name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// An archive in the making. Directories that a path needs come by themselves.
pub(crate) struct Archive {
    bytes: Vec<u8>,
    directories: BTreeSet<String>,
    entries: u32,
}

impl Archive {
    /// An archive with a console and a null device, which a first process is lost without.
    pub(crate) fn new() -> Self {
        let mut archive = Self { bytes: Vec::new(), directories: BTreeSet::new(), entries: 0 };
        archive.directories_of("/dev/null");
        archive.entry("dev/console", CHARACTER_DEVICE | 0o600, (5, 1), b"");
        archive.entry("dev/null", CHARACTER_DEVICE | 0o666, (1, 3), b"");
        archive
    }

    /// Adds a file that only its owner, who is root, may write.
    pub(crate) fn file(&mut self, path: &str, bytes: &[u8], executable: bool) {
        self.directories_of(path);
        let mode = if executable { 0o755 } else { 0o644 };
        self.entry(path.trim_start_matches('/'), REGULAR | mode, (0, 0), bytes);
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &str, to: &str) {
        self.directories_of(path);
        self.entry(path.trim_start_matches('/'), SYMLINK | 0o777, (0, 0), to.as_bytes());
    }

    /// Adds a directory.
    pub(crate) fn directory(&mut self, path: &str) {
        self.directories_of(&format!("{path}/."));
    }

    /// The whole archive.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry(TRAILER, 0, (0, 0), b"");
        self.bytes
    }

    fn directories_of(&mut self, path: &str) {
        let path = path.trim_start_matches('/');
        for (end, _) in path.match_indices('/') {
            if let Some(directory) = path.get(..end)
                && self.directories.insert(directory.to_owned())
            {
                self.entry(directory, DIRECTORY | 0o755, (0, 0), b"");
            }
        }
    }

    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name_size = u32::try_from(name.len() + 1).unwrap_or(u32::MAX);
        let links = if mode & DIRECTORY == DIRECTORY { 2 } else { 1 };
        let fields =
            [self.entries, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name_size, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08x}").bytes());
        }
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, mode, device, content.
    type Entry = (String, u32, (u32, u32), Vec<u8>);

    fn entries(bytes: &[u8]) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            assert_eq!(&bytes[at..at + 6], b"070701");
            let field = |n: usize| {
                let text = std::str::from_utf8(&bytes[at + 6 + n * 8..at + 14 + n * 8]);
                u32::from_str_radix(text.expect("ASCII"), 16).expect("hexadecimal")
            };
            let name_at = at + 110;
            let name_end = name_at + field(11) as usize - 1;
            assert_eq!(bytes[name_end], 0);
            let content_at = (name_end + 1).next_multiple_of(4);
            let content_end = content_at + field(6) as usize;
            found.push((
                String::from_utf8(bytes[name_at..name_end].to_vec()).expect("UTF-8"),
                field(1),
                (field(9), field(10)),
                bytes[content_at..content_end].to_vec(),
            ));
            at = content_end.next_multiple_of(4);
        }
        found
    }

    #[test]
    fn an_archive_has_what_was_put_in_and_the_directories_it_needs() {
        let mut archive = Archive::new();
        archive.file("/init", b"program", true);
        archive.file("/etc/passwd", b"root", false);
        archive.file("/etc/group", b"", false);
        archive.link("/bin/sh", "busybox");
        archive.directory("/tmp");
        let found = entries(&archive.finish());
        let names: Vec<&str> = found.iter().map(|entry| entry.0.as_str()).collect();
        assert_eq!(
            names,
            [
                "dev",
                "dev/console",
                "dev/null",
                "init",
                "etc",
                "etc/passwd",
                "etc/group",
                "bin",
                "bin/sh",
                "tmp",
                TRAILER
            ]
        );
        assert_eq!(found[1].2, (5, 1));
        assert_eq!(found[3].1, 0o100_755);
        assert_eq!(found[3].3, b"program");
        assert_eq!(found[8].3, b"busybox");
    }
}
