//! Netlink messages and the attributes in them, as the kernel packs them.

/// One message without its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Message<'a> {
    /// What it is: `nlmsg_type`.
    pub kind: u16,
    /// `nlmsg_flags`.
    pub flags: u16,
    /// What follows the header.
    pub body: &'a [u8],
}

/// End of a dump.
pub const DONE: u16 = 3;
/// A failure, or an acknowledgement.
pub const ERROR: u16 = 2;
/// The dump may hold the same thing twice, or lack one: something changed meanwhile.
pub const DUMP_INTERRUPTED: u16 = 0x10;

const HEADER: usize = 16;

/// The messages in one datagram, up to the first that is cut off.
pub fn messages(datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(rest, 0)?).ok()?;
        let body = rest.get(HEADER..length)?;
        let message = Message { kind: u16_at(rest, 4)?, flags: u16_at(rest, 6)?, body };
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(message)
    })
}

/// A request: its header and body.
#[must_use]
pub fn request(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend(length.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

impl<'a> Message<'a> {
    /// The number in four bytes of the body.
    #[must_use]
    pub fn u32_at(&self, at: usize) -> Option<u32> {
        u32_at(self.body, at)
    }

    /// The attributes that follow a fixed part of the body, up to the first that is cut off.
    pub fn attributes(&self, fixed: usize) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = self.body.get(aligned(fixed)..).unwrap_or_default();
        std::iter::from_fn(move || {
            let length = usize::from(u16_at(rest, 0)?);
            // The two highest bits say how the value is packed.
            let kind = u16_at(rest, 2)? & 0x3fff;
            let value = rest.get(4..length)?;
            rest = rest.get(aligned(length)..).unwrap_or_default();
            Some((kind, value))
        })
    }

    /// The errno in a message of kind [`ERROR`], or of kind [`DONE`], which ends a dump that failed just like one that
    /// did not; positive, and 0 for success.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        let raw = self.u32_at(0)?.to_ne_bytes();
        matches!(self.kind, ERROR | DONE).then(|| i32::from_ne_bytes(raw).saturating_neg())
    }
}

fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_reads_back_as_the_message_it_is() {
        let datagram = [request(20, 0x301, 7, b"abcd"), request(DONE, 0, 7, &[0; 4])].concat();
        let all: Vec<_> = messages(&datagram).collect();
        assert_eq!(all[0], Message { kind: 20, flags: 0x301, body: b"abcd" });
        assert_eq!((all[1].kind, all.len()), (DONE, 2));
    }

    #[test]
    fn attributes_are_aligned_and_end_where_one_is_cut() {
        let mut body = vec![9, 9, 0, 0];
        body.extend([5u16, 3].map(u16::to_ne_bytes).concat());
        body.extend([7, 0, 0, 0]);
        body.extend([200u16, 4].map(u16::to_ne_bytes).concat());
        let message = Message { kind: 0, flags: 0, body: &body };
        assert_eq!(message.attributes(2).collect::<Vec<_>>(), [(3, &[7u8][..])]);
    }

    #[test]
    fn a_failure_tells_its_errno() {
        let body = (-13i32).to_ne_bytes();
        assert_eq!(Message { kind: ERROR, flags: 0, body: &body }.errno(), Some(13));
        assert_eq!(Message { kind: DONE, flags: 0, body: &body }.errno(), Some(13));
        assert_eq!(Message { kind: DONE, flags: 0, body: &0i32.to_ne_bytes() }.errno(), Some(0));
        assert_eq!(Message { kind: DONE, flags: 0, body: &[] }.errno(), None);
        assert_eq!(Message { kind: 20, flags: 0, body: &body }.errno(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic_or_turn_for_ever(bytes: Vec<u8>, fixed in 0usize..64) {
            for message in messages(&bytes) {
                let _ = (message.attributes(fixed).count(), message.errno(), message.u32_at(fixed));
            }
            let whole = Message { kind: 0, flags: 0, body: &bytes };
            let _ = whole.attributes(fixed).count();
        }
    }
}
