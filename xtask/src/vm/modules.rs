//! Kernel modules: which a machine needs, in an order in which they can be loaded.
//!
//! Packages come without `modules.dep`, which is made when a kernel is installed; but every module
//! says in itself what it depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The modules of one kernel.
pub(crate) struct Modules {
    files: BTreeMap<String, PathBuf>,
    built_in: BTreeSet<String>,
}

impl Modules {
    /// The modules below `lib/modules/RELEASE` of an unpacked package.
    pub(crate) fn below(directory: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect(&directory.join("kernel"), &mut files)?;
        let list = directory.join("modules.builtin");
        let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
        let built_in = text.lines().filter_map(|line| name_of(Path::new(line))).collect();
        Ok(Self { files, built_in })
    }

    /// The wanted modules and all that they depend on, each after what it depends on: names and
    /// contents. What is built into the kernel is not among them.
    pub(crate) fn in_order(&self, wanted: &[&str]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        for name in wanted {
            self.add(&name.replace('-', "_"), &mut seen, &mut order)?;
        }
        Ok(order)
    }

    fn add(
        &self,
        name: &str,
        seen: &mut BTreeSet<String>,
        order: &mut Vec<(String, Vec<u8>)>,
    ) -> Result<()> {
        if self.built_in.contains(name) || !seen.insert(name.to_owned()) {
            return Ok(());
        }
        let Some(path) = self.files.get(name) else { bail!("this kernel has no module {name}") };
        let bytes = contents(path)?;
        for needed in needs(&bytes) {
            self.add(&needed, seen, order).with_context(|| format!("needed by {name}"))?;
        }
        order.push((name.to_owned(), bytes));
        Ok(())
    }
}

fn collect(directory: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files)?;
        } else if let Some(name) = name_of(&path) {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// The name of a module, as the kernel spells it, from its file's.
fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let name = file.strip_suffix(".ko").or_else(|| file.strip_suffix(".ko.xz"))?;
    Some(name.replace('-', "_"))
}

/// A module's bytes, unpacked.
fn contents(path: &Path) -> Result<Vec<u8>> {
    if path.extension().is_some_and(|extension| extension == "ko") {
        return fs::read(path).with_context(|| path.display().to_string());
    }
    let unpacked = Command::new("xz").args(["--decompress", "--stdout"]).arg(path).output();
    let unpacked = unpacked.context("xz")?;
    if !unpacked.status.success() {
        bail!("{}: {}", path.display(), String::from_utf8_lossy(&unpacked.stderr));
    }
    Ok(unpacked.stdout)
}

/// What a module depends on, as its information section says: strings `key=value`, each ended by
/// a zero byte.
fn needs(module: &[u8]) -> Vec<String> {
    const KEY: &[u8] = b"depends=";
    let said = module.split(|byte| *byte == 0).find_map(|text| text.strip_prefix(KEY));
    String::from_utf8_lossy(said.unwrap_or_default())
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| name.replace('-', "_"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel's modules in a directory of this test alone.
    fn tree(name: &str) -> PathBuf {
        let top = std::env::temp_dir().join(format!("xtask-modules-{}-{name}", std::process::id()));
        let deep = top.join("kernel/drivers/nvme");
        fs::create_dir_all(&deep).expect("makes");
        for (file, depends) in [
            ("nvme.ko", "nvme-core,t10-pi"),
            ("nvme-core.ko", "t10-pi,crc64"),
            ("t10-pi.ko", ""),
            ("lost.ko", "nowhere"),
        ] {
            let text = format!("ELF\0license=GPL\0depends={depends}\0name=x\0");
            fs::write(deep.join(file), text).expect("writes");
        }
        fs::write(top.join("modules.builtin"), "kernel/lib/crc64.ko\n").expect("writes");
        top
    }

    #[test]
    fn a_module_comes_after_what_it_depends_on_and_only_once() {
        let top = tree("order");
        let modules = Modules::below(&top).expect("reads");
        let order = modules.in_order(&["nvme", "t10-pi"]).expect("orders");
        fs::remove_dir_all(top).expect("removes");
        let names: Vec<_> = order.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["t10_pi", "nvme_core", "nvme"]);
    }

    #[test]
    fn a_module_that_the_kernel_lacks_is_named() {
        let top = tree("lost");
        let modules = Modules::below(&top).expect("reads");
        let missing = modules.in_order(&["fan"]).expect_err("is missing");
        let needed = modules.in_order(&["lost"]).expect_err("needs what is missing");
        fs::remove_dir_all(top).expect("removes");
        assert_eq!(format!("{missing:#}"), "this kernel has no module fan");
        assert_eq!(format!("{needed:#}"), "needed by lost: this kernel has no module nowhere");
    }
}
