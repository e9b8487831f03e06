//! Batteries and mains power.

use std::time::Duration;

use ps_core::mem::percent_of;
use ps_core::sensors::{Battery, BatteryStatus, BatteryTime, MainsSupply, PowerSupplies};

use super::Property;

/// Batteries and mains power, from the descriptions of power sources, and from what the driver of the built-in
/// battery says beyond them.
#[must_use]
pub fn decode_power_sources(sources: &[Property], driver: Option<&Property>) -> PowerSupplies {
    let mut supplies = PowerSupplies::default();
    for source in sources {
        if source.get("Is Present").and_then(Property::bool) == Some(false) {
            continue;
        }
        let built_in = source.get("Type").and_then(Property::text) == Some("InternalBattery");
        supplies.batteries.extend(battery(source, driver.filter(|_| built_in)));
    }
    supplies.batteries.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(online) = supplies.batteries.iter().find_map(|battery| battery.power_plugged) {
        let mut mains = MainsSupply::default();
        mains.name = "AC Power".into();
        mains.online = online;
        supplies.mains.push(mains);
    }
    supplies
}

fn battery(source: &Property, driver: Option<&Property>) -> Option<Battery> {
    let positive = |of: &Property, name: &str| {
        of.get(name).and_then(Property::int).and_then(|number| u64::try_from(number).ok())
    };
    let now = positive(source, "Current Capacity")?;
    let full = positive(source, "Max Capacity").filter(|full| *full > 0).unwrap_or(100);
    let says = |name: &str| source.get(name).and_then(Property::bool) == Some(true);
    let minutes = |name: &str| {
        // Minus one while it is being worked out.
        let minutes = positive(source, name)?;
        Some(Duration::from_secs(minutes.saturating_mul(60)))
    };
    let plugged = match source.get("Power Source State").and_then(Property::text) {
        Some("AC Power") => Some(true),
        Some("Battery Power") => Some(false),
        _ => None,
    };
    let mut battery = Battery::default();
    let name = source.get("Name").and_then(Property::text);
    battery.name = name.unwrap_or("battery").into();
    battery.percent = percent_of(now, full);
    battery.status = match plugged {
        _ if says("Is Charging") => BatteryStatus::Charging,
        _ if says("Is Charged") => BatteryStatus::Full,
        Some(true) if now >= full => BatteryStatus::Full,
        Some(true) => BatteryStatus::NotCharging,
        Some(false) => BatteryStatus::Discharging,
        None => BatteryStatus::Unknown,
    };
    battery.time_left = match (plugged, minutes("Time to Empty")) {
        (Some(true), _) => BatteryTime::Unlimited,
        (_, Some(left)) => BatteryTime::Remaining(left),
        (_, None) => BatteryTime::Unknown,
    };
    if battery.status == BatteryStatus::Charging {
        battery.time_to_full = minutes("Time to Full Charge").filter(|time| !time.is_zero());
    }
    battery.power_plugged = plugged;
    if let Some(driver) = driver {
        add_driver(&mut battery, driver);
    }
    Some(battery)
}

