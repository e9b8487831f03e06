//! The logic of this crate, generic over the backend: what stands outside is it over the native one, and its
//! tests run it on a simulated machine.

pub(crate) mod columns;
#[cfg(feature = "tokio")]
pub(crate) mod ends;
#[cfg(feature = "tokio")]
pub(crate) mod event_stream;
pub(crate) mod events;
pub(crate) mod fell;
pub(crate) mod pass;
pub(crate) mod same;
pub(crate) mod sampler;
pub(crate) mod table;
#[cfg(feature = "tokio")]
pub(crate) mod task;
pub(crate) mod tree;
pub(crate) mod wait;

#[cfg(test)]
mod histories;
#[cfg(test)]
pub(crate) mod testing;
