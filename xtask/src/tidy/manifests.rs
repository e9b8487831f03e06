//! Rules about manifests: who may depend on whom, and lints set once.

use toml::{Table, Value};

use super::{Complaint, File};

/// Our crates that each of our crates may depend on. A crate that is not listed is free to.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("ps-core", &[]),
    ("ps-linux", &["ps-core"]),
    ("ps-darwin", &["ps-core"]),
    ("ps-bsd", &["ps-core"]),
    ("ps-facade", &["ps-core", "ps-linux", "ps-darwin", "ps-bsd"]),
];

const OURS: &[&str] = &["ps-core", "ps-linux", "ps-darwin", "ps-bsd", "ps-facade", "ps-tests"];

/// Complaints about the workspace's manifests.
pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.parts().last() == Some(&"Cargo.toml")) {
        match file.text.parse::<Table>() {
            Ok(manifest) => check_one(file, &manifest, &mut found),
            Err(error) => {
                let what = format!("not a manifest: {}", error.message());
                found.push(Complaint::new(file, 1, what, "mend the file"));
            }
        }
    }
    found
}

fn check_one(file: &File, manifest: &Table, found: &mut Vec<Complaint>) {
    // The workspace's own manifest describes no package.
    let Some(name) = manifest.get("package").and_then(|package| package.get("name")) else {
        return;
    };
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    if inherits != Some(&Value::Boolean(true)) {
        found.push(Complaint::new(
            file,
            line_of(file, "[lints"),
            "lints are not those of the workspace",
            "write `[lints]` and `workspace = true`",
        ));
    }
    let name = name.as_str().unwrap_or_default();
    for (kind, dependency) in dependencies(manifest) {
        // The suites know backends by their traits alone; whoever they test may use what they offer.
        if kind == "dev-dependencies" && dependency == "ps-tests" {
            continue;
        }
        let allowed = MAY_DEPEND_ON.iter().find(|(krate, _)| *krate == name);
        if let Some((_, allowed)) = allowed
            && OURS.contains(&dependency.as_str())
            && !allowed.contains(&dependency.as_str())
        {
            found.push(Complaint::new(
                file,
                line_of(file, &dependency),
                format!("{name} depends on {dependency}"),
                match *allowed {
                    [] => "no sibling may be known here".to_owned(),
                    some => format!("of its siblings it may know {}", some.join(", ")),
                },
            ));
        }
    }
    if name == "ps-core" && manifest.contains_key("target") {
        found.push(Complaint::new(
            file,
            line_of(file, "[target"),
            "ps-core depends on something for one system only",
            "what differs by system belongs in a backend",
        ));
    }
}

/// The packages named in every table of dependencies, those of one target among them, and the kind of table.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in manifest.get(kind).and_then(Value::as_table).into_iter().flatten() {
            let package = value.get("package").and_then(Value::as_str);
            found.push((kind, package.unwrap_or(name).to_owned()));
        }
    }
    for (_, table) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.extend(table.as_table().map(dependencies).unwrap_or_default());
    }
    found
}

fn line_of(file: &File, start: &str) -> usize {
    let found = file.text.lines().position(|line| line.trim_start().starts_with(start));
    found.map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn complaints(name: &str, rest: &str) -> Vec<Complaint> {
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        check(&[file(&format!("crates/{name}/Cargo.toml"), &text)])
    }

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn a_member_without_the_workspaces_lints_is_found() {
        assert_eq!(complaints("ps-linux", LINTS), []);
        assert_eq!(complaints("ps-linux", "").len(), 1);
        assert_eq!(complaints("ps-linux", "[lints]\nworkspace = false\n")[0].line, 3);
        assert_eq!(complaints("ps-linux", "[lints.rust]\nmissing_docs = \"warn\"\n").len(), 1);
    }

    #[test]
    fn layers_point_one_way() {
        let on = |krate: &str| format!("{LINTS}[dependencies]\n{krate}.workspace = true\n");
        assert_eq!(complaints("ps-linux", &on("ps-core")), []);
        assert_eq!(complaints("ps-facade", &on("ps-linux")), []);
        assert_eq!(complaints("ps-tests", &on("ps-facade")), []);
        assert_eq!(complaints("ps-linux", &on("ps-tests")).len(), 1);
        let to_test = format!("{LINTS}[dev-dependencies]\nps-tests.workspace = true\n");
        assert_eq!(complaints("ps-linux", &to_test), []);
        for (from, to) in [("ps-core", "ps-linux"), ("ps-linux", "ps-bsd"), ("ps-bsd", "ps-facade")]
        {
            let found = complaints(from, &on(to));
            assert_eq!(found.len(), 1, "{from} on {to}");
            assert_eq!(found[0].line, 6);
        }
    }

    #[test]
    fn no_kind_of_dependency_hides_a_sibling() {
        for table in [
            "[dev-dependencies]\nps-facade = \"1\"\n",
            "[build-dependencies]\nps-facade = \"1\"\n",
            "[target.'cfg(unix)'.dependencies]\nps-facade = \"1\"\n",
            "[dependencies]\nother = { package = \"ps-facade\", version = \"1\" }\n",
        ] {
            assert_eq!(complaints("ps-darwin", &format!("{LINTS}{table}")).len(), 1, "{table}");
        }
    }

    #[test]
    fn ps_core_depends_on_nothing_for_one_system() {
        let table = "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n";
        assert_eq!(complaints("ps-core", &format!("{LINTS}{table}"))[0].line, 5);
        assert_eq!(complaints("ps-linux", &format!("{LINTS}{table}")), []);
    }

    #[test]
    fn a_manifest_that_does_not_parse_is_reported() {
        assert_eq!(check(&[file("Cargo.toml", "[package\n")]).len(), 1);
    }
}
