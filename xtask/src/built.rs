//! What cargo says it has built.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One test program.
pub(crate) struct Program {
    /// The package and what the program is called in it.
    pub(crate) name: String,
    pub(crate) executable: PathBuf,
    /// The package's directory, in which its tests expect to run.
    pub(crate) directory: PathBuf,
    /// The package's other programs, which tests start by the path they were built at.
    pub(crate) helpers: Vec<PathBuf>,
}

/// The messages of cargo that tell of something built.
pub(crate) fn artifacts(said: &str) -> impl Iterator<Item = Value> {
    said.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact")
}

/// The program that an artifact is, if it is one.
pub(crate) fn executable(artifact: &Value) -> Option<PathBuf> {
    artifact["executable"].as_str().map(PathBuf::from)
}

/// The test program that an artifact is, if it is one: unit tests of a library, or a file of
/// `tests`.
pub(crate) fn program(package: &str, artifact: &Value) -> Option<Program> {
    let target = &artifact["target"];
    let name = match target["kind"][0].as_str()? {
        "lib" => "lib",
        "test" => target["name"].as_str()?,
        _ => return None,
    };
    let manifest = Path::new(artifact["manifest_path"].as_str()?);
    Some(Program {
        name: format!("{package}:{name}"),
        executable: executable(artifact)?,
        directory: manifest.parent()?.to_path_buf(),
        helpers: Vec::new(),
    })
}

/// The program that an artifact is, if it is one and no test.
pub(crate) fn helper(artifact: &Value) -> Option<PathBuf> {
    let kind = artifact["target"]["kind"][0].as_str()?;
    let helps = kind == "bin" && artifact["profile"]["test"] == false;
    helps.then(|| executable(artifact))?
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SAID: &str = concat!(
        r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["lib"],"name":"a"},"executable":null}"#,
        "\n",
        r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["lib"],"name":"a"},"executable":"/t/a-1"}"#,
        "\n",
        r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["test"],"name":"live"},"executable":"/t/live-2"}"#,
        "\n",
        r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["bin"],"name":"tool"},"profile":{"test":true},"executable":"/t/tool-3"}"#,
        "\n",
        r#"{"reason":"compiler-artifact","manifest_path":"/w/a/Cargo.toml","target":{"kind":["bin"],"name":"tool"},"profile":{"test":false},"executable":"/t/tool"}"#,
        "\nnot json\n",
        r#"{"reason":"build-finished","success":true}"#,
    );

    #[test]
    fn a_program_that_is_no_test_helps_tests() {
        let found: Vec<_> = artifacts(SAID).filter_map(|artifact| helper(&artifact)).collect();
        assert_eq!(found, [PathBuf::from("/t/tool")]);
    }

    #[test]
    fn only_test_programs_are_taken_from_what_cargo_built() {
        let found: Vec<_> = artifacts(SAID)
            .filter_map(|artifact| program("a", &artifact))
            .map(|program| (program.name, program.executable, program.directory))
            .collect();
        assert_eq!(
            found,
            [
                ("a:lib".to_owned(), PathBuf::from("/t/a-1"), PathBuf::from("/w/a")),
                ("a:live".to_owned(), PathBuf::from("/t/live-2"), PathBuf::from("/w/a")),
            ]
        );
    }
}
