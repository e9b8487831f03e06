//! Temperatures, fans and batteries (`hw.sensors`; `<sys/sensors.h>` says what a value counts).

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ps_core::mem::percent_of;
use ps_core::raw::text;
use ps_core::sensors::{
    Battery, BatteryStatus, BatteryTime, Fan, MainsSupply, PowerSupplies, Temperature, hours,
};

use crate::raw::openbsd::host::{
    SENSOR_AMPHOUR, SENSOR_AMPS, SENSOR_FANRPM, SENSOR_FINVALID, SENSOR_FUNKNOWN, SENSOR_INDICATOR,
    SENSOR_INTEGER, SENSOR_PERCENT, SENSOR_TEMP, SENSOR_WATTHOUR, SENSOR_WATTS, Sensor, Sensordev,
};

/// A device with its sensors.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Device {
    /// The device.
    pub device: Sensordev,
    /// Its sensors.
    pub sensors: Vec<Sensor>,
}

impl Device {
    fn name(&self) -> OsString {
        OsStr::from_bytes(text(&self.device.xname)).to_owned()
    }

    /// Those of a type that are in use.
    fn of(&self, kind: i32) -> impl Iterator<Item = &Sensor> {
        let unused = SENSOR_FINVALID;
        self.sensors
            .iter()
            .filter(move |one| one.r#type.cast_signed() == kind && one.flags & unused == 0)
    }

    /// The value of the first of a type whose description begins so.
    fn value(&self, kind: i32, begins: &[u8]) -> Option<u64> {
        let mut found = self.of(kind).filter(|one| text(&one.desc).starts_with(begins));
        found.find_map(known).and_then(|value| u64::try_from(value).ok())
    }
}

/// How many sensors of each type a device may have; counts that make no sense are none.
pub fn places(device: &Sensordev) -> impl Iterator<Item = (i32, i32)> + '_ {
    // A driver that counts its sensors wrongly must not keep the caller asking for ever.
    const MOST: i32 = 1024;
    let counts = device.maxnumt.iter().map(|count| (*count).clamp(0, MOST));
    (0_i32..).zip(counts).flat_map(|(kind, count)| (0..count).map(move |number| (kind, number)))
}

fn known(sensor: &Sensor) -> Option<i64> {
    (sensor.flags & SENSOR_FUNKNOWN == 0).then_some(sensor.value)
}

fn label(sensor: &Sensor) -> Option<OsString> {
    let label = text(&sensor.desc);
    (!label.is_empty()).then(|| OsStr::from_bytes(label).to_owned())
}

/// A temperature in °C from one in µK.
#[must_use]
pub fn celsius(micro_kelvin: i64) -> f64 {
    micro_kelvin.saturating_sub(273_150_000) as f64 / 1e6
}

/// Temperatures by device. The kernel keeps no thresholds that programs can read.
#[must_use]
pub fn temperatures(devices: &[Device]) -> BTreeMap<OsString, Vec<Temperature>> {
    let mut all = BTreeMap::new();
    for device in devices {
        let found: Vec<_> = device
            .of(SENSOR_TEMP)
            .map(|sensor| {
                let mut temperature = Temperature::default();
                temperature.label = label(sensor);
                temperature.current_celsius = known(sensor).map(celsius);
                temperature
            })
            .collect();
        if !found.is_empty() {
            all.insert(device.name(), found);
        }
    }
    all
}

/// Fans by device; one whose speed is not known is left out.
#[must_use]
pub fn fans(devices: &[Device]) -> BTreeMap<OsString, Vec<Fan>> {
    let mut all = BTreeMap::new();
    for device in devices {
        let found: Vec<_> = device
            .of(SENSOR_FANRPM)
            .filter_map(|sensor| {
                let mut fan = Fan::default();
                fan.label = label(sensor);
                fan.rpm = u32::try_from(known(sensor)?).ok()?;
                Some(fan)
            })
            .collect();
        if !found.is_empty() {
            all.insert(device.name(), found);
        }
    }
    all
}