/// Charge (mAh), tension (mV) and current (mA, negative while it is drained) from the driver.
///
/// Its `Temperature` is left alone: whether that counts hundredths of a degree or tenths of a kelvin is told
/// differently, and either reading of the usual numbers is plausible.
fn add_driver(battery: &mut Battery, driver: &Property) {
    let number = |name: &str| driver.get(name).and_then(Property::int);
    let Some(millivolts) = number("Voltage").filter(|voltage| (1..100_000).contains(voltage))
    else {
        return;
    };
    // Milliampere-hours times millivolts are microwatt-hours. `CurrentCapacity` is a percentage on Apple silicon.
    let energy = |name: &str| {
        let charge = number(name).filter(|charge| (0..1_000_000).contains(charge))?;
        u64::try_from(charge.saturating_mul(millivolts)).ok()
    };
    battery.energy_now_uwh = energy("AppleRawCurrentCapacity");
    battery.energy_full_uwh = energy("AppleRawMaxCapacity");
    let current = number("Amperage").map(i64::unsigned_abs).filter(|current| *current < 1_000_000);
    battery.power_now_uw = current.map(|current| current.saturating_mul(millivolts.unsigned_abs()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(all: &[(&str, Property)]) -> Property {
        Property::Map(all.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn source(state: &str, more: &[(&str, Property)]) -> Property {
        let mut all = vec![
            ("Name", Property::Text("InternalBattery-0".into())),
            ("Type", Property::Text("InternalBattery".into())),
            ("Power Source State", Property::Text(state.into())),
            ("Current Capacity", Property::Int(40)),
            ("Max Capacity", Property::Int(80)),
        ];
        all.extend(more.iter().cloned());
        map(&all)
    }

    fn one(source: Property, driver: Option<&Property>) -> Battery {
        decode_power_sources(&[source], driver).batteries.pop().expect("there is one")
    }

    #[test]
    fn charge_is_a_share_of_the_most_and_minutes_become_seconds() {
        let drained = one(source("Battery Power", &[("Time to Empty", Property::Int(90))]), None);
        assert_eq!((drained.percent, drained.power_plugged), (50.0, Some(false)));
        assert_eq!(drained.time_left, BatteryTime::Remaining(Duration::from_secs(5400)));
        assert_eq!(drained.status, BatteryStatus::Discharging);
    }

    #[test]
    fn a_time_that_is_missing_or_minus_one_is_unknown() {
        for more in [&[][..], &[("Time to Empty", Property::Int(-1))]] {
            assert_eq!(one(source("Battery Power", more), None).time_left, BatteryTime::Unknown);
        }
    }

    #[test]
    fn on_mains_the_time_is_unlimited_even_while_it_charges() {
        let charging = source(
            "AC Power",
            &[
                ("Is Charging", Property::Bool(true)),
                ("Time to Empty", Property::Int(90)),
                ("Time to Full Charge", Property::Int(30)),
            ],
        );
        let supplies = decode_power_sources(std::slice::from_ref(&charging), None);
        assert_eq!(supplies.is_on_ac_power(), Some(true));
        assert!(supplies.mains[0].online);
        let battery = &supplies.batteries[0];
        assert_eq!(
            (battery.status, battery.time_left),
            (BatteryStatus::Charging, BatteryTime::Unlimited)
        );
        assert_eq!(battery.time_to_full, Some(Duration::from_secs(1800)));
    }

    #[test]
    fn on_mains_a_battery_is_full_when_it_says_so_or_holds_all_it_can() {
        let status = |state: &str, charged: bool, now: i64| {
            let all = [
                ("Power Source State", Property::Text(state.into())),
                ("Current Capacity", Property::Int(now)),
                ("Max Capacity", Property::Int(80)),
                ("Is Charged", Property::Bool(charged)),
            ];
            one(map(&all), None).status
        };
        assert_eq!(status("AC Power", false, 40), BatteryStatus::NotCharging);
        assert_eq!(status("AC Power", true, 40), BatteryStatus::Full);
        assert_eq!(status("AC Power", false, 79), BatteryStatus::NotCharging);
        assert_eq!(status("AC Power", false, 80), BatteryStatus::Full);
        assert_eq!(status("Battery Power", false, 80), BatteryStatus::Discharging);
    }

    #[test]
    fn charge_without_a_most_is_in_per_cent() {
        for most in [&[][..], &[("Max Capacity", Property::Int(0))]] {
            let mut all = vec![("Current Capacity", Property::Int(40))];
            all.extend(most.iter().cloned());
            assert_eq!(one(map(&all), None).percent, 40.0);
        }
    }

    #[test]
    fn no_source_is_no_battery_and_an_absent_one_is_none() {
        assert_eq!(decode_power_sources(&[], None), PowerSupplies::default());
        let absent = source("AC Power", &[("Is Present", Property::Bool(false))]);
        assert!(decode_power_sources(&[absent, Property::Other], None).batteries.is_empty());
    }

    #[test]
    fn the_driver_tells_energy_and_power_and_an_unsure_temperature_is_none() {
        let driver = map(&[
            ("Voltage", Property::Int(12_000)),
            ("AppleRawCurrentCapacity", Property::Int(2000)),
            ("AppleRawMaxCapacity", Property::Int(4000)),
            ("Amperage", Property::Int(-1500)),
            ("Temperature", Property::Int(3012)),
        ]);
        let battery = one(source("Battery Power", &[]), Some(&driver));
        assert_eq!(battery.energy_now_uwh, Some(24_000_000));
        assert_eq!(battery.energy_full_uwh, Some(48_000_000));
        assert_eq!(battery.power_now_uw, Some(18_000_000));
        assert_eq!(battery.temperature_celsius, None);
    }

    #[test]
    fn figures_of_the_driver_that_cannot_be_are_left_out() {
        let odd = map(&[
            ("Voltage", Property::Int(12_000)),
            ("AppleRawMaxCapacity", Property::Int(i64::MAX)),
            ("Amperage", Property::Int(i64::MIN)),
        ]);
        let battery = one(source("Battery Power", &[]), Some(&odd));
        assert_eq!((battery.energy_full_uwh, battery.power_now_uw), (None, None));
        // A thousand amperes cannot be; all below may.
        for (milliamperes, watts) in [(-999_999, Some(11_999)), (1_000_000, None)] {
            let driver = map(&[
                ("Voltage", Property::Int(12_000)),
                ("Amperage", Property::Int(milliamperes)),
            ]);
            let battery = one(source("Battery Power", &[]), Some(&driver));
            assert_eq!(battery.power_now_uw.map(|power| power / 1_000_000), watts);
        }
        let external = map(&[
            ("Type", Property::Text("UPS".into())),
            ("Current Capacity", Property::Int(100)),
        ]);
        let external = one(external, Some(&odd));
        assert_eq!((external.percent, external.power_plugged), (100.0, None));
    }
}
