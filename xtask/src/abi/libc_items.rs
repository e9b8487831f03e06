//! placeholder
use super::Report;
use anyhow::Result;
pub(crate) fn check(_report: &mut Report) -> Result<()> {
    Ok(())
}
