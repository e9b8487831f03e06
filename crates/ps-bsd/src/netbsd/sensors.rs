//! Sensors, by the list that `/dev/sysmon` answers with.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ps_core::Result;
use ps_core::sensors::{Fan, PowerSupplies, SensorsBackend, Temperature};

use super::sys::envsys;
use super::{NetBsd, failed};
use crate::decode::netbsd::sensors::{self as decoded, Devices};
use crate::errno;

/// Every device with its sensors; none on a kernel that has no sensors at all.
fn devices() -> Result<Devices> {
    match envsys::list() {
        Ok(list) => decoded::devices(&list),
        Err(source) if errno::is_absent(&source) => Ok(Devices::default()),
        Err(source) => Err(failed("envsys")(source)),
    }
}

impl SensorsBackend for NetBsd {
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        Ok(devices()?.temperatures())
    }

    fn fans(&self) -> Result<BTreeMap<OsString, Vec<Fan>>> {
        Ok(devices()?.fans())
    }

    fn power_supplies(&self) -> Result<PowerSupplies> {
        Ok(devices()?.power_supplies())
    }
}
