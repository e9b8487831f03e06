//! Arguments and environments (`kern.proc_args`).

use std::io;

/// The room that is tried first: few processes have more.
const FIRST: usize = 4096;

/// The most room that is tried: more than the kernel lets anyone have (`ARG_MAX`).
const MOST: usize = 1 << 20;

/// Fills a kept buffer with a block of strings. The kernel cuts what does not fit without saying so: an answer that
/// takes up all the room is asked for again with more.
///
/// # Errors
///
/// Whatever `ask` failed with.
pub fn fill(
    block: &mut Vec<u8>,
    mut ask: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<()> {
    let mut room = block.capacity().clamp(FIRST, MOST);
    loop {
        block.clear();
        block.resize(room, 0);
        let length = ask(block).inspect_err(|_| block.clear())?;
        if length < room || room == MOST {
            block.truncate(length);
            return Ok(());
        }
        room = room.saturating_mul(4).min(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel: fills the room with as much as fits.
    fn kernel(strings: &[u8]) -> impl FnMut(&mut [u8]) -> io::Result<usize> + '_ {
        move |room| {
            let length = strings.len().min(room.len());
            room[..length].copy_from_slice(&strings[..length]);
            Ok(length)
        }
    }

    #[test]
    fn strings_that_do_not_fit_at_first_are_not_cut() {
        for length in [0, 1, FIRST - 1, FIRST, FIRST + 1, 200_000, MOST - 1] {
            let strings = vec![b'a'; length];
            let mut block = vec![b'x'; 10];
            let (mut asked, mut kernel) = (0, kernel(&strings));
            let ask = |room: &mut [u8]| {
                asked += 1;
                kernel(room)
            };
            fill(&mut block, ask).expect("answers");
            assert!(block == strings, "{length}");
            assert_eq!(asked == 1, length < FIRST, "{length}");
        }
    }

    #[test]
    fn strings_without_end_are_cut_somewhere() {
        let mut block = Vec::new();
        fill(&mut block, kernel(&vec![b'a'; 2 * MOST])).expect("answers");
        assert_eq!(block.len(), MOST);
    }

    #[test]
    fn a_failure_leaves_nothing_of_an_earlier_answer() {
        let mut block = b"left over".to_vec();
        let failed = fill(&mut block, |_| Err(io::Error::from_raw_os_error(22)));
        assert_eq!(failed.map_err(|error| error.raw_os_error()), Err(Some(22)));
        assert!(block.is_empty());
    }
}
