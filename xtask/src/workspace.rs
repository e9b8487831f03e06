//! The packages of a workspace, and which targets each is for.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Systems it is for; `None` is all of them. `host` is the machine that checks, `linux-host` the same if that is
    /// one of Linux.
    systems: Option<Vec<String>>,
    /// Members it cannot be built without, whatever the target.
    needs: Vec<String>,
    has_default: bool,
    /// The oldest compiler that its manifest names.
    rust_version: Option<String>,
    /// Its features, `default` left out.
    pub(crate) features: Vec<String>,
}

/// Which of a package's features are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Features {
    None,
    Default,
    All,
}

impl Features {
    /// What tells `cargo` so.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Features::None => &["--no-default-features"],
            Features::Default => &[],
            Features::All => &["--all-features"],
        }
    }
}

impl Package {
    /// Whether its manifest names a compiler newer than this one.
    pub(crate) fn needs_newer(&self, compiler: &str) -> bool {
        let numbers = |version: &str| -> Vec<u32> {
            version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
        };
        self.rust_version.as_deref().is_some_and(|version| numbers(version) > numbers(compiler))
    }

    /// The sets of features that differ.
    pub(crate) fn feature_sets(&self) -> Vec<Features> {
        let mut sets = vec![Features::None];
        if self.has_default {
            sets.push(Features::Default);
        }
        if !self.features.is_empty() {
            sets.push(Features::All);
        }
        sets
    }
}

/// The members of the workspace at this directory.
pub(crate) fn packages(root: &Path) -> Result<Vec<Package>> {
    let text = run::stdout(
        Command::new("cargo")
            .args(["metadata", "--format-version=1", "--no-deps", "--manifest-path"])
            .arg(root.join("Cargo.toml")),
    )?;
    let metadata: Value = serde_json::from_str(&text)?;
    let list = metadata["packages"].as_array().context("`cargo metadata` lists no packages")?;
    list.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let name = value["name"].as_str().context("a package without a name")?.to_owned();
    let systems = match &value["metadata"]["xtask"]["os"] {
        Value::Null => None,
        Value::Array(list) => {
            let names: Option<Vec<String>> =
                list.iter().map(|os| os.as_str().map(str::to_owned)).collect();
            Some(names.with_context(|| format!("{name}: metadata.xtask.os: not all strings"))?)
        }
        other => bail!("{name}: metadata.xtask.os is {other}, not a list of systems"),
    };
    let needs = value["dependencies"].as_array().into_iter().flatten();
    let needs = needs
        .filter(|dependency| dependency["path"].is_string() && dependency["target"].is_null())
        // Tests may need a member that needs theirs.
        .filter(|dependency| dependency["kind"] != "dev")
        .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
        .collect();
    let features = value["features"].as_object().context("a package without features")?;
    let default = features.get("default").and_then(Value::as_array);
    Ok(Package {
        name,
        systems,
        needs,
        has_default: default.is_some_and(|list| !list.is_empty()),
        rust_version: value["rust_version"].as_str().map(str::to_owned),
        features: features.keys().filter(|name| *name != "default").cloned().collect(),
    })
}

/// The system a target is of, in the words of `target_os`.
pub(crate) fn system(target: &str) -> Result<&'static str> {
    let known = [
        ("linux", "linux"),
        ("darwin", "macos"),
        ("freebsd", "freebsd"),
        ("netbsd", "netbsd"),
        ("openbsd", "openbsd"),
    ];
    let found = known.iter().find(|(part, _)| target.split('-').any(|have| have == *part));
    match found {
        Some((_, system)) => Ok(system),
        None => bail!("{target}: a target of none of the systems that this project is for"),
    }
}

