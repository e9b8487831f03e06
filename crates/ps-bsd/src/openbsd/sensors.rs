//! Sensors, by `hw.sensors`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ps_core::Result;
use ps_core::sensors::{Fan, PowerSupplies, SensorsBackend, Temperature};

use super::{OpenBsd, failed};
use crate::decode::openbsd::sensors::{self as decoded, Device, places};
use crate::raw::openbsd::host::{HW_SENSORS, Sensordev};
use crate::raw::openbsd::mem::CTL_HW;
use crate::shared::sys::sysctl;

/// Every device with its sensors. Numbers of devices that were taken out are left free (`ENXIO`); the list ends where
/// no device has a higher one (`ENOENT`).
fn devices() -> Result<Vec<Device>> {
    let mut all = Vec::new();
    for number in 0.. {
        let device: Sensordev = match sysctl::read_record(&[CTL_HW, HW_SENSORS, number]) {
            Ok(device) => device,
            Err(source) if source.raw_os_error() == Some(libc::ENXIO) => continue,
            Err(source) if source.raw_os_error() == Some(libc::ENOENT) => break,
            Err(source) => return Err(failed("hw.sensors")(source)),
        };
        let mut sensors = Vec::new();
        for (kind, place) in places(&device) {
            match sysctl::read_record(&[CTL_HW, HW_SENSORS, number, kind, place]) {
                Ok(sensor) => sensors.push(sensor),
                // It was taken out since.
                Err(source) if crate::errno::is_absent(&source) => {}
                Err(source) => return Err(failed("hw.sensors")(source)),
            }
        }
        all.push(Device { device, sensors });
    }
    Ok(all)
}

impl SensorsBackend for OpenBsd {
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        Ok(decoded::temperatures(&devices()?))
    }

    fn fans(&self) -> Result<BTreeMap<OsString, Vec<Fan>>> {
        Ok(decoded::fans(&devices()?))
    }

    fn power_supplies(&self) -> Result<PowerSupplies> {
        Ok(decoded::power_supplies(&devices()?))
    }
}
