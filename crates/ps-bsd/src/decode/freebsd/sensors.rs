//! Temperatures and batteries.

use std::ffi::OsString;
use std::time::Duration;

use ps_core::raw::text;
use ps_core::sensors::{Battery, BatteryStatus, BatteryTime, Temperature, hours};

use crate::raw::freebsd::host::{
    ACPI_BATT_STAT_CHARGING, ACPI_BATT_STAT_DISCHARG, ACPI_BATT_STAT_NOT_PRESENT,
    ACPI_BATT_UNKNOWN, ACPI_BIF_UNITS_MW, AcpiBattinfo, AcpiBif, AcpiBst,
};

/// 0 °C in kelvins.
const ZERO_CELSIUS: f64 = 273.15;

/// A temperature in °C by the format that the kernel gives with it: `IK` is tenths of a kelvin, `IK` and a digit is
/// kelvins with that many decimals. An answer of `CTL_SYSCTL_OIDFMT` begins with four bytes of flags. `None` if the
/// format is not one of temperatures, or there is no reading.
#[must_use]
pub fn celsius(value: i32, format: &[u8]) -> Option<f64> {
    let format = text(format.get(4..)?);
    let decimals = match format.strip_prefix(b"IK")? {
        [] => 1,
        [digit @ b'0'..=b'9'] => i32::from(digit - b'0'),
        _ => return None,
    };
    // What drivers tell when they have no reading.
    if value <= 0 {
        return None;
    }
    let kelvin = f64::from(value) / 10_f64.powi(decimals);
    // Tenths of kelvins were made from degrees with 273.1 or 273.2: no more than one decimal is meant.
    let digits = 10_f64.powi(decimals.clamp(1, 3));
    let exact = if decimals == 1 { kelvin - 273.1 } else { kelvin - ZERO_CELSIUS };
    Some((exact * digits).round() / digits)
}

/// The temperature of a core. `limit` is where it slows down, which is the only threshold there is.
#[must_use]
pub fn core(label: String, current: Option<f64>, limit: Option<f64>) -> Temperature {
    let mut temperature = Temperature::default();
    temperature.label = Some(OsString::from(label));
    temperature.current_celsius = current;
    temperature.high_celsius = limit;
    temperature.critical_celsius = limit;
    temperature
}

/// What batteries are doing, by the bits of their state; `None` if there is none.
#[must_use]
pub fn battery_status(state: i32) -> Option<BatteryStatus> {
    // All bits of the state at once.
    if state & ACPI_BATT_STAT_NOT_PRESENT == ACPI_BATT_STAT_NOT_PRESENT {
        return None;
    }
    Some(if state & ACPI_BATT_STAT_CHARGING != 0 {
        BatteryStatus::Charging
    } else if state & ACPI_BATT_STAT_DISCHARG != 0 {
        BatteryStatus::Discharging
    } else {
        // Neither is said of one that is full, and of one that is kept as it is.
        BatteryStatus::NotCharging
    })
}

/// All batteries together, from `hw.acpi.battery.life`, `.time` and `.state`; `None` if there is none, or its charge
/// is not known. Times are in minutes, −1 if unknown.
#[must_use]
pub fn battery(
    name: &str,
    life: i32,
    minutes: i32,
    state: i32,
    plugged: Option<bool>,
) -> Option<Battery> {
    let mut battery = Battery::default();
    battery.name = OsString::from(name);
    battery.status = battery_status(state)?;
    battery.percent = f64::from(u8::try_from(life).ok().filter(|life| *life <= 100)?);
    if battery.status == BatteryStatus::NotCharging && life == 100 {
        battery.status = BatteryStatus::Full;
    }
    battery.power_plugged = plugged;
    battery.time_left = match (plugged, u64::try_from(minutes)) {
        (Some(true), _) => BatteryTime::Unlimited,
        (_, Ok(minutes)) => BatteryTime::Remaining(Duration::from_secs(minutes * 60)),
        (_, Err(_)) => BatteryTime::Unknown,
    };
    Some(battery)
}

/// One battery, with energies from what it is and what it is doing.
#[must_use]
pub fn detailed_battery(
    name: &str,
    info: &AcpiBattinfo,
    is: &AcpiBif,
    does: &AcpiBst,
    plugged: Option<bool>,
) -> Option<Battery> {
    let mut battery = self::battery(name, info.cap, info.min, info.state, plugged)?;
    // In thousandths of watts and watt-hours, or of amperes and ampere-hours, which times millivolts are millionths.
    let volts = if is.dvol == ACPI_BATT_UNKNOWN { does.volt } else { is.dvol };
    let in_watts = is.units == ACPI_BIF_UNITS_MW.cast_unsigned();
    let micro = |value: u32| {
        if value == ACPI_BATT_UNKNOWN {
            return None;
        }
        if in_watts {
            return Some(u64::from(value) * 1000);
        }
        (volts != ACPI_BATT_UNKNOWN).then(|| u64::from(value) * u64::from(volts))
    };
    battery.energy_full_uwh = micro(is.lfcap);
    battery.energy_now_uwh = micro(does.cap);
    battery.power_now_uw = micro(does.rate);
    if battery.status == BatteryStatus::Charging
        && let (Some(full), Some(now), Some(power)) =
            (battery.energy_full_uwh, battery.energy_now_uwh, battery.power_now_uw)
    {
        battery.time_to_full = hours(full.saturating_sub(now), power);
    }
    Some(battery)
}

