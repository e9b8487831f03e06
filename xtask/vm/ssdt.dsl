// The firmware of a laptop, as far as the kernel's battery, adapter, thermal and fan drivers ask:
// one battery that speaks of energy, one that speaks of charge, a mains adapter that is unplugged,
// a thermal zone with three trip points, and a fan that turns.
//
// Figures are chosen so that none is half or double of another by chance, and so that a mistaken
// unit shows: see the checks of the machine `sensors`.
DefinitionBlock ("", "SSDT", 2, "PSVM", "LAPTOP", 1)
{
    Scope (\_SB)
    {
        // 27.3 Wh of 39 Wh left, which is 70 %, discharging at 7.8 W: three hours and a half.
        Device (BAT0)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, 0)
            Name (_PCL, Package () { \_SB })
            Name (_BIF, Package ()
            {
                0,              // unit: mWh and mW
                42000,          // design capacity
                39000,          // last full charge
                1,              // rechargeable
                11100,          // design voltage, mV
                3900, 1950,     // warning and low levels
                10, 10,         // granularity
                "ENERGY", "0007", "LION", "PSVM"
            })
            Name (_BST, Package () { 1, 7800, 27300, 10900 })
            Method (_STA) { Return (0x1F) }
        }

        // 1.5 Ah of 5 Ah, which is 30 %, at rest.
        Device (BAT1)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, 1)
            Name (_PCL, Package () { \_SB })
            Name (_BIF, Package ()
            {
                1,              // unit: mAh and mA
                5600, 5000, 1, 7400, 500, 250, 10, 10,
                "CHARGE", "0008", "LiP", "PSVM"
            })
            Name (_BST, Package () { 0, 0, 1500, 7300 })
            Method (_STA) { Return (0x1F) }
        }

        Device (ADP1)
        {
            Name (_HID, "ACPI0003")
            Name (_PCL, Package () { \_SB })
            Method (_PSR) { Return (0) }
            Method (_STA) { Return (0x0F) }
        }

        Device (FAN0)
        {
            Name (_HID, EisaId ("PNP0C0B"))
            Name (_UID, 0)
            Name (LEVL, 60)
            Name (_FIF, Package () { 0, 1, 10, 0 })
            Name (_FPS, Package ()
            {
                0,
                Package () { 0,   0xFFFFFFFF, 0,    0,   0 },
                Package () { 60,  0xFFFFFFFF, 2460, 210, 900 },
                Package () { 100, 0xFFFFFFFF, 4100, 330, 2200 }
            })
            Method (_FST) { Return (Package () { 0, LEVL, 2460 }) }
            Method (_FSL, 1) { LEVL = Arg0 }
            Method (_STA) { Return (0x0F) }
        }
    }

    Scope (\_TZ)
    {
        // Tenths of a kelvin: 47.0, 101.0, 95.0 and 62.0 degrees Celsius.
        ThermalZone (TZ00)
        {
            Method (_TMP) { Return (3202) }
            Method (_CRT) { Return (3742) }
            Method (_HOT) { Return (3682) }
            Method (_AC0) { Return (3352) }
            Name (_AL0, Package () { \_SB.FAN0 })
            Name (_TZP, 0)
        }
    }
}
