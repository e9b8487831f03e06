//! Temperatures, fans and batteries (`envsys(4)`), from the property list of all sensors.

pub mod plist;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ps_core::Result;
use ps_core::mem::percent_of;
use ps_core::sensors::{
    Battery, BatteryStatus, BatteryTime, Fan, MainsSupply, PowerSupplies, Temperature, hours,
};

use self::plist::{Value, parse};
use crate::decode::malformed;

/// The devices with their sensors.
#[derive(Clone, Debug, Default)]
pub struct Devices(Vec<Device>);

/// One device.
#[derive(Clone, Debug)]
struct Device {
    name: OsString,
    /// It is a mains adapter.
    adapter: bool,
    sensors: Vec<Sensor>,
}

/// One sensor.
#[derive(Clone, Debug)]
struct Sensor {
    kind: Vec<u8>,
    description: Vec<u8>,
    /// `None` unless the driver vouches for it.
    value: Option<i64>,
    most: Option<i64>,
    warns_at: Option<i64>,
    critical_at: Option<i64>,
}

/// Takes the list apart that `ENVSYS_GETDICTIONARY` answers.
pub fn devices(list: &[u8]) -> Result<Devices> {
    let root = parse(list);
    let Some(all) = root.as_ref().and_then(Value::dict) else {
        return Err(malformed("envsys dictionary", "it is no property list of devices"));
    };
    let device = |(name, entries): (&Vec<u8>, &Value)| Device {
        name: OsStr::from_bytes(name).to_owned(),
        adapter: entries.array().iter().find_map(class) == Some(b"ac-adapter"),
        sensors: entries.array().iter().filter_map(sensor).collect(),
    };
    Ok(Devices(all.iter().map(device).collect()))
}

/// The class of a device, as its driver gives it (`sme_class`); `None` of an entry that tells of a sensor.
fn class(entry: &Value) -> Option<&[u8]> {
    let properties = entry.dict()?.get(&b"device-properties"[..])?;
    properties.dict()?.get(&b"device-class"[..])?.text()
}

/// A sensor; `None` of the entry that tells of the device.
fn sensor(entry: &Value) -> Option<Sensor> {
    let entry = entry.dict()?;
    let of = |name: &str| entry.get(name.as_bytes());
    let number = |name| of(name).and_then(Value::number);
    // Any other state says that there is no value, or why it calls for attention.
    let vouched = of("state")
        .and_then(Value::text)
        .is_none_or(|state| state != b"invalid" && state != b"unknown");
    Some(Sensor {
        kind: of("type")?.text()?.to_vec(),
        description: of("description").and_then(Value::text).unwrap_or_default().to_vec(),
        value: number("cur-value").filter(|_| vouched),
        most: number("max-value"),
        warns_at: number("warning-max"),
        critical_at: number("critical-max"),
    })
}

/// A temperature in °C from one in µK.
fn celsius(micro_kelvin: i64) -> f64 {
    micro_kelvin.saturating_sub(273_150_000) as f64 / 1e6
}

fn label(sensor: &Sensor) -> Option<OsString> {
    (!sensor.description.is_empty()).then(|| OsStr::from_bytes(&sensor.description).to_owned())
}

impl Devices {
    fn collect<T>(&self, of: impl Fn(&Sensor) -> Option<T>) -> BTreeMap<OsString, Vec<T>> {
        let all = self.0.iter().map(|device| {
            (device.name.clone(), device.sensors.iter().filter_map(&of).collect::<Vec<T>>())
        });
        all.filter(|(_, found)| !found.is_empty()).collect()
    }

    /// Temperatures by device.
    #[must_use]
    pub fn temperatures(&self) -> BTreeMap<OsString, Vec<Temperature>> {
        self.collect(|sensor| {
            (sensor.kind == b"Temperature").then(|| {
                let mut temperature = Temperature::default();
                temperature.label = label(sensor);
                temperature.current_celsius = sensor.value.map(celsius);
                temperature.high_celsius = sensor.warns_at.map(celsius);
                temperature.critical_celsius = sensor.critical_at.map(celsius);
                temperature
            })
        })
    }

    /// Fans by device; one whose speed is not known is left out.
    #[must_use]
    pub fn fans(&self) -> BTreeMap<OsString, Vec<Fan>> {
        self.collect(|sensor| {
            let mut fan = Fan::default();
            fan.label = label(sensor);
            fan.rpm = u32::try_from(sensor.value.filter(|_| sensor.kind == b"Fan")?).ok()?;
            Some(fan)
        })
    }

