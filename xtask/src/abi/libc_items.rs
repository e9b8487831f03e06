//! placeholder
use anyhow::Result;
use super::Report;
pub(crate) fn check(_report: &mut Report) -> Result<()> { Ok(()) }
