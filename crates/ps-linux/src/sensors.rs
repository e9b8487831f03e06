//! Temperatures, fans, batteries and mains power.

pub use ps_core::sensors::*;

use crate::root::Linux;

impl SensorsBackend for Linux {}