#[cfg(test)]
mod tests {
    use ps_core::raw::Record as _;

    use super::*;

    fn format(text: &str) -> Vec<u8> {
        [&[0; 4][..], text.as_bytes(), &[0]].concat()
    }

    #[test]
    fn the_format_says_how_fine_a_temperature_is() {
        assert_eq!(celsius(3131, &format("IK")), Some(40.0));
        assert_eq!(celsius(3136, &format("IK")), Some(40.5), "decimals are kept");
        assert_eq!(celsius(313_150, &format("IK3")), Some(40.0));
        assert_eq!(celsius(313, &format("IK0")), Some(39.9));
    }

    #[test]
    fn what_is_no_temperature_is_none() {
        assert_eq!(celsius(3131, &format("I")), None);
        assert_eq!(celsius(3131, &format("IKx")), None);
        assert_eq!(celsius(3131, b"IK"), None);
        assert_eq!(celsius(-1, &format("IK")), None);
    }

    #[test]
    fn a_core_has_one_threshold_which_is_both_of_ours() {
        let hot = core("core 0".to_owned(), celsius(3731, &format("IK")), Some(105.0));
        assert_eq!(hot.label.as_deref().and_then(|label| label.to_str()), Some("core 0"));
        assert_eq!(hot.current_celsius, Some(100.0));
        assert_eq!((hot.high_celsius, hot.critical_celsius), (Some(105.0), Some(105.0)));
    }

    #[test]
    fn the_bits_of_a_battery_say_whether_there_is_one() {
        assert_eq!(battery_status(7), None);
        assert_eq!(battery_status(1), Some(BatteryStatus::Discharging));
        assert_eq!(battery_status(2), Some(BatteryStatus::Charging));
        assert_eq!(battery_status(5), Some(BatteryStatus::Discharging), "and critical");
        assert_eq!(battery_status(0), Some(BatteryStatus::NotCharging));
    }

    #[test]
    fn a_plugged_battery_lasts_for_ever_and_an_unknown_time_is_said_to_be() {
        let drained = battery("battery", 50, 90, 1, Some(false)).expect("one");
        assert_eq!(drained.time_left, BatteryTime::Remaining(Duration::from_secs(5400)));
        let unknown = battery("battery", 50, -1, 1, Some(false)).expect("one");
        assert_eq!(unknown.time_left, BatteryTime::Unknown);
        let plugged = battery("battery", 100, -1, 0, Some(true)).expect("one");
        assert_eq!(
            (plugged.time_left, plugged.status),
            (BatteryTime::Unlimited, BatteryStatus::Full)
        );
        // Full is one that neither charges nor drains and has all of its charge.
        for (life, state, status) in [
            (100, 0, BatteryStatus::Full),
            (99, 0, BatteryStatus::NotCharging),
            (100, 1, BatteryStatus::Discharging),
            (100, 2, BatteryStatus::Charging),
        ] {
            let one = battery("battery", life, -1, state, None).expect("one");
            assert_eq!(one.status, status, "{life} {state}");
        }
        assert_eq!(battery("battery", -1, -1, 1, None), None);
        assert_eq!(battery("battery", 50, 90, 7, None), None);
    }

    #[test]
    fn energies_are_told_in_millionths_of_watt_hours_whatever_the_unit() {
        let info = AcpiBattinfo { cap: 50, min: -1, state: 2, rate: 0 };
        let mut is = AcpiBif::zeroed();
        (is.units, is.lfcap, is.dvol) = (0, 50_000, 12_000);
        let does = AcpiBst { state: 2, rate: 10_000, cap: 25_000, volt: 11_000 };
        let watts = detailed_battery("battery0", &info, &is, &does, Some(true)).expect("one");
        assert_eq!(
            (watts.energy_full_uwh, watts.energy_now_uwh),
            (Some(50_000_000), Some(25_000_000))
        );
        assert_eq!(watts.time_to_full, Some(Duration::from_secs(9000)));
        is.units = 1;
        let amperes = detailed_battery("battery0", &info, &is, &does, Some(true)).expect("one");
        assert_eq!(amperes.energy_now_uwh, Some(300_000_000));
        // Without a design voltage that of the moment has to do; without any there is no energy.
        is.dvol = ACPI_BATT_UNKNOWN;
        let measured = detailed_battery("battery0", &info, &is, &does, None).expect("one");
        assert_eq!(measured.energy_now_uwh, Some(275_000_000));
        let blind = AcpiBst { state: 2, rate: 10_000, cap: 25_000, volt: ACPI_BATT_UNKNOWN };
        let blind = detailed_battery("battery0", &info, &is, &blind, None).expect("one");
        assert_eq!((blind.energy_now_uwh, blind.power_now_uw), (None, None));
        let drained = AcpiBattinfo { cap: 50, min: 90, state: 1, rate: 0 };
        let drained = detailed_battery("battery0", &drained, &is, &does, None).expect("one");
        assert_eq!(drained.time_to_full, None, "it is not being filled");
        is.lfcap = ACPI_BATT_UNKNOWN;
        let unknown = detailed_battery("battery0", &info, &is, &does, None).expect("one");
        assert_eq!((unknown.energy_full_uwh, unknown.time_to_full), (None, None));
    }
}
