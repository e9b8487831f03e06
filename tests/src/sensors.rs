//! What readings of sensors have to keep to.

use ps_core::SensorsBackend;

use crate::{answer, assert_percent, comes_back};

/// Nothing is colder than space or hotter than a furnace, and no battery is more than full.
pub fn readings_are_plausible<B: SensorsBackend>(backend: &B) {
    let temperatures = answer("temperatures", backend.temperatures()).unwrap_or_default();
    for one in temperatures.values().flatten() {
        let plausible = |celsius: f64| (-273.15..1000.0).contains(&celsius);
        assert!(one.current_celsius.is_none_or(plausible), "{one:?}");
    }
    answer("fans", backend.fans());
    let Some(power) = answer("power_supplies", backend.power_supplies()) else { return };
    for battery in &power.batteries {
        assert_percent("the charge of a battery", battery.percent);
    }
    assert_eq!(power.battery_total().is_some(), !power.batteries.is_empty());
}

/// Records come back from text and from bytes.
pub fn records_come_back<B: SensorsBackend>(backend: &B) {
    for chip in answer("temperatures", backend.temperatures()).unwrap_or_default().into_values() {
        comes_back(&chip);
    }
    for chip in answer("fans", backend.fans()).unwrap_or_default().into_values() {
        comes_back(&chip);
    }
    comes_back(&answer("power_supplies", backend.power_supplies()));
}
