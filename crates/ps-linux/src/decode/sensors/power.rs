//! Batteries and mains supplies, from their properties in sysfs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use ps_core::mem::percent_of;
use ps_core::sensors::{Battery, BatteryStatus, BatteryTime, MainsSupply, PowerSupplies, hours};

use crate::decode::text::{key_value, lines, number};

/// One entry of `/sys/class/power_supply`: its name and its properties, named as their files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Supply {
    /// The kernel's name of it.
    pub name: OsString,
    properties: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The properties that are looked at.
pub const PROPERTIES: [&str; 16] = [
    "type",
    "scope",
    "online",
    "status",
    "capacity",
    "energy_now",
    "energy_full",
    "power_now",
    "charge_now",
    "charge_full",
    "current_now",
    "voltage_now",
    "voltage_min_design",
    "time_to_empty_now",
    "time_to_full_now",
    "temp",
];

impl Supply {
    /// An entry with the properties that its `uevent` file lists.
    #[must_use]
    pub fn new(name: impl Into<OsString>, uevent: &[u8]) -> Supply {
        let properties = lines(uevent)
            .filter_map(|line| key_value(line.strip_prefix(b"POWER_SUPPLY_")?, b'='))
            .map(|(key, value)| (key.to_ascii_lowercase(), value.to_vec()))
            .collect();
        Supply { name: name.into(), properties }
    }

    /// Whether a property is known.
    #[must_use]
    pub fn has(&self, property: &str) -> bool {
        self.properties.contains_key(property.as_bytes())
    }

    /// Adds what the file of a property holds.
    pub fn add(&mut self, property: &str, file: &[u8]) {
        self.properties.insert(property.into(), file.trim_ascii().to_vec());
    }

    fn text(&self, property: &str) -> Option<Vec<u8>> {
        self.properties.get(property.as_bytes()).map(|value| value.to_ascii_lowercase())
    }

    fn value(&self, property: &str) -> Option<i64> {
        number(self.properties.get(property.as_bytes())?)
    }

    fn amount(&self, property: &str) -> Option<u64> {
        self.value(property).and_then(|value| u64::try_from(value).ok())
    }

    /// A flow, whose sign only says in which direction.
    fn flow(&self, property: &str) -> Option<u64> {
        self.value(property).map(i64::unsigned_abs)
    }

    /// A battery of the machine itself, as its name or its type says; that of a mouse is not.
    fn is_battery(&self) -> bool {
        let name = self.name.as_bytes();
        let named = name.starts_with(b"BAT")
            || name.to_ascii_lowercase().windows(7).any(|part| part == b"battery");
        (named || self.text("type").as_deref() == Some(b"battery"))
            && self.text("scope").as_deref() != Some(b"device")
    }

    fn is_mains(&self) -> bool {
        match self.text("type") {
            Some(kind) => kind == b"mains",
            None => self.name == "AC" || self.name == "AC0",
        }
    }
}

/// Batteries and mains supplies among all entries, each list in the order of names.
#[must_use]
pub fn decode_supplies(all: &[Supply]) -> PowerSupplies {
    let mut all: Vec<&Supply> = all.iter().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let mut supplies = PowerSupplies::default();
    for supply in all.iter().filter(|supply| supply.is_mains()) {
        let Some(online) = supply.value("online") else { continue };
        let mut mains = MainsSupply::default();
        mains.name = supply.name.clone();
        mains.online = online != 0;
        supplies.mains.push(mains);
    }
    let plugged =
        (!supplies.mains.is_empty()).then(|| supplies.mains.iter().any(|supply| supply.online));
    for supply in all.iter().filter(|supply| supply.is_battery()) {
        supplies.batteries.extend(decode_battery(supply, plugged));
    }
    supplies
}

