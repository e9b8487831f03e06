//! Which processes a herd is made of: known before they run, so that answers can be held against it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// How many processes a leader has below it, itself counted.
const GROUP: usize = 20;

/// Says to a program of the herd what it is.
pub const ROLE: &str = "PS_BENCH_ROLE";

/// What becomes of a process once it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Fate {
    Sleeps,
    Stops,
    Ends,
}

/// One process of the herd.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its number in the herd; 0 is the ancestor of all others.
    pub index: usize,
    /// Its name, which the kernel cuts after 15 bytes.
    pub name: Vec<u8>,
    /// All its arguments.
    pub arguments: Vec<OsString>,
    /// Its user, if the benchmark may choose one.
    pub uid: u32,
    /// Its threads.
    pub threads: usize,
    /// Pages that it fills.
    pub pages: usize,
    /// Milliseconds of a CPU that it uses up first.
    pub spins: u64,
    /// What becomes of it.
    pub fate: Fate,
    /// Whether it runs for a moment again and again, as one in a hundred does.
    pub stirs: bool,
}

/// Users of the herd: root, some with an account, one without.
const USERS: [u32; 7] = [0, 1, 2, 3, 65534, 54321, 10];

impl Member {
    /// The one with a number.
    #[must_use]
    pub fn new(index: usize) -> Member {
        let leads = index == 0 || index % GROUP == 1;
        let plain = format!("w-{index}");
        let mut member = Member {
            index,
            name: plain.clone().into_bytes(),
            arguments: vec![plain.into(), "--index".into(), index.to_string().into()],
            uid: if leads { 0 } else { USERS[index % USERS.len()] },
            threads: 1,
            pages: index * 7 % 64,
            spins: if index % 25 == 5 { 30 } else { 0 },
            fate: Fate::Sleeps,
            stirs: index % 100 == 60,
        };
        if leads {
            return member;
        }
        match index % 50 {
            7 => {
                member.name = b"odd\xff) R (1 \xfe".to_vec();
                let odd = [&b"odd\xff"[..], b"", b"\xfe\xff", b""];
                member.arguments = odd.map(|part| OsString::from_vec(part.to_vec())).to_vec();
            }
            13 => {
                let long = format!("a-rather-long-name-{index}");
                member.name = long.clone().into_bytes();
                member.arguments[0] = format!("/opt/bin/{long}").into();
            }
            27 => member.name = b"two\nlines".to_vec(),
            _ => {}
        }
        if index % 10 == 3 {
            member.arguments.extend((0..10).map(|n| OsString::from("x".repeat(20 + n))));
        }
        if index % 10 == 4 {
            member.threads = 2 + index % 19;
        }
        match index % 40 {
            12 => member.fate = Fate::Stops,
            18 => member.fate = Fate::Ends,
            _ => {}
        }
        member
    }

    /// The number of its parent; the ancestor has none in the herd.
    #[must_use]
    pub fn parent(&self) -> Option<usize> {
        match self.index {
            0 => None,
            index if index % GROUP == 1 => Some(0),
            index => Some(index - (index - 1) % GROUP),
        }
    }

    /// Those right below it, in a herd of so many.
    pub fn children(&self, herd: usize) -> impl Iterator<Item = usize> + use<> {
        let (from, step, to) = match self.index {
            0 => (1, GROUP, herd),
            index if index % GROUP == 1 => (index + 1, 1, herd.min(index + GROUP)),
            _ => (0, 1, 0),
        };
        (from..to).step_by(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_the_child_of_exactly_one() {
        for herd in [1, 2, 21, 22, 100, 1000] {
            let mut parents = vec![None; herd];
            for parent in (0..herd).map(Member::new) {
                for child in parent.children(herd) {
                    assert_eq!(parents[child].replace(parent.index), None, "{child}");
                }
            }
            let told: Vec<_> = (0..herd).map(|index| Member::new(index).parent()).collect();
            assert_eq!(parents, told);
        }
    }
}
