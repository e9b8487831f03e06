//! Temperatures, fans, batteries and mains power.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ps_core::SensorsBackend;
pub use ps_core::sensors::{
    Battery, BatteryStatus, BatteryTime, Fan, MainsSupply, PowerSupplies, Temperature,
};

use crate::{Result, System};

asks! {
    in "sensors";

    /// Fans by chip; empty if the machine has none. A fan that cannot be read is left out.
    ///
    /// # Availability
    ///
    /// Linux, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// `/sys/class/hwmon` on Linux, `hw.sensors` on OpenBSD, `envsys` on NetBSD.
    ///
    /// Errors and privileges are those of [`temperatures`].
    ///
    /// # Examples
    ///
    /// ```
    /// for (chip, fans) in ps_facade::sensors::fans().unwrap_or_default() {
    ///     println!("{}: {} fans", chip.display(), fans.len());
    /// }
    /// ```
    #[doc(alias = "sensors_fans")]
    fn fans = fans() -> BTreeMap<OsString, Vec<Fan>>;

    /// Every battery and mains supply; both lists are empty if the machine has none.
    ///
    /// # Availability
    ///
    /// Linux, macOS, FreeBSD, OpenBSD, NetBSD.
    ///
    /// # Source
    ///
    /// | Linux | macOS | FreeBSD | OpenBSD | NetBSD |
    /// |---|---|---|---|---|
    /// | `/sys/class/power_supply` | IOKit | `hw.acpi`, `/dev/acpi` | `hw.sensors` | `envsys` |
    ///
    /// Errors and privileges are those of [`temperatures`].
    ///
    /// # Examples
    ///
    /// ```
    /// if let Ok(supplies) = ps_facade::sensors::power_supplies() {
    ///     println!("{} batteries", supplies.batteries.len());
    /// }
    /// ```
    #[doc(alias = "sensors_power")]
    fn power_supplies = power_supplies() -> PowerSupplies;
}

/// Temperature sensors by chip; empty if the machine has none. A sensor that cannot be read is left out.
/// Where a driver knows only one of the two thresholds, it stands for both.
///
/// # Availability
///
/// Linux, FreeBSD, OpenBSD, NetBSD.
///
/// # Source
///
/// | Linux | FreeBSD | OpenBSD | NetBSD |
/// |---|---|---|---|
/// | `/sys/class/hwmon`, else `/sys/class/thermal` | `dev.cpu.N.temperature` | `hw.sensors` | `envsys` |
///
/// # Errors
///
/// [`Unsupported`](crate::Error::Unsupported) on systems without such sensors.
///
/// Needs no privilege.
///
/// # Examples
///
/// ```
/// for (chip, sensors) in ps_facade::sensors::temperatures().unwrap_or_default() {
///     for sensor in sensors {
///         println!("{}: {:?} °C", chip.display(), sensor.current_celsius);
///     }
/// }
/// ```
#[doc(alias = "sensors_temperatures")]
pub fn temperatures() -> Result<BTreeMap<OsString, Vec<Temperature>>> {
    System::default().temperatures()
}

/// The first battery by name; `None` if there is none.
///
/// Availability, source, errors and privileges are those of [`power_supplies`].
///
/// # Examples
///
/// ```
/// if let Ok(Some(battery)) = ps_facade::sensors::battery() {
///     println!("{:.0} %", battery.percent);
/// }
/// ```
#[doc(alias = "sensors_battery")]
pub fn battery() -> Result<Option<Battery>> {
    System::default().battery()
}

/// All batteries added up; `None` if there are none.
///
/// Availability, source, errors and privileges are those of [`power_supplies`].
///
/// # Examples
///
/// ```
/// if let Ok(Some(all)) = ps_facade::sensors::battery_total() {
///     println!("{:?} left", all.time_left);
/// }
/// ```
#[doc(alias = "sensors_battery_total")]
pub fn battery_total() -> Result<Option<Battery>> {
    System::default().battery_total()
}

/// Whether the machine runs on mains power; `None` if that cannot be told.
///
/// Availability, source, errors and privileges are those of [`power_supplies`].
///
/// # Examples
///
/// ```
/// if let Ok(Some(false)) = ps_facade::sensors::is_on_ac_power() {
///     println!("on battery");
/// }
/// ```
#[doc(alias = "sensors_is_on_ac_power")]
pub fn is_on_ac_power() -> Result<Option<bool>> {
    System::default().is_on_ac_power()
}

impl System {
    /// What [`sensors::temperatures`](temperatures) tells, of this system.
    pub fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        let mut chips = self.backend().temperatures()?;
        for sensors in chips.values_mut() {
            for sensor in sensors {
                *sensor = std::mem::take(sensor).with_thresholds_shared();
            }
        }
        Ok(chips)
    }

    /// What [`sensors::battery`](battery) tells, of this system.
    pub fn battery(&self) -> Result<Option<Battery>> {
        Ok(self.power_supplies()?.batteries.into_iter().next())
    }

    /// What [`sensors::battery_total`](battery_total) tells, of this system.
    pub fn battery_total(&self) -> Result<Option<Battery>> {
        Ok(self.power_supplies()?.battery_total())
    }

    /// What [`sensors::is_on_ac_power`](is_on_ac_power) tells, of this system.
    pub fn is_on_ac_power(&self) -> Result<Option<bool>> {
        Ok(self.power_supplies()?.is_on_ac_power())
    }
}
