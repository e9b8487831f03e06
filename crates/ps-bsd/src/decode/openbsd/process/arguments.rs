//! Arguments and environments (`kern.procargs`), and which file a process runs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::decode::process::behind_pointers;

/// The strings of a block that the kernel wrote to the address `base`.
///
/// The block begins with the addresses of the strings and a null address. The kernel makes room for as many addresses
/// as the process once had arguments; one that has struck out some of them since (as programs do that write a title
/// over their arguments) leaves a gap between the null address and the first string. So the first address says where
/// the strings begin, if it lies in the block at all; it is never followed beyond it.
#[must_use]
pub fn strings(block: &[u8], base: u64) -> &[u8] {
    let Some(first) = block.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes)) else {
        return &[];
    };
    if first == 0 {
        return &[];
    }
    let start = first.checked_sub(base).and_then(|start| usize::try_from(start).ok());
    match start.and_then(|start| block.get(start..)) {
        Some(strings) => strings,
        None => behind_pointers(block),
    }
}

/// Where a program is looked for that was started by its name alone and whose own search path may not be read.
const USUAL_PLACES: &str = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/X11R6/bin:/usr/local/bin:\
                            /usr/local/sbin:/usr/libexec:/usr/local/libexec";

/// Paths that a program may have, the likeliest first. The kernel does not tell the path, only which file it is: the
/// caller compares.
///
/// `first` is the first argument, `comm` the name that the kernel keeps, `cwd` the current directory and `search` the
/// value of the process's `PATH`, each empty if it is not known.
#[must_use]
pub fn candidates(first: &[u8], comm: &[u8], cwd: &[u8], search: &[u8]) -> Vec<PathBuf> {
    // A login shell's first argument begins with a dash.
    let first = first.strip_prefix(b"-").unwrap_or(first);
    let mut found: Vec<PathBuf> = Vec::new();
    let mut add = |directory: &[u8], name: &[u8]| {
        let path = Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name));
        if path.is_absolute() && !path.as_os_str().as_bytes().contains(&0) && !found.contains(&path)
        {
            found.push(path);
        }
    };
    if first.contains(&b'/') {
        add(cwd, first);
    }
    // Where the arguments were written over, the kernel's name still is that of the file.
    for name in [first, comm] {
        if name.is_empty() || name.contains(&b'/') {
            continue;
        }
        for places in [search, USUAL_PLACES.as_bytes()] {
            for place in places.split(|byte| *byte == b':') {
                match place {
                    // An empty place is the current directory.
                    b"" if places.is_empty() => {}
                    b"" => add(cwd, name),
                    place => add(place, name),
                }
            }
        }
    }
    found
}

/// The path in an answer that ends with a NUL.
#[must_use]
pub fn path(answer: &[u8]) -> OsString {
    OsString::from_vec(ps_core::raw::text(answer).to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::process::{Arguments, Environ};

    use super::*;

    const BASE: u64 = 0x7f7f_ffff_0000;

    fn block(addresses: &[u64], strings: &[u8]) -> Vec<u8> {
        let mut block: Vec<u8> = addresses.iter().flat_map(|one| one.to_ne_bytes()).collect();
        block.extend_from_slice(strings);
        block
    }

    #[test]
    fn strings_begin_where_the_first_address_says() {
        let whole = block(&[BASE + 24, BASE + 27, 0], b"sh\0-c\0\0");
        let arguments = Arguments::nul_separated(strings(&whole, BASE));
        assert_eq!(arguments.to_vec(), ["sh", "-c", ""]);
        let environ = block(&[BASE + 16, 0], b"A=1\0");
        assert_eq!(Environ::parse(strings(&environ, BASE)).len(), 1);
    }

    #[test]
    fn arguments_struck_out_since_leave_no_empty_ones() {
        // Room for three addresses and the null one; two were struck out.
        let title = block(&[BASE + 32, 0, 0, 0], b"sendmail: accepting\0");
        let arguments = Arguments::nul_separated(strings(&title, BASE));
        assert_eq!(arguments.to_vec(), ["sendmail: accepting"]);
        let all = block(&[0, 0x6767, 0x6767], b"stale\0");
        assert_eq!(strings(&all, BASE), b"");
    }

    #[test]
    fn an_address_outside_the_block_is_not_followed() {
        let moved = block(&[0x1000, 0], b"sh\0");
        assert_eq!(strings(&moved, BASE), b"sh\0");
        assert_eq!(strings(&block(&[u64::MAX, 0], b"sh\0"), BASE), b"sh\0");
        assert_eq!(strings(b"", BASE), b"");
        assert_eq!(strings(b"abc", BASE), b"");
    }

    #[test]
    fn a_program_is_looked_for_where_it_may_be() {
        let of = |first: &str, comm: &str, cwd: &str, search: &str| {
            let found =
                candidates(first.as_bytes(), comm.as_bytes(), cwd.as_bytes(), search.as_bytes());
            found.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of("/bin/ksh", "", "", "")[0], "/bin/ksh");
        assert_eq!(of("./run", "", "/home/jo", "")[0], "/home/jo/./run");
        assert!(of("./run", "", "", "").is_empty(), "the current directory is not known");
        assert_eq!(of("-ksh", "ksh", "", "/opt/bin:/bin")[..2], ["/opt/bin/ksh", "/bin/ksh"]);
        assert_eq!(of("a", "", "/w", ":/x")[..2], ["/w/a", "/x/a"]);
        assert_eq!(
            of("a", "", "/w", "")[0],
            "/usr/bin/a",
            "no search path is no empty place in one"
        );
        let title = of("sshd: jo [priv]", "sshd", "", "");
        assert!(title.contains(&"/usr/sbin/sshd".to_owned()), "{title:?}");
        assert!(of("", "", "/", "/bin").is_empty());
    }

    #[test]
    fn a_path_ends_at_its_nul() {
        assert_eq!(path(b"/home/j\xff\0"), OsString::from_vec(b"/home/j\xff".to_vec()));
        assert_eq!(path(b""), "");
    }

    proptest! {
        #[test]
        fn whatever_is_in_the_block_only_its_own_bytes_come_out(
            block in prop::collection::vec(any::<u8>(), 0..200), base: u64, near in 0..300_u64,
        ) {
            prop_assert!(block.ends_with(strings(&block, base)));
            let first = block.first_chunk().map_or(0, |bytes| u64::from_ne_bytes(*bytes));
            prop_assert!(block.ends_with(strings(&block, first.wrapping_sub(near))));
            for path in candidates(&block, &block, &block, &block) {
                prop_assert!(path.is_absolute());
            }
        }
    }
}