    /// Batteries and mains supplies, as `acpibat(4)`, `acpiacad(4)` and drivers like them tell.
    #[must_use]
    pub fn power_supplies(&self) -> PowerSupplies {
        let mut supplies = PowerSupplies::default();
        for device in self.0.iter().filter(|device| device.adapter) {
            // An adapter tells only whether it is connected.
            let mut told = device.sensors.iter().filter(|sensor| sensor.kind == b"Indicator");
            if let Some(connected) = told.find_map(|sensor| sensor.value) {
                let mut supply = MainsSupply::default();
                supply.name.clone_from(&device.name);
                supply.online = connected != 0;
                supplies.mains.push(supply);
            }
        }
        let mut plugged = supplies.mains.iter().map(|supply| supply.online).reduce(|a, b| a || b);
        supplies.batteries =
            self.0.iter().filter_map(|device| battery(&device.name, &device.sensors)).collect();
        let charging = |one: &Battery| one.status == BatteryStatus::Charging;
        if plugged.is_none() && supplies.batteries.iter().any(charging) {
            plugged = Some(true);
        }
        for battery in &mut supplies.batteries {
            battery.power_plugged = plugged;
            if plugged == Some(true) && battery.status != BatteryStatus::Discharging {
                battery.time_left = BatteryTime::Unlimited;
            }
        }
        supplies
    }
}

fn named(sensors: &[Sensor], description: &[u8]) -> Option<i64> {
    sensors.iter().find(|one| one.description == description)?.value
}

