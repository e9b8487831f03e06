//! Parents and children, each confirmed to be the one meant.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use ps_core::process::{Handle, Identity, ProcessBackend, ProcessView, Scanner};
use ps_core::{Error, Fields, Pid, Result, Row};

use super::same::{self, can_descend};

/// How often a look is repeated at what changed meanwhile. Each repetition means that a parent ended, so that
/// even one is rare.
const ATTEMPTS: u32 = 16;

/// The parent of a process; `None` if it has none, or one that cannot be seen.
pub(crate) fn parent<B: ProcessBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
) -> Result<Option<Identity>> {
    let mut seen = parent_number(backend, handle)?;
    for _ in 0..ATTEMPTS {
        let (child, Some(ppid)) = seen else { return Ok(None) };
        let found = match backend.identify(ppid) {
            Ok(found) => Some(found),
            Err(error) if error.is_gone() || error.is_denied() => None,
            Err(error) => return Err(error),
        };
        // The number meant the parent all the while if it still is the parent's: a parent that ended would
        // have been replaced by another.
        let again = parent_number(backend, handle)?;
        if again.1 == Some(ppid) {
            return Ok(found.filter(|found| can_descend(&child, found)));
        }
        seen = again;
    }
    Ok(None)
}

/// Who a process is, and the number of its parent, from one look.
fn parent_number<B: ProcessBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
) -> Result<(Identity, Option<Pid>)> {
    let view = backend.view(handle);
    let identity = view.identity()?;
    Ok((identity, view.ppid()?.filter(|ppid| *ppid != identity.pid)))
}

/// The parent, its parent, and so on.
pub(crate) fn parents<B: ProcessBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
) -> Result<Vec<Identity>> {
    let mut line = Vec::new();
    for _ in 0..ATTEMPTS {
        line.clear();
        let mut met = HashSet::from([handle.identity.pid]);
        let mut next = parent(backend, handle)?;
        let whole = loop {
            let Some(ancestor) = next.filter(|ancestor| met.insert(ancestor.pid)) else {
                break true;
            };
            line.push(ancestor);
            next = match parent(backend, &Handle::new(ancestor)) {
                Ok(next) => next,
                // It ended meanwhile, and another took its place.
                Err(Error::NoSuchProcess { .. }) => break false,
                Err(_) => break true,
            };
        };
        if whole {
            break;
        }
    }
    Ok(line)
}

/// How far down to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Children.
    One,
    /// Children, their children, and so on.
    All,
}

/// Children or all descendants of a process, top down, and by ascending pid on each level.
pub(crate) fn below<B: ProcessBackend>(
    backend: &B,
    handle: &Handle<B::Pin>,
    depth: Depth,
) -> Result<Vec<Identity>> {
    let me = backend.view(handle).identity()?;
    let rows = families(backend)?;
    // The number meant this process from before the pass until after it, so what was found are its children.
    backend.view(handle).identity()?;
    let mut found = Vec::new();
    for child in descend(&rows, &[me], depth) {
        found.extend(told_apart(backend, child)?);
    }
    Ok(found)
}

/// Everybody with a parent, by the parent's number.
pub(crate) fn families<B: ProcessBackend>(backend: &B) -> Result<BTreeMap<Pid, Vec<Identity>>> {
    families_with(backend, Fields::IDENTITY, |_| {})
}