/// Why a package is not checked for this target, if so.
pub(crate) fn left_out(
    package: &Package,
    all: &[Package],
    target: &str,
    host: &str,
) -> Result<Option<String>> {
    if let Some(systems) = &package.systems {
        let system = system(target)?;
        let is_host = target == host;
        let is_for = |os: &String| match os.as_str() {
            "host" => is_host,
            "linux-host" => is_host && system == "linux",
            os => os == system,
        };
        if !systems.iter().any(is_for) {
            return Ok(Some(format!("{} (is for {})", package.name, systems.join(", "))));
        }
    }
    for needed in all.iter().filter(|other| package.needs.contains(&other.name)) {
        if left_out(needed, all, target, host)?.is_some() {
            return Ok(Some(format!("{} (needs {})", package.name, needed.name)));
        }
    }
    Ok(None)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A package with this name, for these systems, that needs these members.
    pub(crate) fn package(name: &str, systems: Option<&[&str]>, needs: &[&str]) -> Package {
        let owned = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect();
        Package {
            name: name.to_owned(),
            systems: systems.map(owned),
            needs: owned(needs),
            rust_version: None,
            has_default: false,
            features: vec!["serde".to_owned()],
        }
    }

    #[test]
    fn a_package_is_left_out_where_its_manifest_says_so_and_what_needs_it_too() {
        let all = [
            package("core", None, &[]),
            package("facade", Some(&["linux"]), &["core"]),
            package("tests", None, &["core", "facade"]),
            package("tools", Some(&["host"]), &[]),
            package("bench", Some(&["linux-host"]), &[]),
        ];
        let reasons_on = |host: &str, target: &str| -> Vec<String> {
            let why = |one| left_out(one, &all, target, host).unwrap();
            all.iter().filter_map(why).collect()
        };
        let reasons = |target: &str| reasons_on("x86_64-unknown-linux-gnu", target);
        assert_eq!(reasons("x86_64-unknown-linux-gnu"), [""; 0]);
        assert_eq!(
            reasons("i686-unknown-linux-gnu"),
            ["tools (is for host)", "bench (is for linux-host)"]
        );
        assert_eq!(
            reasons("x86_64-unknown-netbsd"),
            [
                "facade (is for linux)",
                "tests (needs facade)",
                "tools (is for host)",
                "bench (is for linux-host)",
            ]
        );
        let mac = "aarch64-apple-darwin";
        assert_eq!(
            reasons_on(mac, mac),
            ["facade (is for linux)", "tests (needs facade)", "bench (is for linux-host)"]
        );
    }

    #[test]
    fn systems_are_told_by_their_targets() {
        assert_eq!(system("aarch64-apple-darwin").unwrap(), "macos");
        assert_eq!(system("x86_64-unknown-linux-musl").unwrap(), "linux");
        assert!(system("x86_64-pc-windows-gnu").is_err());
    }

    #[test]
    fn only_sets_of_features_that_differ_are_checked() {
        let mut one = package("core", None, &[]);
        assert_eq!(one.feature_sets(), [Features::None, Features::All]);
        one.has_default = true;
        assert_eq!(one.feature_sets(), [Features::None, Features::Default, Features::All]);
        one.has_default = false;
        one.features.clear();
        assert_eq!(one.feature_sets(), [Features::None]);
    }

    #[test]
    fn the_members_of_this_workspace_are_read() {
        let all = packages(&run::root()).unwrap();
        let linux = all.iter().find(|package| package.name == "ps-linux").unwrap();
        assert_eq!(linux.needs, ["ps-core"], "not what its tests need");
        let tools = all.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(tools.systems.as_deref(), Some(&["host".to_owned()][..]));
        assert!(linux.features.contains(&"serde".to_owned()));
    }

    #[test]
    fn a_compiler_is_newer_by_its_numbers() {
        let mut one = package("one", None, &[]);
        assert!(!one.needs_newer("1.88.0"));
        for (version, newer) in [("1.88", false), ("1.9", false), ("1.100", true), ("2.0", true)] {
            one.rust_version = Some(version.to_owned());
            assert_eq!(one.needs_newer("1.88.0"), newer, "{version}");
        }
    }
}
