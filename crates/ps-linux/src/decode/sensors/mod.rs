//! Temperatures and fans, from the files of hwmon and of thermal zones.

pub mod power;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ps_core::sensors::{Fan, Temperature};

use super::text::number;

/// A temperature from its files in hwmon: reading, limits and label. `None` if the reading is no number.
#[must_use]
pub fn decode_temperature(
    input: &[u8],
    high: Option<&[u8]>,
    critical: Option<&[u8]>,
    label: Option<&[u8]>,
) -> Option<Temperature> {
    let mut temperature = Temperature::default();
    temperature.label = label.and_then(decode_name);
    temperature.current_celsius = Some(celsius(input)?);
    temperature.high_celsius = high.and_then(celsius);
    temperature.critical_celsius = critical.and_then(celsius);
    Some(temperature)
}

/// A fan from its files in hwmon: reading and label. `None` if the reading is no number.
#[must_use]
pub fn decode_fan(input: &[u8], label: Option<&[u8]>) -> Option<Fan> {
    let mut fan = Fan::default();
    fan.label = label.and_then(decode_name);
    fan.rpm = number(input.trim_ascii())?;
    Some(fan)
}

/// A temperature from the file of a thermal zone, its trip points each as type and temperature.
#[must_use]
pub fn decode_zone<'a>(
    temp: &[u8],
    trip_points: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) -> Option<Temperature> {
    let mut temperature = Temperature::default();
    temperature.current_celsius = Some(celsius(temp)?);
    for (kind, limit) in trip_points {
        match kind.trim_ascii() {
            b"critical" => temperature.critical_celsius = celsius(limit),
            // The kernel's own word is `hot`; some drivers and older kernels say `high`.
            b"high" | b"hot" => temperature.high_celsius = celsius(limit),
            _ => {}
        }
    }
    Some(temperature)
}

/// Thousandths of a degree as degrees.
fn celsius(text: &[u8]) -> Option<f64> {
    number::<f64>(text.trim_ascii()).map(|value| value / 1000.0).filter(|value| value.is_finite())
}

/// A name or a label without its line end; `None` if there is nothing in it.
#[must_use]
pub fn decode_name(text: &[u8]) -> Option<OsString> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| OsString::from_vec(text.to_vec()))
}

/// The numbers of the sensors of a kind, in ascending order, from the names of a chip's files.
///
/// ```
/// use ps_linux::decode::sensors::numbers_of;
/// let files = [&b"temp10_input"[..], b"temp2_input", b"temp2_max", b"fan1_input", b"temperature"];
/// assert_eq!(numbers_of("temp", files), [2, 10]);
/// ```
#[must_use]
pub fn numbers_of<'a>(kind: &str, files: impl IntoIterator<Item = &'a [u8]>) -> Vec<u32> {
    let number_in = |file: &[u8]| {
        let rest = file.strip_prefix(kind.as_bytes())?;
        let end = rest.iter().position(|byte| *byte == b'_')?;
        number(rest.get(..end)?)
    };
    let mut numbers: Vec<u32> = files.into_iter().filter_map(number_in).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sensors_temperatures_are_thousandths_of_a_degree() {
        let one =
            decode_temperature(b"45500\n", Some(b"80000\n"), Some(b"-1000\n"), Some(b"Core 0\n"));
        let one = one.expect("a number");
        assert_eq!(one.current_celsius, Some(45.5));
        assert_eq!((one.high_celsius, one.critical_celsius), (Some(80.0), Some(-1.0)));
        assert_eq!(one.label, Some("Core 0".into()));
    }

    #[test]
    fn sensors_bad_reading_is_skipped_and_bad_limits_are_none() {
        for input in [&b""[..], b"\n", b"N/A\n", b"nan\n", b"inf"] {
            assert_eq!(decode_temperature(input, None, None, None), None, "{input:?}");
        }
        let one =
            decode_temperature(b"1000", Some(b""), Some(b"x"), Some(b"\n")).expect("a number");
        assert_eq!((one.high_celsius, one.critical_celsius, one.label), (None, None, None));
    }

    #[test]
    fn sensors_one_known_limit_serves_for_both() {
        let one = decode_temperature(b"1000", Some(b"80000"), None, None).expect("a number");
        assert_eq!(one.critical_celsius, None);
        assert_eq!(one.with_thresholds_shared().critical_celsius, Some(80.0));
    }

    #[test]
    fn sensors_fahrenheit_applies_to_all_three() {
        let one =
            decode_temperature(b"100000", Some(b"0"), Some(b"-40000"), None).expect("a number");
        assert_eq!(one.current_fahrenheit(), Some(212.0));
        assert_eq!((one.high_fahrenheit(), one.critical_fahrenheit()), (Some(32.0), Some(-40.0)));
    }

    #[test]
    fn sensors_thermal_zone_limits_are_trip_points() {
        let trips = [
            (&b"passive\n"[..], &b"1\n"[..]),
            (b"critical\n", b"105000\n"),
            (b"hot\n", b"90000\n"),
        ];
        let zone = decode_zone(b"50000\n", trips).expect("a number");
        assert_eq!(zone.current_celsius, Some(50.0));
        assert_eq!((zone.high_celsius, zone.critical_celsius), (Some(90.0), Some(105.0)));
        assert_eq!(decode_zone(b"", []), None);
    }

    #[test]
    fn sensors_fans_are_in_rpm() {
        let fan = decode_fan(b"1200\n", Some(b"cpu_fan\n")).expect("a number");
        assert_eq!((fan.rpm, fan.label), (1200, Some("cpu_fan".into())));
        assert_eq!(decode_fan(b"-5\n", None), None);
    }

    #[test]
    fn numbers_of_sensors_come_once_each_and_in_order() {
        let files =
            [&b"temp10_input"[..], b"temp2_input", b"temp2_max", b"fan1_input", b"temperature"];
        assert_eq!(numbers_of("temp", files), [2, 10]);
        assert_eq!(numbers_of("in", files), [0; 0]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(a: Vec<u8>, b: Vec<u8>) {
            let _ = (decode_temperature(&a, Some(&b), Some(&a), Some(&b)), decode_fan(&a, Some(&b)));
            let _ = (decode_zone(&a, [(&a[..], &b[..])]), numbers_of("temp", [&a[..], &b[..]]));
        }
    }
}
