//! Devices and power sources, as properties copied out of Core Foundation objects.

use std::ffi::{CStr, c_char, c_void};
use std::io;
use std::ptr::{self, NonNull};

use crate::decode::Property;

/// An object of Core Foundation, of any type.
type Ref = *const c_void;

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    fn CFRelease(object: Ref);
    fn CFGetTypeID(object: Ref) -> usize;
    fn CFArrayGetTypeID() -> usize;
    fn CFArrayGetCount(array: Ref) -> isize;
    fn CFArrayGetValueAtIndex(array: Ref, index: isize) -> Ref;
    fn CFBooleanGetTypeID() -> usize;
    fn CFBooleanGetValue(boolean: Ref) -> u8;
    fn CFDataGetTypeID() -> usize;
    fn CFDataGetLength(data: Ref) -> isize;
    fn CFDataGetBytePtr(data: Ref) -> *const u8;
    fn CFDictionaryGetTypeID() -> usize;
    fn CFDictionaryGetCount(dictionary: Ref) -> isize;
    fn CFDictionaryGetKeysAndValues(dictionary: Ref, keys: *mut Ref, values: *mut Ref);
    fn CFNumberGetTypeID() -> usize;
    fn CFNumberGetValue(number: Ref, kind: isize, value: *mut c_void) -> u8;
    fn CFStringGetTypeID() -> usize;
    fn CFStringGetLength(string: Ref) -> isize;
    fn CFStringGetMaximumSizeForEncoding(length: isize, encoding: u32) -> isize;
    fn CFStringGetCString(string: Ref, buffer: *mut c_char, size: isize, encoding: u32) -> u8;
}

#[link(name = "IOKit", kind = "framework")]
unsafe extern "C" {
    fn IOServiceMatching(class: *const c_char) -> *mut c_void;
    fn IOServiceGetMatchingServices(port: u32, matching: Ref, found: *mut u32) -> i32;
    fn IOIteratorNext(iterator: u32) -> u32;
    fn IOObjectRelease(object: u32) -> i32;
    fn IOObjectConformsTo(object: u32, class: *const c_char) -> u32;
    fn IORegistryEntryGetParentEntry(entry: u32, plane: *const c_char, parent: *mut u32) -> i32;
    fn IORegistryEntryGetName(entry: u32, name: *mut c_char) -> i32;
    fn IORegistryEntryCreateCFProperties(
        entry: u32,
        properties: *mut Ref,
        allocator: Ref,
        options: u32,
    ) -> i32;
    fn IOPSCopyPowerSourcesInfo() -> Ref;
    fn IOPSCopyPowerSourcesList(info: Ref) -> Ref;
    fn IOPSGetPowerSourceDescription(info: Ref, source: Ref) -> Ref;
}

/// `kCFNumberSInt64Type`.
const INT: isize = 4;
/// `kCFNumberFloat64Type`.
const FLOAT: isize = 6;
/// `kCFStringEncodingUTF8`.
const UTF8: u32 = 0x0800_0100;
/// How deep properties are followed.
const DEEPEST: u32 = 8;

/// An object of Core Foundation that this program was given to keep, given back when dropped.
struct Kept(NonNull<c_void>);

impl Kept {
    fn new(object: Ref) -> Option<Kept> {
        NonNull::new(object.cast_mut()).map(Kept)
    }

    fn get(&self) -> Ref {
        self.0.as_ptr()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: the object was given to this program to keep, is given back once, and is not used again.
        unsafe { CFRelease(self.get()) };
    }
}

/// A device, given back when dropped.
pub(crate) struct Device(u32);

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: the reference was given to this program, is given back once, and is not used again.
        let _ = unsafe { IOObjectRelease(self.0) };
    }
}

fn check(returned: i32) -> io::Result<()> {
    match returned {
        0 => Ok(()),
        other => Err(io::Error::other(format!("IOKit says {other:#x}"))),
    }
}

