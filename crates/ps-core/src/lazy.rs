//! A kernel record that is read at most once.

use std::cell::OnceCell;

/// Holds a record from the first time something in it is wanted.
///
/// A failure is not kept: the next call tries again.
///
/// ```
/// let lazy = ps_core::lazy::Lazy::new();
/// assert!(lazy.get_or_read(|| Err::<u32, _>("busy")).is_err());
/// assert_eq!(lazy.get_or_read(|| Ok::<_, &str>(7)), Ok(&7));
/// assert_eq!(lazy.get_or_read(|| unreachable!("kept")), Ok::<_, &str>(&7));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lazy<T>(OnceCell<T>);

impl<T> Lazy<T> {
    /// Nothing read yet.
    #[must_use]
    pub const fn new() -> Self {
        Lazy(OnceCell::new())
    }

    /// The record, read now unless it was read before.
    pub fn get_or_read<E>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(kept) = self.0.get() {
            return Ok(kept);
        }
        let record = read()?;
        Ok(self.0.get_or_init(|| record))
    }

    /// The record, if it was read before.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }
}
