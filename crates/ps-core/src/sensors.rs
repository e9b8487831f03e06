//! Temperatures, fans, batteries and mains power.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use crate::{Error, Result, sealed};

/// One temperature sensor.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Temperature {
    /// What it measures, as in `Package id 0`; `None` if the driver does not say.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub label: Option<OsString>,
    /// Reading in °C.
    #[doc(alias = "current")]
    pub current_celsius: Option<f64>,
    /// Where the hardware starts to slow down, in °C.
    #[doc(alias = "high")]
    pub high_celsius: Option<f64>,
    /// Where the hardware is in danger, in °C.
    #[doc(alias = "critical")]
    pub critical_celsius: Option<f64>,
}

impl Temperature {
    /// Reading in °F.
    #[must_use]
    pub fn current_fahrenheit(&self) -> Option<f64> {
        self.current_celsius.map(celsius_to_fahrenheit)
    }

    /// Where the hardware starts to slow down, in °F.
    #[must_use]
    pub fn high_fahrenheit(&self) -> Option<f64> {
        self.high_celsius.map(celsius_to_fahrenheit)
    }

    /// Where the hardware is in danger, in °F.
    #[must_use]
    pub fn critical_fahrenheit(&self) -> Option<f64> {
        self.critical_celsius.map(celsius_to_fahrenheit)
    }

    /// Uses the one threshold that is known for both, if only one is.
    #[must_use]
    pub fn with_thresholds_shared(mut self) -> Self {
        self.high_celsius = self.high_celsius.or(self.critical_celsius);
        self.critical_celsius = self.critical_celsius.or(self.high_celsius);
        self
    }
}

/// Degrees Celsius as degrees Fahrenheit.
///
/// ```
/// assert_eq!(ps_core::sensors::celsius_to_fahrenheit(100.0), 212.0);
/// ```
#[must_use]
pub fn celsius_to_fahrenheit(celsius: f64) -> f64 {
    celsius * 9.0 / 5.0 + 32.0
}

/// One fan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Fan {
    /// What it cools; `None` if the driver does not say.
    #[cfg_attr(feature = "serde", serde(default, with = "crate::serde_os::option"))]
    pub label: Option<OsString>,
    /// Speed in revolutions per minute.
    #[doc(alias = "current")]
    pub rpm: u32,
}

/// How long a battery lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BatteryTime {
    /// It is drained at a known rate and lasts this long.
    Remaining(Duration),
    /// The machine runs on mains power.
    #[doc(alias = "POWER_TIME_UNLIMITED")]
    Unlimited,
    /// It cannot be computed.
    #[default]
    #[doc(alias = "POWER_TIME_UNKNOWN")]
    Unknown,
}

/// What a battery is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BatteryStatus {
    /// Taking up energy.
    Charging,
    /// Giving energy.
    Discharging,
    /// Full.
    Full,
    /// On mains power and neither charging nor full.
    NotCharging,
    /// The driver does not say.
    #[default]
    Unknown,
}

/// One battery.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Battery {
    /// The kernel's name of it, as in `BAT0`.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    pub name: OsString,
    /// Charge left, from 0 to 100.
    pub percent: f64,
    /// What it is doing.
    pub status: BatteryStatus,
    /// How long it lasts.
    #[doc(alias = "secsleft")]
    pub time_left: BatteryTime,
    /// How long until it is full, while it charges at a known rate.
    #[doc(alias = "secsleft_full")]
    pub time_to_full: Option<Duration>,
    /// Whether mains power is connected; `None` if that cannot be told.
    pub power_plugged: Option<bool>,
    /// Energy when full, in µWh.
    #[doc(alias = "energy_full")]
    pub energy_full_uwh: Option<u64>,
    /// Energy now, in µWh.
    #[doc(alias = "energy_now")]
    pub energy_now_uwh: Option<u64>,
    /// Power flowing in or out, in µW; never negative.
    #[doc(alias = "power_now")]
    pub power_now_uw: Option<u64>,
    /// Temperature in °C.
    #[doc(alias = "temperature")]
    pub temperature_celsius: Option<f64>,
}

impl Battery {
    /// Temperature in °F.
    #[must_use]
    pub fn temperature_fahrenheit(&self) -> Option<f64> {
        self.temperature_celsius.map(celsius_to_fahrenheit)
    }
}

/// One mains supply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct MainsSupply {
    /// The kernel's name of it, as in `AC0`.
    #[cfg_attr(feature = "serde", serde(with = "crate::serde_os::value"))]
    pub name: OsString,
    /// It delivers power.
    #[doc(alias = "is_online")]
    pub online: bool,
}

/// Every battery and mains supply, each list by name.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct PowerSupplies {
    /// Batteries.
    pub batteries: Vec<Battery>,
    /// Mains supplies.
    #[doc(alias = "ac_supplies")]
    pub mains: Vec<MainsSupply>,
}

impl PowerSupplies {
    /// Whether the machine runs on mains power; `None` if that cannot be told.
    ///
    /// A supply that delivers power, or a battery that charges, says yes; a supply that delivers none, or
    /// a battery that is drained, says no.
    #[must_use]
    pub fn is_on_ac_power(&self) -> Option<bool> {
        if self.mains.iter().any(|supply| supply.online)
            || self.batteries.iter().any(|battery| battery.status == BatteryStatus::Charging)
        {
            return Some(true);
        }
        let drained = |battery: &Battery| battery.status == BatteryStatus::Discharging;
        if !self.mains.is_empty() || self.batteries.iter().any(drained) {
            return Some(false);
        }
        self.batteries.iter().find_map(|battery| battery.power_plugged)
    }