/// A battery; `None` if it does not even tell how full it is.
fn decode_battery(supply: &Supply, plugged: Option<bool>) -> Option<Battery> {
    let energy = ["energy_now", "energy_full"].map(|property| supply.amount(property));
    let charge = ["charge_now", "charge_full"].map(|property| supply.amount(property));
    let mut battery = Battery::default();
    battery.name = supply.name.clone();
    battery.percent = match (energy, charge) {
        ([Some(now), Some(full)], _) | (_, [Some(now), Some(full)]) => percent_of(now, full),
        _ => supply.value("capacity")?.clamp(0, 100) as f64,
    };
    battery.status = match supply.text("status").as_deref() {
        Some(b"charging") => BatteryStatus::Charging,
        Some(b"discharging") => BatteryStatus::Discharging,
        Some(b"full") => BatteryStatus::Full,
        Some(b"not charging") => BatteryStatus::NotCharging,
        _ => BatteryStatus::Unknown,
    };
    battery.power_plugged = plugged.or(match battery.status {
        BatteryStatus::Discharging => Some(false),
        BatteryStatus::Charging | BatteryStatus::Full => Some(true),
        _ => None,
    });
    // Micro times micro, of which one is too many.
    let volts = supply.amount("voltage_now").or_else(|| supply.amount("voltage_min_design"));
    let times_volts = |value: u64| {
        let product = u128::from(value).checked_mul(u128::from(volts?))? / 1_000_000;
        u64::try_from(product).ok()
    };
    let [energy_now, energy_full] = energy;
    let [charge_now, charge_full] = charge;
    battery.energy_now_uwh = energy_now.or_else(|| charge_now.and_then(times_volts));
    battery.energy_full_uwh = energy_full.or_else(|| charge_full.and_then(times_volts));
    let (power, current) = (supply.flow("power_now"), supply.flow("current_now"));
    battery.power_now_uw = power.or_else(|| current.and_then(times_volts));
    battery.temperature_celsius = supply.value("temp").map(|tenths| tenths as f64 / 10.0);
    // How long an amount lasts: energy at a power, or charge at a current.
    let lasts = |energy: Option<u64>, charge: Option<u64>| {
        let by = |amount: Option<u64>, flow: Option<u64>| hours(amount?, flow?);
        by(energy, power).or_else(|| by(charge, current)).or_else(|| {
            let power = battery.power_now_uw;
            by(energy.or_else(|| charge.and_then(times_volts)), power)
        })
    };
    let told = |property: &str| supply.amount(property).map(Duration::from_secs);
    battery.time_left = if battery.power_plugged == Some(true) {
        BatteryTime::Unlimited
    } else {
        lasts(energy_now, charge_now)
            .or_else(|| told("time_to_empty_now"))
            .map_or(BatteryTime::Unknown, BatteryTime::Remaining)
    };
    if battery.status == BatteryStatus::Charging {
        let rest = |[now, full]: [Option<u64>; 2]| Some(full?.saturating_sub(now?));
        battery.time_to_full =
            lasts(rest(energy), rest(charge)).or_else(|| told("time_to_full_now"));
    }
    Some(battery)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn supply(name: &str, properties: &[(&str, &str)]) -> Supply {
        let mut supply = Supply::new(name, b"");
        for (property, value) in properties {
            supply.add(property, value.as_bytes());
        }
        supply
    }

    fn battery(properties: &[(&str, &str)]) -> Option<Battery> {
        decode_supplies(&[supply("BAT0", properties)]).batteries.into_iter().next()
    }

    #[test]
    fn sensors_batteries_are_known_by_name_or_type_and_come_in_order() {
        let full = [("capacity", "50")];
        let names = ["BAT1", "macsmc-Battery", "AC", "BAT0", "hid-x"];
        let mut all: Vec<_> = names.iter().map(|name| supply(name, &full)).collect();
        all.push(supply("CMB0", &[("capacity", "1"), ("type", "Battery")]));
        all.push(supply("hidpp_battery_0", &[("capacity", "1"), ("scope", "Device")]));
        let found: Vec<_> =
            decode_supplies(&all).batteries.into_iter().map(|one| one.name).collect();
        assert_eq!(found, ["BAT0", "BAT1", "CMB0", "macsmc-Battery"]);
        assert_eq!(decode_supplies(&[]), PowerSupplies::default());
    }

    #[test]
    fn sensors_battery_percent_by_energy_then_charge_then_capacity() {
        let percent = |properties: &[(&str, &str)]| battery(properties).map(|one| one.percent);
        let charge = [("charge_now", "1"), ("charge_full", "4"), ("capacity", "90")];
        assert_eq!(percent(&charge), Some(25.0));
        let both = [&[("energy_now", "1"), ("energy_full", "2")][..], &charge].concat();
        assert_eq!(percent(&both), Some(50.0));
        assert_eq!(percent(&[("energy_now", "1"), ("energy_full", "0")]), Some(0.0));
        assert_eq!(percent(&[("energy_now", "1"), ("capacity", "77")]), Some(77.0));
        assert_eq!(percent(&[("status", "Full")]), None);
    }

    #[test]
    fn sensors_battery_plugged_by_mains_then_status() {
        let plugged = |status: &str, mains: Option<&str>| {
            let mut all = vec![supply("BAT0", &[("capacity", "5"), ("status", status)])];
            all.extend(mains.map(|online| supply("AC0", &[("online", online)])));
            decode_supplies(&all).batteries[0].power_plugged
        };
        assert_eq!(plugged("Discharging", Some("1")), Some(true));
        assert_eq!(plugged("Charging", Some("0")), Some(false));
        assert_eq!(plugged("DISCHARGING", None), Some(false));
        assert_eq!((plugged("charging", None), plugged("Full", None)), (Some(true), Some(true)));
        assert_eq!((plugged("Not charging", None), plugged("", None)), (None, None));
    }

    #[test]
    fn sensors_battery_time_left_in_all_its_ways() {
        let left = |properties: &[(&str, &str)]| {
            battery(&[&[("capacity", "5")][..], properties].concat()).expect("one").time_left
        };
        let at = |power| [("energy_now", "1000"), ("energy_full", "2000"), ("power_now", power)];
        let half_an_hour = BatteryTime::Remaining(Duration::from_secs(1800));
        assert_eq!(left(&at("2000")), half_an_hour);
        assert_eq!(left(&at("-2000")), half_an_hour);
        assert_eq!(left(&at("0")), BatteryTime::Unknown);
        assert_eq!(left(&[("charge_now", "1000"), ("current_now", "2000")]), half_an_hour);
        assert_eq!(
            left(&[("time_to_empty_now", "90")]),
            BatteryTime::Remaining(Duration::from_secs(90))
        );
        assert_eq!(left(&[("time_to_empty_now", "-1")]), BatteryTime::Unknown);
        assert_eq!(left(&[]), BatteryTime::Unknown);
        assert_eq!(
            left(&[&at("2000")[..], &[("status", "Charging")]].concat()),
            BatteryTime::Unlimited
        );
    }

    #[test]
    fn sensors_battery_values_may_stand_in_the_uevent_file_only() {
        let uevent = b"POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_STATUS=Discharging\nPOWER_SUPPLY_CHARGE_NOW=2000000\n\
            POWER_SUPPLY_CHARGE_FULL=4000000\nPOWER_SUPPLY_CURRENT_NOW=-1000000\nPOWER_SUPPLY_VOLTAGE_NOW=12000000\n\
            POWER_SUPPLY_TEMP=301\nDEVTYPE=power_supply\n";
        let supplies = decode_supplies(&[Supply::new("BAT0", uevent)]);
        let battery = &supplies.batteries[0];
        assert_eq!(battery.percent, 50.0);
        // 2 Ah at 12 V are 24 Wh; 1 A at 12 V are 12 W.
        assert_eq!(battery.energy_now_uwh, Some(24_000_000));
        assert_eq!(battery.energy_full_uwh, Some(48_000_000));
        assert_eq!(battery.power_now_uw, Some(12_000_000));
        assert_eq!(battery.time_left, BatteryTime::Remaining(Duration::from_secs(7200)));
        assert_eq!(battery.temperature_celsius, Some(30.1));
        assert_eq!(supplies.is_on_ac_power(), Some(false));
    }

    #[test]
    fn a_charging_battery_tells_when_it_is_full() {
        let properties = [
            ("status", "Charging"),
            ("energy_now", "10"),
            ("energy_full", "30"),
            ("power_now", "10"),
        ];
        let one = battery(&properties).expect("one");
        assert_eq!(one.time_to_full, Some(Duration::from_secs(7200)));
        assert_eq!(one.time_left, BatteryTime::Unlimited);
    }

    #[test]
    fn a_property_is_known_once_it_was_added() {
        let one = supply("BAT0", &[("capacity", "5")]);
        assert!(one.has("capacity") && !one.has("status"));
    }

    #[test]
    fn a_mouse_without_a_word_about_batteries_is_none() {
        let all = [supply("hid-wireless-mouse", &[("capacity", "5")])];
        assert_eq!(decode_supplies(&all).batteries, []);
    }

    #[test]
    fn mains_are_known_by_type_or_else_by_name() {
        let names = |all: &[Supply]| -> Vec<OsString> {
            decode_supplies(all).mains.into_iter().map(|one| one.name).collect()
        };
        let plain = ["AC", "AC0", "XX", "ADP1"].map(|name| supply(name, &[("online", "1")]));
        assert_eq!(names(&plain), ["AC", "AC0"]);
        let typed = [
            supply("ADP1", &[("online", "1"), ("type", "Mains")]),
            supply("AC", &[("online", "1"), ("type", "USB")]),
        ];
        assert_eq!(names(&typed), ["ADP1"]);
    }

    #[test]
    fn what_a_battery_is_doing_is_told_by_its_word() {
        let of = |status| battery(&[("capacity", "5"), ("status", status)]).expect("one").status;
        assert_eq!(of("Charging"), BatteryStatus::Charging);
        assert_eq!(of("Discharging"), BatteryStatus::Discharging);
        assert_eq!(of("Full"), BatteryStatus::Full);
        assert_eq!(of("Not charging"), BatteryStatus::NotCharging);
        assert_eq!(of("Dancing"), BatteryStatus::Unknown);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>, values: [i64; 12], name: String) {
            let mut one = Supply::new(name, &bytes);
            let _ = decode_supplies(&[one.clone()]);
            one.name = "BAT0".into();
            for (property, value) in PROPERTIES.iter().skip(4).zip(values) {
                one.add(property, value.to_string().as_bytes());
            }
            let supplies = decode_supplies(&[one]);
            prop_assert!(supplies.batteries.iter().all(|one| (0.0..=100.0).contains(&one.percent)));
        }
    }
}
