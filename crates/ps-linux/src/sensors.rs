//! Temperatures, fans, batteries and mains power.

pub use ps_core::sensors::*;

use ps_core::SensorsBackend;

use crate::root::Linux;

impl SensorsBackend for Linux {}