/// Every device of a class.
pub(crate) fn devices(class: &CStr) -> io::Result<Vec<Device>> {
    // SAFETY: `class` ends with a NUL and outlives the call.
    let matching = unsafe { IOServiceMatching(class.as_ptr()) };
    if matching.is_null() {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let mut found = 0;
    // SAFETY: the call takes `matching` over, whatever comes of it; it stores a reference in `found`, which outlives
    // it. Zero stands for the usual port.
    check(unsafe { IOServiceGetMatchingServices(0, matching, &mut found) })?;
    // An iterator is given back like a device.
    let iterator = Device(found);
    let mut devices = Vec::new();
    loop {
        // SAFETY: `iterator` is held; each device that comes out of it is this program's to give back.
        match unsafe { IOIteratorNext(iterator.0) } {
            0 => return Ok(devices),
            device => devices.push(Device(device)),
        }
    }
}

impl Device {
    /// The device that it is attached to.
    pub(crate) fn parent(&self) -> Option<Device> {
        let mut parent = 0;
        // SAFETY: `self` is held; the name of the plane ends with a NUL; the call stores a reference in `parent`.
        let returned =
            unsafe { IORegistryEntryGetParentEntry(self.0, c"IOService".as_ptr(), &mut parent) };
        (returned == 0 && parent != 0).then(|| Device(parent))
    }

    /// Whether it is of a class, or of one made from that.
    pub(crate) fn is_a(&self, class: &CStr) -> bool {
        // SAFETY: `self` is held, and `class` ends with a NUL and outlives the call.
        unsafe { IOObjectConformsTo(self.0, class.as_ptr()) != 0 }
    }

    /// What it is called.
    pub(crate) fn name(&self) -> Option<String> {
        let mut name = [0; 128];
        // SAFETY: `self` is held; the call writes a name and its NUL into a place of `io_name_t`'s 128 bytes.
        let returned = unsafe { IORegistryEntryGetName(self.0, name.as_mut_ptr()) };
        (returned == 0).then(|| text_of(&name)).flatten()
    }

    /// Everything it tells about itself.
    pub(crate) fn properties(&self) -> io::Result<Property> {
        let mut properties = ptr::null();
        // SAFETY: `self` is held; the call stores an object that is this program's to give back; a null allocator
        // is the usual one.
        let returned =
            unsafe { IORegistryEntryCreateCFProperties(self.0, &mut properties, ptr::null(), 0) };
        check(returned)?;
        let properties = Kept::new(properties).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(property(properties.get(), DEEPEST))
    }
}

/// Descriptions of all power sources.
pub(crate) fn power_sources() -> Vec<Property> {
    // SAFETY: takes nothing; the object is this program's to give back.
    let Some(info) = Kept::new(unsafe { IOPSCopyPowerSourcesInfo() }) else { return Vec::new() };
    // SAFETY: `info` is held; the object is this program's to give back.
    let Some(list) = Kept::new(unsafe { IOPSCopyPowerSourcesList(info.get()) }) else {
        return Vec::new();
    };
    items(list.get())
        .into_iter()
        .map(|source| {
            // SAFETY: `info` and, through `list`, `source` are held; the description belongs to them, and is copied
            // before they are given back.
            let description = unsafe { IOPSGetPowerSourceDescription(info.get(), source) };
            property(description, DEEPEST)
        })
        .collect()
}

/// What an object that somebody holds says.
fn property(object: Ref, depth: u32) -> Property {
    if object.is_null() || depth == 0 {
        return Property::Other;
    }
    // SAFETY: the caller holds the object, or what it belongs to.
    let kind = unsafe { CFGetTypeID(object) };
    for (type_of, read) in READERS {
        // SAFETY: takes nothing, and gives a number.
        if kind == unsafe { type_of() } {
            return read(object, depth - 1);
        }
    }
    Property::Other
}

/// Gives the number of a type.
type TypeOf = unsafe extern "C" fn() -> usize;
/// Reads an object that somebody holds and that is of the type that it is for.
type Read = fn(Ref, u32) -> Property;

const READERS: [(TypeOf, Read); 6] = [
    (CFBooleanGetTypeID, boolean),
    (CFNumberGetTypeID, number),
    (CFStringGetTypeID, string),
    (CFDataGetTypeID, data),
    (CFArrayGetTypeID, array),
    (CFDictionaryGetTypeID, dictionary),
];

fn boolean(object: Ref, _: u32) -> Property {
    // SAFETY: the object is a boolean, which the caller has found out, and is held.
    Property::Bool(unsafe { CFBooleanGetValue(object) } != 0)
}

fn number(object: Ref, _: u32) -> Property {
    let mut whole = 0i64;
    // SAFETY: the object is a number and is held; the call writes eight bytes of an integer to `whole`.
    if unsafe { CFNumberGetValue(object, INT, (&raw mut whole).cast()) } != 0 {
        return Property::Int(whole);
    }
    let mut float = 0f64;
    // SAFETY: the object is a number and is held; the call writes eight bytes of a float to `float`.
    match unsafe { CFNumberGetValue(object, FLOAT, (&raw mut float).cast()) } {
        0 => Property::Other,
        _ => Property::Float(float),
    }
}

fn string(object: Ref, _: u32) -> Property {
    // SAFETY: the object is a string and is held.
    let length = unsafe { CFStringGetLength(object) };
    // SAFETY: takes numbers only.
    let most = unsafe { CFStringGetMaximumSizeForEncoding(length, UTF8) };
    let size = most.saturating_add(1);
    let mut buffer = vec![0; usize::try_from(size).unwrap_or_default()];
    // SAFETY: the object is a string and is held; the call writes at most `size` bytes into `buffer`, which has as
    // many, and ends them with a NUL.
    let copied = unsafe { CFStringGetCString(object, buffer.as_mut_ptr(), size, UTF8) };
    match text_of(&buffer).filter(|_| copied != 0) {
        Some(text) => Property::Text(text),
        None => Property::Other,
    }
}

/// The characters before the first NUL.
fn text_of(buffer: &[c_char]) -> Option<String> {
    let bytes: Vec<u8> = buffer.iter().map(|byte| byte.cast_unsigned()).collect();
    Some(CStr::from_bytes_until_nul(&bytes).ok()?.to_string_lossy().into_owned())
}

fn data(object: Ref, _: u32) -> Property {
    // SAFETY: the object is data and is held.
    let length = unsafe { CFDataGetLength(object) };
    // SAFETY: the object is data and is held.
    let bytes = unsafe { CFDataGetBytePtr(object) };
    let length = usize::try_from(length).unwrap_or_default();
    if bytes.is_null() || length == 0 {
        return Property::Data(Vec::new());
    }
    // SAFETY: the object has `length` bytes there for as long as it is held, and is not changed: it is a copy that
    // was made for this program.
    Property::Data(unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec())
}

/// The objects in an array, which holds them.
fn items(array: Ref) -> Vec<Ref> {
    // SAFETY: the object is an array and is held.
    let count = unsafe { CFArrayGetCount(array) };
    (0..count)
        .map(|index| {
            // SAFETY: the object is an array and is held, and the index is below its count.
            unsafe { CFArrayGetValueAtIndex(array, index) }
        })
        .collect()
}

fn array(object: Ref, depth: u32) -> Property {
    Property::List(items(object).into_iter().map(|item| property(item, depth)).collect())
}

fn dictionary(object: Ref, depth: u32) -> Property {
    // SAFETY: the object is a dictionary and is held.
    let count = unsafe { CFDictionaryGetCount(object) };
    let count = usize::try_from(count).unwrap_or_default();
    let mut keys = vec![ptr::null(); count];
    let mut values = vec![ptr::null(); count];
    // SAFETY: the object is a dictionary, is held and does not change; the call writes as many keys and values as it
    // counted, for which there is room.
    unsafe { CFDictionaryGetKeysAndValues(object, keys.as_mut_ptr(), values.as_mut_ptr()) };
    let pairs =
        keys.into_iter().zip(values).filter_map(|(key, value)| match property(key, depth) {
            Property::Text(name) => Some((name, property(value, depth))),
            _ => None,
        });
    Property::Map(pairs.collect())
}
