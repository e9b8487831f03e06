//! Unix domain sockets, from `/proc/net/unix`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use ps_core::net::{Connection, Endpoint, SocketFamily, SocketType};

use crate::decode::text::{hexadecimal, lines, number};

/// Every socket of `/proc/net/unix`. Lines that are too short are passed over.
///
/// The kernel tells neither the other end nor the owner.
#[must_use]
pub fn decode_unix(text: &[u8]) -> Vec<Connection> {
    lines(text).skip(1).filter_map(line_of_unix).collect()
}

fn line_of_unix(line: &[u8]) -> Option<Connection> {
    // Num RefCount Protocol Flags Type St Inode Path; a path may hold blanks and anything else.
    let mut rest = line;
    let mut next = || {
        let start = rest.iter().position(|byte| *byte != b' ')?;
        rest = rest.get(start..)?;
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (column, after) = rest.split_at(end);
        rest = after;
        Some(column)
    };
    let mut columns: [&[u8]; 7] = [b""; 7];
    for column in &mut columns {
        *column = next()?;
    }
    let [_, _, _, _, kind, _, inode] = columns;
    let path = rest.strip_prefix(b" ").unwrap_or_default();
    let mut socket =
        Connection::new(SocketFamily::Unix, socket_type(u32::try_from(hexadecimal(kind)?).ok()?));
    socket.inode = Some(number(inode)?).filter(|inode: &u64| *inode != 0);
    socket.local = endpoint(path);
    Some(socket)
}

/// What a socket is bound to, as the kernel writes it; abstract names begin with `@`.
fn endpoint(path: &[u8]) -> Option<Endpoint> {
    match path.split_first()? {
        (b'@', name) => Some(Endpoint::Abstract(OsString::from_vec(name.to_vec()))),
        _ => Some(Endpoint::Path(PathBuf::from(OsString::from_vec(path.to_vec())))),
    }
}

/// A type of socket by the kernel's number.
#[must_use]
pub fn socket_type(raw: u32) -> SocketType {
    match raw {
        1 => SocketType::Stream,
        2 => SocketType::Datagram,
        3 => SocketType::Raw,
        5 => SocketType::SeqPacket,
        other => SocketType::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADING: &str = "Num       RefCount Protocol Flags    Type St Inode Path\n";

    fn decode(rest: &[u8]) -> Vec<Connection> {
        decode_unix(&[HEADING.as_bytes(), rest].concat())
    }

    #[test]
    fn net_unix_paths_may_hold_blanks_and_be_missing() {
        let all = decode(
            b"0000000000000000: 00000002 00000000 00010000 0001 01 14 /run/a  b\xff\n\
              ffff888003aa0000: 00000003 00000000 00000000 0002 03 15\n",
        );
        let path = PathBuf::from(OsString::from_vec(b"/run/a  b\xff".to_vec()));
        assert_eq!(all[0].local, Some(Endpoint::Path(path)));
        assert_eq!((all[0].socket_type, all[0].inode), (SocketType::Stream, Some(14)));
        assert_eq!((all[1].local.clone(), all[1].socket_type), (None, SocketType::Datagram));
        assert_eq!((all[1].remote.clone(), all[1].status), (None, None));
    }

    #[test]
    fn net_unix_abstract_names_begin_with_an_at_sign() {
        let all = decode(b"0: 00000002 00000000 00010000 0005 01 9 @/tmp/.X11-unix/X0\n");
        assert_eq!(all[0].local, Some(Endpoint::Abstract("/tmp/.X11-unix/X0".into())));
        assert_eq!(all[0].socket_type, SocketType::SeqPacket);
    }

    #[test]
    fn net_unix_short_lines_are_skipped() {
        assert!(decode(b"0: 00000002 00000000\n\nx\n").is_empty());
        assert!(decode_unix(b"").is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
