//! Entrants written in Rust: this library and two others, each chosen by its name.

mod by_procfs;
mod by_ps;
mod by_sysinfo;

use ps_bench::entrant::serve;
use ps_bench::sys::Counting;

use by_ps::{Library as Ps, Mode};

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() -> anyhow::Result<()> {
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        "ps" => serve(&mut Ps::new(Mode::Default))?,
        "ps-keeping" => serve(&mut Ps::new(Mode::Keeping))?,
        "ps-strict" => serve(&mut Ps::new(Mode::Strict))?,
        "ps-bpf" => serve(&mut Ps::new(Mode::Inside))?,
        "ps-table" => serve(&mut Ps::new(Mode::Table { exact: false, threads: 1 }))?,
        "ps-table-exact" => serve(&mut Ps::new(Mode::Table { exact: true, threads: 1 }))?,
        "ps-table-shared" => serve(&mut Ps::new(Mode::Table { exact: true, threads: 2 }))?,
        "ps-table-bpf" => serve(&mut Ps::new(Mode::InsideTable))?,
        "sysinfo" => serve(&mut by_sysinfo::Library::new(false)?)?,
        "sysinfo-always" => serve(&mut by_sysinfo::Library::new(true)?)?,
        "procfs" => serve(&mut by_procfs::Library::new())?,
        _ => anyhow::bail!("no entrant is called {name:?}"),
    }
    Ok(())
}

/// Adds up the descendants of a process among pairs of process and parent.
fn descendants(mut pairs: Vec<(u32, u32)>, of: u32) -> Vec<u32> {
    pairs.sort_unstable_by_key(|(pid, parent)| (*parent, *pid));
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        next += 1;
        let from = pairs.partition_point(|pair| pair.1 < parent);
        found.extend(pairs[from..].iter().take_while(|pair| pair.1 == parent).map(|pair| pair.0));
    }
    found.remove(0);
    found
}
