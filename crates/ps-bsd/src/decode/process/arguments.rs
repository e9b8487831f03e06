//! Blocks of arguments and environments, as kernels hand them out.

/// The strings of a block that begins with an array of addresses and a null address, as OpenBSD's do.
///
/// The addresses are those of the strings in the buffer that the kernel filled: they are stepped over, never
/// followed, so that a buffer that has moved since does no harm. A block without the null address has no strings.
#[must_use]
pub fn behind_pointers(block: &[u8]) -> &[u8] {
    let words = block.chunks_exact(8).take_while(|word| word.iter().any(|byte| *byte != 0)).count();
    block.get((words + 1) * 8..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ps_core::process::{Arguments, Environ};

    use super::*;

    fn block(addresses: &[u64], strings: &[u8]) -> Vec<u8> {
        let mut block: Vec<u8> = addresses.iter().flat_map(|one| one.to_ne_bytes()).collect();
        block.extend_from_slice(strings);
        block
    }

    #[test]
    fn strings_are_found_behind_the_null_address() {
        let whole = block(&[0x7f7f_0000, 0x7f7f_0003, 0], b"sh\0-c\0\0");
        let arguments = Arguments::nul_separated(behind_pointers(&whole));
        assert_eq!(arguments.to_vec(), ["sh", "-c", ""]);
        let none = block(&[0], b"");
        assert!(Arguments::nul_separated(behind_pointers(&none)).is_empty());
        let environ = block(&[1, 0], b"A=1\0");
        assert_eq!(Environ::parse(behind_pointers(&environ)).len(), 1);
    }

    #[test]
    fn a_block_cut_before_its_null_address_has_no_strings() {
        assert_eq!(behind_pointers(&block(&[1, 2], b"")), b"");
        assert_eq!(behind_pointers(b"abc"), b"");
        assert_eq!(behind_pointers(b""), b"");
    }

    proptest! {
        #[test]
        fn whatever_is_in_the_block_only_its_own_bytes_come_out(block in prop::collection::vec(any::<u8>(), 0..200)) {
            let strings = behind_pointers(&block);
            prop_assert!(block.ends_with(strings));
        }
    }
}