/// Batteries and mains supplies, as `acpibat(4)`, `acpiac(4)` and drivers like them tell.
#[must_use]
pub fn power_supplies(devices: &[Device]) -> PowerSupplies {
    let mut supplies = PowerSupplies::default();
    for device in devices {
        if let Some(online) = device.value(SENSOR_INDICATOR, b"power supply") {
            let mut supply = MainsSupply::default();
            supply.name = device.name();
            supply.online = online != 0;
            supplies.mains.push(supply);
        }
    }
    let mut plugged = supplies.mains.iter().map(|supply| supply.online).reduce(|a, b| a || b);
    supplies.batteries = devices.iter().filter_map(battery).collect();
    if plugged.is_none()
        && supplies.batteries.iter().any(|one| one.status == BatteryStatus::Charging)
    {
        plugged = Some(true);
    }
    for battery in &mut supplies.batteries {
        battery.power_plugged = plugged;
        if plugged == Some(true) && battery.status != BatteryStatus::Discharging {
            battery.time_left = BatteryTime::Unlimited;
        }
    }
    supplies.batteries.sort_by(|a, b| a.name.cmp(&b.name));
    supplies.mains.sort_by(|a, b| a.name.cmp(&b.name));
    supplies
}

/// The battery that a device is; `None` of one that is none, or whose battery was taken out.
fn battery(device: &Device) -> Option<Battery> {
    let mut battery = Battery::default();
    battery.name = device.name();
    battery.status = battery_status(device);
    let energy = |name: &[u8]| device.value(SENSOR_WATTHOUR, name);
    let charge = |name: &[u8]| device.value(SENSOR_AMPHOUR, name);
    let (full, now, rate);
    if let Some(left) = energy(b"remaining capacity") {
        // Drivers tell the power as such, or the plain number of the firmware, which is in mW.
        let plain = || device.value(SENSOR_INTEGER, b"rate").map(|rate| rate.saturating_mul(1000));
        rate = device.value(SENSOR_WATTS, b"rate").or_else(plain);
        (full, now) = (energy(b"last full capacity"), Some(left));
        battery.energy_full_uwh = full;
        battery.energy_now_uwh = now;
        battery.power_now_uw = rate;
    } else if let Some(left) = charge(b"remaining capacity") {
        let plain = || device.value(SENSOR_INTEGER, b"rate").map(|rate| rate.saturating_mul(1000));
        rate = device.value(SENSOR_AMPS, b"rate").or_else(plain);
        (full, now) = (charge(b"last full capacity"), Some(left));
    } else {
        let percent = device.value(SENSOR_PERCENT, b"battery")?;
        // Thousandths of a percent.
        battery.percent = (percent as f64 / 1000.0).clamp(0.0, 100.0);
        return Some(battery);
    }
    battery.percent = percent_of(now?, full?);
    match battery.status {
        BatteryStatus::Discharging => {
            let left = now.zip(rate).and_then(|(now, rate)| hours(now, rate));
            battery.time_left = left.map_or(BatteryTime::Unknown, BatteryTime::Remaining);
        }
        BatteryStatus::Charging => {
            let missing = full.zip(now).map(|(full, now)| full.saturating_sub(now));
            battery.time_to_full =
                missing.zip(rate).and_then(|(missing, rate)| hours(missing, rate));
        }
        _ => {}
    }
    Some(battery)
}