/// The same, from a pass that reads other facts too and shows them.
pub(crate) fn families_with<B: ProcessBackend>(
    backend: &B,
    fields: Fields,
    mut show: impl FnMut(&Row<'_>),
) -> Result<BTreeMap<Pid, Vec<Identity>>> {
    let mut rows: BTreeMap<Pid, Vec<Identity>> = BTreeMap::new();
    backend.scanner()?.scan(Fields::IDENTITY | Fields::PPID | fields, &mut |row| {
        show(row);
        if let (Ok(identity), Ok(Some(ppid))) = (row.identity, row.ppid) {
            rows.entry(ppid).or_default().push(identity);
        }
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

/// Somebody found below a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Descendant {
    /// Who.
    pub(crate) identity: Identity,
    /// The number of the parent it was found with.
    pub(crate) parent: Pid,
}

/// Who descends from some processes, level by level.
pub(crate) fn descend(
    rows: &BTreeMap<Pid, Vec<Identity>>,
    from: &[Identity],
    depth: Depth,
) -> Vec<Descendant> {
    // Parents read one after the other can form a circle.
    let mut met: HashSet<Pid> = from.iter().map(|one| one.pid).collect();
    let mut level = from.to_vec();
    let mut found = Vec::new();
    while !level.is_empty() {
        let mut next = Vec::new();
        for parent in &level {
            for child in rows.get(&parent.pid).into_iter().flatten() {
                if can_descend(child, parent) && met.insert(child.pid) {
                    next.push(Descendant { identity: *child, parent: parent.pid });
                }
            }
        }
        next.sort_by_key(|child| child.identity.pid);
        found.extend_from_slice(&next);
        level = match depth {
            Depth::One => Vec::new(),
            Depth::All => next.iter().map(|child| child.identity).collect(),
        };
    }
    found
}

/// Somebody found in a pass over all processes, with what tells it from a later process with its number, which
/// a pass does not give of newborns on every system; `None` if it has gone, or has another parent, since.
pub(crate) fn told_apart<B: ProcessBackend>(
    backend: &B,
    found: Descendant,
) -> Result<Option<Identity>> {
    let Some(now) = same::told_apart(backend, found.identity)? else { return Ok(None) };
    if !same::is_doubtful(&found.identity) {
        return Ok(Some(now));
    }
    // Somebody who got the number within the same tick is a child as well, or has another parent.
    match backend.view(&Handle::new(now)).ppid() {
        Ok(ppid) => Ok((ppid == Some(found.parent)).then_some(now)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The children of every process that has any.
pub(crate) fn children_map<B: ProcessBackend>(backend: &B) -> Result<BTreeMap<Pid, Vec<Pid>>> {
    let mut map: BTreeMap<Pid, Vec<Pid>> = BTreeMap::new();
    for (child, parent) in backend.ppid_map()? {
        map.entry(parent).or_default().push(child);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::*;
    use ps_core::fake::{Fake, Machine, Refusal, at_every_moment};
    use std::time::Duration;

    fn numbers(identities: &[Identity]) -> Vec<u32> {
        identities.iter().map(|one| one.pid.get()).collect()
    }

    /// Caller 100, its children 1000 and 1001, and 1002 below 1000.
    fn family() -> (Fake, [Pid; 3]) {
        let fake = Fake::new();
        let pids = fake.with(|machine| {
            let first = machine.spawn_child();
            let second = machine.spawn_child();
            let grandchild = machine.spawn(first);
            machine.advance(Duration::from_secs(1));
            [first, second, grandchild]
        });
        (fake, pids)
    }

    fn caller(fake: &Fake) -> Handle<ps_core::fake::FakePin> {
        handle_of(fake, fake.current().expect("answers"))
    }

    #[test]
    fn children_are_direct_and_descendants_top_down() {
        let (fake, _) = family();
        let me = caller(&fake);
        assert_eq!(numbers(&below(&fake, &me, Depth::One).expect("lists")), [1000, 1001]);
        assert_eq!(numbers(&below(&fake, &me, Depth::All).expect("lists")), [1000, 1001, 1002]);
    }

    #[test]
    fn a_child_older_than_its_parent_is_no_child() {
        let (fake, [first, ..]) = family();
        fake.with(|machine| machine.process_mut(first).expect("is there").start = Some(3));
        assert_eq!(numbers(&below(&fake, &caller(&fake), Depth::All).expect("lists")), [1001]);
    }

    #[test]
    fn a_child_whose_start_is_unknown_is_a_child() {
        let (fake, [first, ..]) = family();
        fake.with(|machine| machine.process_mut(first).expect("is there").start = None);
        let found = below(&fake, &caller(&fake), Depth::All).expect("lists");
        assert_eq!(numbers(&found), [1000, 1001, 1002]);
    }

    #[test]
    fn a_circle_of_parents_ends_and_lists_each_once() {
        let (fake, [first, second, grandchild]) = family();
        fake.with(|machine| {
            for pid in [first, second, grandchild] {
                machine.process_mut(pid).expect("is there").start = Some(5);
            }
            machine.process_mut(first).expect("is there").ppid = Some(grandchild);
        });
        let me = handle_of(&fake, first);
        assert_eq!(numbers(&below(&fake, &me, Depth::All).expect("lists")), [1002]);
        assert_eq!(numbers(&parents(&fake, &me).expect("lists")), [1002]);
    }

    #[test]
    fn zombies_among_children_are_listed_and_their_children_are_not_theirs() {
        let (fake, [first, ..]) = family();
        fake.with(|machine| machine.exit(first, 0));
        let found = below(&fake, &caller(&fake), Depth::All).expect("lists");
        assert_eq!(numbers(&found), [1000, 1001], "the grandchild has another parent now");
    }

    #[test]
    fn children_of_a_reused_number_are_never_given_out() {
        let set_up = || {
            let (fake, [first, ..]) = family();
            let handle = handle_of(&fake, first);
            (fake, handle)
        };
        let first = set_up().1.identity.pid;
        at_every_moment(
            set_up,
            move |machine| {
                machine.reuse(first);
                machine.spawn(first);
            },
            |fake, handle, moment| match below(fake, &handle, Depth::All) {
                Ok(found) => {
                    let theirs =
                        |pid| fake.with(|m| m.process(pid).is_some_and(|p| p.comm == "stranger"));
                    assert!(found.iter().all(|child| !theirs(child.pid)), "moment {moment}");
                }
                Err(error) => assert!(error.is_gone(), "moment {moment}: {error}"),
            },
        );
    }

    #[test]
    fn the_parent_of_a_reused_number_is_never_given_out() {
        let set_up = || {
            let (fake, [.., grandchild]) = family();
            let handle = handle_of(&fake, grandchild);
            (fake, handle)
        };
        let grandchild = set_up().1.identity.pid;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(grandchild),
            |fake, handle, moment| match parent(fake, &handle) {
                Ok(found) => assert_eq!(found.map(|found| found.pid.get()), Some(1000)),
                Err(Error::NoSuchProcess { reused, .. }) => assert!(reused, "moment {moment}"),
                Err(error) => panic!("moment {moment}: {error}"),
            },
        );
    }

    #[test]
    fn a_stranger_with_the_parents_number_is_no_parent() {
        let set_up = || {
            let (fake, [first, _, grandchild]) = family();
            fake.with(|machine| {
                // Whoever comes next starts in the same tick as the child, so starts do not tell.
                let tick = machine.tick();
                machine.process_mut(grandchild).expect("is there").start = Some(tick);
            });
            let handle = handle_of(&fake, grandchild);
            (fake, (handle, first))
        };
        let first = set_up().1.1;
        at_every_moment(
            set_up,
            move |machine| _ = machine.reuse(first),
            |fake, (handle, first), moment| {
                let found = parent(fake, &handle).expect("the child lives").expect("has a parent");
                let reused = fake.with(|machine| stranger_has(machine, first));
                if found.pid == first {
                    let told = fake.view(&Handle::new(found)).identity();
                    assert!(!reused || told.is_err(), "moment {moment}");
                } else {
                    assert_eq!(found.pid.get(), 1);
                }
            },
        );
    }

    #[test]
    fn parents_go_up_to_the_first_process_of_all() {
        let (fake, [.., grandchild]) = family();
        let line = parents(&fake, &handle_of(&fake, grandchild)).expect("lists");
        assert_eq!(numbers(&line), [1000, 100, 1]);
        let first = handle_of(&fake, Pid::new(1).expect("in range"));
        assert_eq!(parent(&fake, &first).expect("answers"), None);
    }

    #[test]
    fn parents_are_whole_whichever_ancestor_ends_meanwhile() {
        let set_up = || {
            let (fake, [first, _, grandchild]) = family();
            let handle = handle_of(&fake, grandchild);
            (fake, (handle, first))
        };
        let first = set_up().1.1;
        at_every_moment(
            set_up,
            move |machine| _ = machine.vanish(first),
            |fake, (handle, _), moment| {
                let line = numbers(&parents(fake, &handle).expect("lists"));
                assert!(line == [1000, 100, 1] || line == [1], "moment {moment}: {line:?}");
            },
        );
    }

    #[test]
    fn a_parent_that_may_not_be_seen_is_none() {
        let (fake, [first, _, grandchild]) = family();
        let handle = handle_of(&fake, grandchild);
        fake.with(|machine| machine.process_mut(first).expect("is there").hidden = true);
        assert_eq!(parent(&fake, &handle).expect("answers"), None);
        fake.with(|machine| {
            machine.process_mut(first).expect("is there").hidden = false;
            machine.refuse(first, "identity", Refusal::Denied);
        });
        assert_eq!(parent(&fake, &handle).expect("answers"), None);
    }

    #[test]
    fn newborn_children_can_be_told_from_later_ones() {
        for (tells, scans_tell) in [(true, true), (true, false), (false, false)] {
            let fake = Fake::new();
            fake.with(|machine| {
                machine.tells_unique = tells;
                machine.scans_tell_unique = scans_tell;
            });
            let child = fake.with(Machine::spawn_child);
            let found = below(&fake, &caller(&fake), Depth::One).expect("lists");
            let [found] = found.as_slice() else { panic!("one child: {found:?}") };
            assert_eq!(found.pid, child);
            fake.with(|machine| machine.reuse(child));
            let told = fake.view(&Handle::new(*found)).identity();
            assert!(told.expect_err("another process").is_gone());
        }
    }

    #[test]
    fn the_map_of_children_is_that_of_parents_turned_round() {
        let (fake, _) = family();
        let map = children_map(&fake).expect("lists");
        let numbers: Vec<_> = map
            .iter()
            .map(|(parent, children)| (parent.get(), children.iter().map(|c| c.get()).collect()))
            .collect::<Vec<(u32, Vec<u32>)>>();
        assert_eq!(numbers, [(1, vec![100]), (100, vec![1000, 1001]), (1000, vec![1002])]);
    }
}
