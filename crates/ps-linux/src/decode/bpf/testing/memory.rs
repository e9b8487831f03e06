//! Made-up memory of a kernel, for tests.

use std::collections::BTreeMap;

/// A piece of memory.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    /// Whether programs may write there: it is the stack or the entry of a map.
    is_own: bool,
}

/// The memory of a kernel, in pieces that do not touch.
#[derive(Debug, Default)]
pub(in super::super) struct Memory {
    pieces: BTreeMap<u64, Piece>,
    /// How often a place is read from now on until somebody else changes it, and what it holds then.
    pub(in super::super) changes: BTreeMap<u64, (u32, u64)>,
}

impl Memory {
    pub(in super::super) fn add(&mut self, address: u64, size: usize, is_own: bool) {
        self.pieces.insert(address, Piece { bytes: vec![0; size], is_own });
    }

    /// What begins at an address, to the end of its piece.
    fn find(&mut self, address: u64) -> Option<(&mut [u8], bool)> {
        let (start, piece) = self.pieces.range_mut(..=address).next_back()?;
        let bytes = piece.bytes.get_mut(usize::try_from(address - start).ok()?..)?;
        Some((bytes, piece.is_own))
    }

    pub(in super::super) fn read(&mut self, address: u64, size: usize) -> Option<Vec<u8>> {
        let found = self.find(address)?.0.get(..size)?.to_vec();
        if let Some((reads, value)) = self.changes.get_mut(&address) {
            *reads -= 1;
            if *reads == 0 {
                let changed = bytes_of(*value, size);
                self.changes.remove(&address);
                self.write(address, &changed);
            }
        }
        Some(found)
    }

    pub(in super::super) fn write(&mut self, address: u64, bytes: &[u8]) {
        let found = self.find(address).and_then(|(place, _)| place.get_mut(..bytes.len()));
        found.unwrap_or_else(|| panic!("nothing at {address:x}")).copy_from_slice(bytes);
    }

    /// Writes as a program, which may not do so everywhere.
    pub(in super::super) fn store(&mut self, address: u64, bytes: &[u8]) {
        let is_own = self.find(address).is_some_and(|(_, is_own)| is_own);
        assert!(is_own, "a program writes to {address:x}");
        self.write(address, bytes);
    }

    /// Text, up to the NUL.
    pub(in super::super) fn text(&mut self, address: u64) -> Vec<u8> {
        let (found, _) = self.find(address).unwrap_or_else(|| panic!("no text at {address:x}"));
        found.iter().copied().take_while(|byte| *byte != 0).collect()
    }

    pub(in super::super) fn number(&mut self, address: u64, size: usize) -> u64 {
        let bytes = self.read(address, size).unwrap_or_else(|| panic!("nothing at {address:x}"));
        let mut wide = [0; 8];
        let place = if cfg!(target_endian = "little") { 0 } else { 8 - size };
        wide[place..place + size].copy_from_slice(&bytes);
        u64::from_ne_bytes(wide)
    }
}

/// The lower bytes of a number, as memory holds them.
pub(in super::super) fn bytes_of(number: u64, size: usize) -> Vec<u8> {
    let place = if cfg!(target_endian = "little") { 0 } else { 8 - size };
    number.to_ne_bytes()[place..place + size].to_vec()
}
