//! Temperatures, fans, batteries and mains power.

pub use ps_core::sensors::*;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ps_core::Result;

use crate::decode::sensors as decode;
use crate::decode::sensors::power::{PROPERTIES, Supply, decode_supplies};
use crate::file;
use crate::root::Linux;

impl SensorsBackend for Linux {
    fn temperatures(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        let mut chips = self.hwmon_places()?;
        chips.extend(self.coretemp_places()?);
        let all = by_chip(&chips, "temp", |sensor| {
            decode::decode_temperature(
                &sensor("_input")?,
                sensor("_max").as_deref(),
                sensor("_crit").as_deref(),
                sensor("_label").as_deref(),
            )
        });
        if all.is_empty() { self.thermal_zones() } else { Ok(all) }
    }

    fn fans(&self) -> Result<BTreeMap<OsString, Vec<Fan>>> {
        Ok(by_chip(&self.hwmon_places()?, "fan", |sensor| {
            decode::decode_fan(&sensor("_input")?, sensor("_label").as_deref())
        }))
    }

    fn power_supplies(&self) -> Result<PowerSupplies> {
        let place = self.sys_path("class/power_supply");
        let mut all = Vec::new();
        for name in file::names(&place)? {
            let directory = place.join(&name);
            let uevent = file::peek(&directory.join("uevent")).unwrap_or_default();
            let mut supply = Supply::new(name, &uevent);
            for property in PROPERTIES {
                if !supply.has(property)
                    && let Some(text) = file::peek(&directory.join(property))
                {
                    supply.add(property, &text);
                }
            }
            all.push(supply);
        }
        Ok(decode_supplies(&all))
    }
}

impl Linux {
    /// Directories that hold the files of a chip: those of hwmon, and below each the device's own, where older
    /// drivers keep them.
    fn hwmon_places(&self) -> Result<Vec<PathBuf>> {
        let place = self.sys_path("class/hwmon");
        let chips = file::names(&place)?.into_iter().map(|name| place.join(name));
        Ok(chips.flat_map(|chip| [chip.clone(), chip.join("device")]).collect())
    }

    /// Directories of Intel's core sensors that are not among those of hwmon, as on some kernels.
    fn coretemp_places(&self) -> Result<Vec<PathBuf>> {
        let known = file::names(&self.sys_path("class/hwmon"))?;
        let platform = self.sys_path("devices/platform");
        let mut places = Vec::new();
        for device in file::names(&platform)? {
            if device.as_bytes().starts_with(b"coretemp.") {
                let place = platform.join(device).join("hwmon");
                let chips = file::names(&place)?.into_iter().filter(|name| !known.contains(name));
                places.extend(chips.map(|name| place.join(name)));
            }
        }
        Ok(places)
    }

    /// What thermal zones tell, for machines without any other sensor.
    fn thermal_zones(&self) -> Result<BTreeMap<OsString, Vec<Temperature>>> {
        let place = self.sys_path("class/thermal");
        let mut all: BTreeMap<OsString, Vec<Temperature>> = BTreeMap::new();
        for zone in file::names(&place)? {
            if !zone.as_bytes().starts_with(b"thermal_zone") {
                continue;
            }
            let directory = place.join(zone);
            let read = |name: &str| file::peek(&directory.join(name));
            let (Some(kind), Some(temp)) = (read("type"), read("temp")) else { continue };
            let files = file::names(&directory)?;
            let numbers =
                decode::numbers_of("trip_point_", files.iter().map(|name| name.as_bytes()));
            let trips: Vec<_> = numbers
                .into_iter()
                .filter_map(|at| {
                    let of = |what| read(&format!("trip_point_{at}_{what}"));
                    Some((of("type")?, of("temp")?))
                })
                .collect();
            let trips = trips.iter().map(|(kind, limit)| (kind.as_slice(), limit.as_slice()));
            if let (Some(name), Some(temperature)) =
                (decode::decode_name(&kind), decode::decode_zone(&temp, trips))
            {
                all.entry(name).or_default().push(temperature);
            }
        }
        Ok(all)
    }
}

/// The sensors of a kind of every chip, under the chip's name. One whose name or reading cannot be read is left out.
fn by_chip<T>(
    chips: &[PathBuf],
    kind: &str,
    decode: impl Fn(&dyn Fn(&str) -> Option<Vec<u8>>) -> Option<T>,
) -> BTreeMap<OsString, Vec<T>> {
    let mut all: BTreeMap<OsString, Vec<T>> = BTreeMap::new();
    for chip in chips {
        let Ok(files) = file::names(chip) else { continue };
        let numbers = decode::numbers_of(kind, files.iter().map(|name| name.as_bytes()));
        if numbers.is_empty() {
            continue;
        }
        let Some(name) = name_of_chip(chip) else { continue };
        for at in numbers {
            let file = |what: &str| file::peek(&chip.join(format!("{kind}{at}{what}")));
            if let Some(sensor) = decode(&file) {
                all.entry(name.clone()).or_default().push(sensor);
            }
        }
    }
    all
}

/// The name beside the files, or one directory above them.
fn name_of_chip(chip: &Path) -> Option<OsString> {
    let name = |place: &Path| decode::decode_name(&file::peek(&place.join("name"))?);
    name(chip).or_else(|| chip.ends_with("device").then(|| name(chip.parent()?)).flatten())
}
