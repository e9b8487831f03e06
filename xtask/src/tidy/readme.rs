//! Version numbers in the README are those of the manifest.

use toml::{Table, Value};

use super::{Complaint, File};

/// Compares the README at the root with the workspace's manifest.
pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    let at = |path: &str| files.iter().find(|file| file.path == path);
    let (Some(readme), Some(manifest)) = (at("README.md"), at("Cargo.toml")) else {
        return found;
    };
    // A manifest that does not parse is complained about where manifests are checked.
    let Ok(manifest) = manifest.text.parse::<Table>() else { return found };
    let of_package = |key: &str| {
        let package = manifest.get("workspace")?.get("package")?;
        package.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let version = of_package("version").unwrap_or_default();
    let compiler = of_package("rust-version").unwrap_or_default();
    for (index, line) in readme.text.lines().enumerate() {
        let mut differs = |what: &str, said: &str, real: &str| {
            if !agrees(said, real) {
                found.push(Complaint::new(
                    readme,
                    index + 1,
                    format!("{what} is {said} here and {real} in Cargo.toml"),
                    format!("write {real}"),
                ));
            }
        };
        if let Some(said) = required_version(line) {
            differs("the version", said, &version);
        }
        for said in compilers(line) {
            differs("the oldest compiler", said, &compiler);
        }
    }
    found
}

/// Whether `said` is `real`, or leaves parts off its end.
fn agrees(said: &str, real: &str) -> bool {
    real == said || real.strip_prefix(said).is_some_and(|rest| rest.starts_with('.'))
}

/// The version in a line such as `ps-facade = "0.1"` or `ps-facade = { version = "0.1", … }`.
fn required_version(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    name.trim().trim_matches('`').strip_prefix("ps-")?;
    let value = match value.split_once("version") {
        Some((_, after)) => after,
        None if value.trim_start().starts_with('"') => value,
        None => return None,
    };
    value.split('"').nth(1)
}

/// Compiler versions in a line that speaks of the oldest one.
fn compilers(line: &str) -> impl Iterator<Item = &str> {
    let speaks = ["MSRV", "Rust", "rustc", "rust-version"].iter().any(|word| line.contains(word));
    line.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.')).filter(
        move |word| speaks && word.strip_prefix("1.").is_some_and(|minor| !minor.is_empty()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn complaints(readme: &str) -> Vec<Complaint> {
        let manifest =
            "[workspace.package]\nversion = \"0.3.1\"\nrust-version = \"1.88\"\n".to_owned();
        check(&[file("Cargo.toml", &manifest), file("README.md", readme)])
    }

    #[test]
    fn a_version_that_stayed_behind_is_found() {
        assert_eq!(complaints("ps-facade = \"0.2\"\n").len(), 1);
        assert_eq!(
            complaints("a\n\nps-core = { features = [], version = \"0.3.0\" }\n")[0].line,
            3
        );
        assert_eq!(complaints("ps-facade = \"0.30\"\n").len(), 1);
        for good in ["ps-facade = \"0.3\"\n", "ps-facade = { version = \"0.3.1\" }\n"] {
            assert_eq!(complaints(good), []);
        }
    }

    #[test]
    fn a_compiler_that_stayed_behind_is_found() {
        assert_eq!(complaints("The oldest compiler is Rust 1.85.\n").len(), 1);
        assert_eq!(complaints("MSRV: 1.88\n"), []);
        assert_eq!(complaints("Linux 6.1 and 1.85 of something else\n"), []);
    }
}