/// The battery that a device is; `None` of one that is none, or whose battery was taken out.
fn battery(name: &OsStr, sensors: &[Sensor]) -> Option<Battery> {
    let charge = sensors.iter().find(|one| one.description == b"charge")?;
    let energy = charge.kind == b"Watt hour";
    if !energy && charge.kind != b"Ampere hour" || named(sensors, b"present") == Some(0) {
        return None;
    }
    let amount = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
    let now = amount(charge.value)?;
    // The design capacity stands in for firmware that does not tell what the battery still takes.
    let full = amount(named(sensors, b"last full cap"))
        .or_else(|| amount(charge.most))
        .or_else(|| amount(named(sensors, b"design cap")))
        .filter(|full| *full > 0)?;
    let (gives, takes) =
        (amount(named(sensors, b"discharge rate")), amount(named(sensors, b"charge rate")));
    let mut battery = Battery::default();
    battery.name = name.to_owned();
    battery.percent = percent_of(now, full);
    battery.status = if takes.is_some() || named(sensors, b"charging") == Some(1) {
        BatteryStatus::Charging
    } else if gives.is_some() {
        BatteryStatus::Discharging
    } else if now >= full {
        BatteryStatus::Full
    } else if named(sensors, b"charging") == Some(0) {
        BatteryStatus::NotCharging
    } else {
        BatteryStatus::Unknown
    };
    if energy {
        battery.energy_now_uwh = Some(now);
        battery.energy_full_uwh = Some(full);
        battery.power_now_uw = gives.or(takes);
    }
    match battery.status {
        BatteryStatus::Discharging => {
            let left = gives.and_then(|rate| hours(now, rate));
            battery.time_left = left.map_or(BatteryTime::Unknown, BatteryTime::Remaining);
        }
        BatteryStatus::Charging => {
            battery.time_to_full = takes.and_then(|rate| hours(full.saturating_sub(now), rate));
        }
        _ => {}
    }
    Some(battery)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn entry(kind: &str, description: &str, more: &str) -> String {
        format!(
            "<dict><key>type</key><string>{kind}</string><key>description</key>\
             <string>{description}</string>{more}</dict>"
        )
    }

    fn value(value: i64) -> String {
        format!(
            "<key>cur-value</key><integer>{value}</integer><key>state</key><string>valid</string>"
        )
    }

    fn list(devices: &[(&str, Vec<String>)]) -> Devices {
        let mut text = String::from("<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>");
        for (name, sensors) in devices {
            text += &format!("<key>{name}</key><array>{}", sensors.concat());
            let class = match *name {
                "acpiacad0" | "acpiacad1" | "AC Adaptor" => "ac-adapter",
                "acpibat0" | "acpibat1" => "battery",
                _ => "other",
            };
            text += &format!(
                "<dict><key>device-properties</key><dict><key>refresh-timeout</key>\
                 <integer>0x1e</integer><key>device-class</key><string>{class}</string></dict></dict>\
                 </array>"
            );
        }
        text += "</dict></plist>";
        super::devices(text.as_bytes()).expect("a list")
    }

    #[test]
    fn temperatures_and_fans_are_in_our_units() {
        let limits = "<key>critical-max</key><integer>373150000</integer>\
                      <key>warning-max</key><integer>363150000</integer>";
        let sensors = vec![
            entry("Temperature", "cpu0 temperature", &(value(318_650_000) + limits)),
            entry(
                "Temperature",
                "x",
                "<key>state</key><string>invalid</string>\
                   <key>cur-value</key><integer>5</integer>",
            ),
            entry("Fan", "fan0", &value(2400)),
            entry("Fan", "fan1", "<key>state</key><string>invalid</string>"),
            entry("Voltage DC", "v", &value(1)),
        ];
        let devices = list(&[("coretemp0", sensors), ("empty0", vec![])]);
        let found = devices.temperatures();
        assert_eq!(found.len(), 1);
        let [first, second] = &found[OsStr::new("coretemp0")][..] else { panic!("{found:?}") };
        assert!((first.current_celsius.expect("known") - 45.5).abs() < 1e-9);
        assert_eq!((first.high_celsius, first.critical_celsius), (Some(90.0), Some(100.0)));
        assert_eq!(first.label.as_deref(), Some(OsStr::new("cpu0 temperature")));
        assert_eq!(second.current_celsius, None, "a value that the driver does not vouch for");
        let fans = devices.fans();
        assert_eq!(
            fans[OsStr::new("coretemp0")].iter().map(|fan| fan.rpm).collect::<Vec<_>>(),
            [2400]
        );
    }

    fn acpibat(charge: i64, rate: &str) -> Vec<String> {
        vec![
            entry("Indicator", "present", &value(1)),
            entry("Watt hour", "design cap", &value(60_000_000)),
            entry("Watt hour", "last full cap", &value(50_000_000)),
            entry("Watts", rate, &value(10_000_000)),
            entry("Watt hour", "charge", &value(charge)),
            entry("Battery charge", "charging", &value(i64::from(rate == "charge rate"))),
        ]
    }

    #[test]
    fn a_battery_that_is_drained_says_how_long_it_lasts() {
        let adapter = vec![entry("Indicator", "connected", &value(0))];
        let devices =
            list(&[("acpibat0", acpibat(20_000_000, "discharge rate")), ("acpiacad0", adapter)]);
        let supplies = devices.power_supplies();
        let battery = &supplies.batteries[0];
        assert_eq!((battery.percent, battery.status), (40.0, BatteryStatus::Discharging));
        assert_eq!(battery.time_left, BatteryTime::Remaining(Duration::from_secs(7200)));
        assert_eq!(
            (battery.energy_now_uwh, battery.power_now_uw),
            (Some(20_000_000), Some(10_000_000))
        );
        assert_eq!((battery.power_plugged, supplies.is_on_ac_power()), (Some(false), Some(false)));
    }

    #[test]
    fn a_battery_that_charges_says_when_it_is_full() {
        let supplies = list(&[("acpibat0", acpibat(45_000_000, "charge rate"))]).power_supplies();
        let battery = &supplies.batteries[0];
        assert_eq!((battery.status, battery.percent), (BatteryStatus::Charging, 90.0));
        assert_eq!(battery.time_to_full, Some(Duration::from_secs(1800)));
        assert_eq!(
            (battery.time_left, battery.power_plugged),
            (BatteryTime::Unlimited, Some(true))
        );
    }

    #[test]
    fn what_the_firmware_does_not_tell_does_not_stand_in_the_way() {
        let charge = |kind, now, most| {
            let most = format!("<key>max-value</key><integer>{most}</integer>");
            entry(kind, "charge", &(value(now) + &most))
        };
        let full = |now| charge("Watt hour", now, 50);
        let charging = |yes| entry("Battery charge", "charging", &value(yes));
        let rate = |name| entry("Watts", name, &value(10));
        let table = [
            (vec![full(50)], BatteryStatus::Full, 100.0),
            (vec![full(50), charging(0)], BatteryStatus::Full, 100.0),
            (vec![full(40), charging(0)], BatteryStatus::NotCharging, 80.0),
            (vec![full(40)], BatteryStatus::Unknown, 80.0),
            (vec![full(40), charging(1)], BatteryStatus::Charging, 80.0),
            (vec![full(40), rate("charge rate")], BatteryStatus::Charging, 80.0),
            (vec![full(40), rate("discharge rate")], BatteryStatus::Discharging, 80.0),
        ];
        for (sensors, status, percent) in table {
            let battery = &list(&[("acpibat0", sensors)]).power_supplies().batteries[0];
            assert_eq!((battery.status, battery.percent), (status, percent));
            assert_eq!(battery.energy_full_uwh, Some(50));
        }
        // Counted in charge there is no energy to tell, and of another kind no battery.
        let counted = |kind| list(&[("acpibat0", vec![charge(kind, 40, 50)])]).power_supplies();
        let amperes = &counted("Ampere hour").batteries[0];
        assert_eq!((amperes.percent, amperes.energy_now_uwh), (80.0, None));
        assert!(counted("Integer").batteries.is_empty());
        let nothing = list(&[("acpibat0", vec![charge("Watt hour", 0, 0)])]);
        assert!(nothing.power_supplies().batteries.is_empty(), "a share of nothing");
    }

    #[test]
    fn one_adapter_that_is_connected_is_enough_but_may_be_too_weak() {
        let connected = |yes| vec![entry("Indicator", "connected", &value(yes))];
        let drained = || ("acpibat0", acpibat(20_000_000, "discharge rate"));
        let idle = || ("acpibat0", acpibat(20_000_000, "no rate"));
        let (off, on) = (|| ("acpiacad0", connected(0)), || ("acpiacad1", connected(1)));
        let lasts = BatteryTime::Remaining(Duration::from_secs(7200));
        let table = [
            (vec![drained()], None, lasts),
            (vec![drained(), off()], Some(false), lasts),
            (vec![drained(), off(), on()], Some(true), lasts),
            (vec![idle(), off()], Some(false), BatteryTime::Unknown),
            (vec![idle(), on(), off()], Some(true), BatteryTime::Unlimited),
            // As pbbat(4) names it.
            (vec![idle(), ("AC Adaptor", connected(1))], Some(true), BatteryTime::Unlimited),
        ];
        for (devices, plugged, left) in table {
            let battery = &list(&devices).power_supplies().batteries[0];
            assert_eq!((battery.power_plugged, battery.time_left), (plugged, left), "{devices:?}");
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_neither_battery_nor_adapter_are_left_out() {
        let gone = |charge: &str| {
            vec![entry("Indicator", "present", &value(0)), entry("Watt hour", "charge", charge)]
        };
        let invalid = "<key>state</key><string>invalid</string>";
        let stale = value(40) + "<key>max-value</key><integer>50</integer>";
        let other = vec![entry("Indicator", "connected", &value(1))];
        let silent = vec![
            entry("Indicator", "connected", invalid),
            entry("Voltage DC", "voltage", &value(19_000_000)),
        ];
        let supplies = list(&[
            ("acpibat0", gone(invalid)),
            ("acpibat1", gone(&stale)),
            ("usb0", other),
            ("acpiacad0", silent),
        ]);
        assert_eq!(supplies.power_supplies(), PowerSupplies::default());
    }

    #[test]
    fn what_is_no_list_of_devices_is_an_error() {
        assert!(devices(b"").is_err());
        assert!(devices(b"<plist><array/></plist>").is_err());
        let none = devices(b"<plist version=\"1.0\"><dict/></plist>").expect("no devices");
        assert!(none.temperatures().is_empty() && none.fans().is_empty());
    }

    proptest! {
        #[test]
        fn no_values_make_it_panic(values in prop::collection::vec(any::<i64>(), 8)) {
            let kinds = ["Temperature", "Fan", "Watt hour", "Watt hour", "Ampere hour", "Watts", "Watts", "Indicator"];
            let names = ["t", "f", "charge", "last full cap", "design cap", "charge rate", "discharge rate", "connected"];
            let sensors = kinds.iter().zip(names).zip(&values)
                .map(|((kind, name), number)| entry(kind, name, &value(*number))).collect();
            let devices = list(&[("acpibat0", sensors)]);
            let _ = (devices.temperatures(), devices.fans());
            for battery in devices.power_supplies().batteries {
                prop_assert!((0.0..=100.0).contains(&battery.percent));
            }
        }
    }
}
