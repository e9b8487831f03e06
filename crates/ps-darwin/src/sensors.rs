//! Batteries and mains power.
//!
//! Temperatures and fans are told by private interfaces only, and are not supported.

pub use ps_core::sensors::*;

use ps_core::Result;

use crate::backend::Darwin;
use crate::decode::sensors as decode;
use crate::sys::iokit;

impl SensorsBackend for Darwin {
    fn power_supplies(&self) -> Result<PowerSupplies> {
        let sources = iokit::power_sources();
        // What the driver adds is a bonus: without it the rest stands.
        let driver = iokit::devices(c"AppleSmartBattery").unwrap_or_default().into_iter().next();
        let driver = driver.and_then(|driver| driver.properties().ok());
        Ok(decode::decode_power_sources(&sources, driver.as_ref()))
    }
}