/// What a battery does is in the description of a sensor.
fn battery_status(device: &Device) -> BatteryStatus {
    let told = device.of(SENSOR_INTEGER).find_map(|one| text(&one.desc).strip_prefix(b"battery "));
    match told {
        Some(b"full") => BatteryStatus::Full,
        Some(b"charging") => BatteryStatus::Charging,
        Some(b"discharging" | b"critical") => BatteryStatus::Discharging,
        Some(b"idle") => BatteryStatus::NotCharging,
        _ => BatteryStatus::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use ps_core::raw::Record;

    use super::*;

    fn device(name: &str, sensors: Vec<Sensor>) -> Device {
        let mut device = Sensordev::zeroed();
        device.xname[..name.len()].copy_from_slice(name.as_bytes());
        Device { device, sensors }
    }

    fn sensor(kind: i32, desc: &str, value: i64) -> Sensor {
        let mut sensor = Sensor { r#type: kind as u32, value, ..Sensor::zeroed() };
        sensor.desc[..desc.len()].copy_from_slice(desc.as_bytes());
        sensor
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn records_laid_out_by_the_headers_read_in_our_units() {
        let bytes = include_bytes!("../../../fixtures/records/openbsd-sensors.bin");
        let sensors: Vec<Sensor> =
            ps_core::raw::each(bytes, 72).map(|one| one.expect("whole")).collect();
        let devices = [device("cpu0", sensors)];
        let found = &temperatures(&devices)[OsStr::new("cpu0")];
        assert_eq!(found.len(), 2, "one is not in use");
        assert!((found[0].current_celsius.expect("known") - 45.5).abs() < 1e-9);
        assert_eq!(
            (found[0].label.as_deref(), found[1].current_celsius),
            (Some(OsStr::new("die")), None)
        );
        assert_eq!(fans(&devices)[OsStr::new("cpu0")][0].rpm, 2400);
    }

    #[test]
    fn a_battery_that_is_drained_says_how_long_it_lasts() {
        let drained = device(
            "acpibat0",
            vec![
                sensor(SENSOR_WATTHOUR, "last full capacity", 50_000_000),
                sensor(SENSOR_WATTHOUR, "warning capacity", 2_000_000),
                sensor(SENSOR_WATTHOUR, "remaining capacity", 20_000_000),
                sensor(SENSOR_WATTS, "rate", 10_000_000),
                sensor(SENSOR_INTEGER, "battery discharging", 1),
            ],
        );
        let mains = device("acpiac0", vec![sensor(SENSOR_INDICATOR, "power supply", 0)]);
        let supplies = power_supplies(&[drained, mains]);
        let battery = &supplies.batteries[0];
        assert_eq!((battery.name.to_str(), battery.percent), (Some("acpibat0"), 40.0));
        assert_eq!(battery.status, BatteryStatus::Discharging);
        assert_eq!(battery.time_left, BatteryTime::Remaining(Duration::from_secs(7200)));
        assert_eq!(battery.energy_now_uwh, Some(20_000_000));
        assert_eq!((battery.power_plugged, supplies.is_on_ac_power()), (Some(false), Some(false)));
    }

    #[test]
    fn a_battery_counted_in_charge_has_no_energy_but_a_share_and_a_time() {
        let charging = device(
            "acpibat0",
            vec![
                sensor(SENSOR_AMPHOUR, "last full capacity", 4_000_000),
                sensor(SENSOR_AMPHOUR, "remaining capacity", 3_000_000),
                sensor(SENSOR_AMPS, "rate", 2_000_000),
                sensor(SENSOR_INTEGER, "battery charging", 2),
            ],
        );
        let supplies = power_supplies(&[charging]);
        let battery = &supplies.batteries[0];
        assert_eq!((battery.percent, battery.energy_now_uwh), (75.0, None));
        assert_eq!(battery.time_to_full, Some(Duration::from_secs(1800)));
        assert_eq!(battery.time_left, BatteryTime::Unlimited);
        assert_eq!(battery.power_plugged, Some(true), "only mains power charges");
    }

    #[test]
    fn what_a_battery_does_is_in_the_description_of_a_sensor() {
        let states = [
            ("battery full", BatteryStatus::Full),
            ("battery charging", BatteryStatus::Charging),
            ("battery discharging", BatteryStatus::Discharging),
            ("battery critical", BatteryStatus::Discharging),
            ("battery idle", BatteryStatus::NotCharging),
            ("battery unknown", BatteryStatus::Unknown),
        ];
        for (told, expected) in states {
            let sensors = vec![
                sensor(SENSOR_PERCENT, "battery percent", 55_500),
                sensor(SENSOR_INTEGER, told, 0),
            ];
            let battery = &power_supplies(&[device("acpibat0", sensors)]).batteries[0];
            assert_eq!(battery.status, expected, "{told}");
            assert_eq!(battery.percent, 55.5, "thousandths of a percent");
        }
    }

    #[test]
    fn one_supply_that_is_connected_is_enough_but_may_be_too_weak() {
        let mains =
            |name, online| device(name, vec![sensor(SENSOR_INDICATOR, "power supply", online)]);
        let battery = |told| {
            let sensors = vec![
                sensor(SENSOR_WATTHOUR, "last full capacity", 50_000_000),
                sensor(SENSOR_WATTHOUR, "remaining capacity", 20_000_000),
                sensor(SENSOR_WATTS, "rate", 10_000_000),
                sensor(SENSOR_INTEGER, told, 0),
            ];
            device("acpibat0", sensors)
        };
        let (drained, idle) = (battery("battery discharging"), battery("battery idle"));
        let (off, on) = (mains("acpiac0", 0), mains("acpiac1", 1));
        let lasts = BatteryTime::Remaining(Duration::from_secs(7200));
        let table = [
            (vec![drained.clone()], None, lasts),
            (vec![drained.clone(), off.clone()], Some(false), lasts),
            (vec![drained, off.clone(), on.clone()], Some(true), lasts),
            (vec![idle.clone(), off.clone()], Some(false), BatteryTime::Unknown),
            (vec![idle, on, off], Some(true), BatteryTime::Unlimited),
        ];
        for (devices, plugged, left) in table {
            let battery = &power_supplies(&devices).batteries[0];
            assert_eq!((battery.power_plugged, battery.time_left), (plugged, left), "{devices:?}");
        }
    }

    #[test]
    fn a_battery_that_was_taken_out_is_none() {
        let removed = |kind, desc| Sensor { flags: SENSOR_FINVALID, ..sensor(kind, desc, 0) };
        let gone = device(
            "acpibat1",
            vec![
                removed(SENSOR_WATTHOUR, "last full capacity"),
                removed(SENSOR_WATTHOUR, "remaining capacity"),
                removed(SENSOR_INTEGER, "battery removed"),
            ],
        );
        assert!(power_supplies(&[gone]).batteries.is_empty());
        assert_eq!(power_supplies(&[]), PowerSupplies::default());
    }

    #[test]
    fn temperatures_keep_their_decimals_and_go_below_zero() {
        assert!((celsius(273_150_000 - 10_250_000) - -10.25).abs() < 1e-9);
        assert!(celsius(i64::MIN) < 0.0);
    }

    #[test]
    fn a_driver_that_miscounts_does_not_keep_us_asking() {
        let mut odd = Sensordev::zeroed();
        odd.maxnumt[0] = 2;
        odd.maxnumt[3] = -7;
        odd.maxnumt[22] = 1;
        assert_eq!(places(&odd).collect::<Vec<_>>(), [(0, 0), (0, 1), (22, 0)]);
        odd.maxnumt[1] = i32::MAX;
        assert_eq!(places(&odd).count(), 1027);
    }

    proptest! {
        #[test]
        fn no_values_make_it_panic(kinds in prop::collection::vec((0..24_i32, any::<i64>(), 0..4_i32), 0..20)) {
            let names = ["remaining capacity", "last full capacity", "rate", "battery full", "power supply", ""];
            let sensors = kinds.iter().enumerate().map(|(at, (kind, value, flags))| {
                Sensor { flags: *flags, ..sensor(*kind, names[at % names.len()], *value) }
            });
            let devices = [device("x0", sensors.collect())];
            let _ = (temperatures(&devices), fans(&devices));
            for battery in power_supplies(&devices).batteries {
                prop_assert!((0.0..=100.0).contains(&battery.percent));
            }
        }
    }
}
