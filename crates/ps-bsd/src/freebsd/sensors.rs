//! Temperatures, batteries and mains power, by `dev.cpu`, `hw.acpi` and `/dev/acpi`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ps_core::Result;
use ps_core::sensors::{Battery, MainsSupply, PowerSupplies, SensorsBackend, Temperature};

use super::sys::{ioctl, named};
use super::{FreeBsd, cpu, failed, if_there};
use crate::decode::freebsd::sensors as decoded;

/// A temperature in °C; `None` if there is no such sensor, or it has no reading.
fn celsius(name: &str) -> Result<Option<f64>> {
    let read = if_there("temperature", named::formatted(name))?;
    Ok(read.and_then(|(value, format)| decoded::celsius(value, &format)))
}

/// Whether mains power is connected; `None` if that cannot be told.
fn plugged() -> Result<Option<bool>> {
    let line = if_there("hw.acpi.acline", named::value::<i32>("hw.acpi.acline"))?;
    Ok(line.and_then(|line| match line {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }))
}

/// Each battery by itself; `None` where that cannot be asked.
fn batteries(plugged: Option<bool>) -> Option<Vec<Battery>> {
    let acpi = ioctl::firmware().ok()?;
    let mut all = Vec::new();
    for unit in 0..ioctl::battery_count(&acpi).ok()? {
        // A slot without a battery answers, too, or fails.
        let Ok((info, is, does)) = ioctl::battery_facts(&acpi, unit) else { continue };
        let name = format!("battery{unit}");
        all.extend(decoded::detailed_battery(&name, &info, &is, &does, plugged));
    }
    Some(all)
}

/// All batteries as one.
fn together(plugged: Option<bool>) -> Result<Option<Battery>> {
    let read = |name: &'static str| if_there(name, named::value::<i32>(name));
    let (Some(life), Some(minutes)) =
        (read("hw.acpi.battery.life")?, read("hw.acpi.battery.time")?)
    else {
        return Ok(None);
    };
    let state = read("hw.acpi.battery.state")?.unwrap_or(0);
    Ok(decoded::battery("battery", life, minutes, state, plugged))
}

impl SensorsBackend for FreeBsd {
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        let mut all = BTreeMap::<OsString, Vec<Temperature>>::new();
        for core in 0..cpu::count().map_err(failed("hw.ncpu"))? {
            let now = celsius(&format!("dev.cpu.{core}.temperature"))?;
            if now.is_none() {
                continue;
            }
            let limit = celsius(&format!("dev.cpu.{core}.coretemp.tjmax"))?;
            let chip = if limit.is_some() { "coretemp" } else { "cpu" };
            let label = format!("Core {core}");
            all.entry(chip.into()).or_default().push(decoded::core(label, now, limit));
        }
        for zone in 0.. {
            let name = format!("hw.acpi.thermal.tz{zone}");
            let read = named::formatted(&format!("{name}.temperature"));
            let Some((value, format)) = if_there("temperature", read)? else { break };
            let mut temperature = Temperature::default();
            temperature.label = Some(OsString::from(format!("tz{zone}")));
            temperature.current_celsius = decoded::celsius(value, &format);
            temperature.high_celsius = celsius(&format!("{name}._HOT"))?;
            temperature.critical_celsius = celsius(&format!("{name}._CRT"))?;
            all.entry("acpitz".into()).or_default().push(temperature);
        }
        Ok(all)
    }

    fn power_supplies(&self) -> Result<PowerSupplies> {
        let plugged = plugged()?;
        let mut supplies = PowerSupplies::default();
        supplies.batteries = match batteries(plugged) {
            Some(batteries) => batteries,
            None => together(plugged)?.into_iter().collect(),
        };
        supplies.mains = plugged
            .map(|online| {
                let mut supply = MainsSupply::default();
                (supply.name, supply.online) = ("acline".into(), online);
                supply
            })
            .into_iter()
            .collect();
        Ok(supplies)
    }
}