    /// All batteries added up; `None` if there are none.
    #[must_use]
    pub fn battery_total(&self) -> Option<Battery> {
        let (first, others) = self.batteries.split_first()?;
        if others.is_empty() {
            return Some(first.clone());
        }
        let sum = |field: fn(&Battery) -> Option<u64>| {
            self.batteries.iter().map(field).try_fold(0u64, |sum, one| sum.checked_add(one?))
        };
        let mut total = Battery {
            name: OsString::from("total"),
            status: total_status(&self.batteries),
            power_plugged: self.is_on_ac_power(),
            energy_full_uwh: sum(|battery| battery.energy_full_uwh),
            energy_now_uwh: sum(|battery| battery.energy_now_uwh),
            power_now_uw: sum(|battery| battery.power_now_uw),
            ..Battery::default()
        };
        total.percent = match (total.energy_now_uwh, total.energy_full_uwh) {
            (Some(now), Some(full)) if full > 0 => crate::mem::percent_of(now, full),
            _ => {
                self.batteries.iter().map(|battery| battery.percent).sum::<f64>()
                    / self.batteries.len() as f64
            }
        };
        total.time_left = match (total.power_plugged, total.energy_now_uwh, total.power_now_uw) {
            (Some(true), ..) => BatteryTime::Unlimited,
            (_, Some(now), Some(power)) => {
                hours(now, power).map_or(BatteryTime::Unknown, BatteryTime::Remaining)
            }
            _ => BatteryTime::Unknown,
        };
        if total.status == BatteryStatus::Charging {
            total.time_to_full = match (total.energy_full_uwh, total.energy_now_uwh) {
                (Some(full), Some(now)) => {
                    total.power_now_uw.and_then(|power| hours(full.saturating_sub(now), power))
                }
                _ => None,
            };
        }
        Some(total)
    }
}

fn total_status(batteries: &[Battery]) -> BatteryStatus {
    let any = |status| batteries.iter().any(|battery| battery.status == status);
    if batteries.iter().all(|battery| battery.status == BatteryStatus::Full) {
        BatteryStatus::Full
    } else if any(BatteryStatus::Charging) {
        BatteryStatus::Charging
    } else if any(BatteryStatus::Discharging) {
        BatteryStatus::Discharging
    } else if any(BatteryStatus::NotCharging) {
        BatteryStatus::NotCharging
    } else {
        BatteryStatus::Unknown
    }
}

/// How long an amount of energy lasts at a given power; `None` at no power.
#[must_use]
pub fn hours(energy_uwh: u64, power_uw: u64) -> Option<Duration> {
    let seconds = energy_uwh.saturating_mul(3600).checked_div(power_uw)?;
    Some(Duration::from_secs(seconds))
}

/// Where figures about sensors come from. No facility here is universal.
pub trait SensorsBackend: sealed::Backend {
    /// Temperature sensors by chip; empty if the machine has none.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        Err(Error::unsupported("temperatures"))
    }

    /// Fans by chip; empty if the machine has none.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn fans(&self) -> Result<BTreeMap<OsString, Vec<Fan>>> {
        Err(Error::unsupported("fans"))
    }

    /// Batteries and mains supplies; both lists are empty if the machine has none.
    ///
    /// Not universal: the default answers [`Unsupported`](Error::Unsupported).
    fn power_supplies(&self) -> Result<PowerSupplies> {
        Err(Error::unsupported("power_supplies"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn battery(name: &str, now: u64, full: u64, status: BatteryStatus) -> Battery {
        Battery {
            name: name.into(),
            percent: crate::mem::percent_of(now, full),
            status,
            energy_now_uwh: Some(now),
            energy_full_uwh: Some(full),
            power_now_uw: Some(10),
            ..Battery::default()
        }
    }

    #[test]
    fn one_known_threshold_serves_for_both() {
        let only_high = Temperature { high_celsius: Some(80.0), ..Temperature::default() };
        assert_eq!(only_high.with_thresholds_shared().critical_celsius, Some(80.0));
        let only_critical = Temperature { critical_celsius: Some(90.0), ..Temperature::default() };
        assert_eq!(only_critical.with_thresholds_shared().high_celsius, Some(90.0));
        assert_eq!(Temperature::default().with_thresholds_shared(), Temperature::default());
    }

    #[test]
    fn two_batteries_add_up_by_energy() {
        let supplies = PowerSupplies {
            batteries: vec![
                battery("BAT0", 10, 100, BatteryStatus::Discharging),
                battery("BAT1", 30, 100, BatteryStatus::Unknown),
            ],
            mains: Vec::new(),
        };
        let total = supplies.battery_total().expect("two");
        assert_eq!(total.percent, 20.0);
        assert_eq!(total.status, BatteryStatus::Discharging);
        assert_eq!(total.time_left, BatteryTime::Remaining(Duration::from_secs(40 * 3600 / 20)));
        assert_eq!(supplies.is_on_ac_power(), Some(false));
    }

    #[test]
    fn no_supply_at_all_says_nothing_about_mains() {
        assert_eq!(PowerSupplies::default().is_on_ac_power(), None);
        assert_eq!(PowerSupplies::default().battery_total(), None);
    }

    #[test]
    fn no_power_is_no_time() {
        assert_eq!(hours(100, 0), None);
        assert_eq!(hours(u64::MAX, 1), Some(Duration::from_secs(u64::MAX)));
    }
}
