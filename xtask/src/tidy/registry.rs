//! The registry of rules, every `docs/rules/*.txt`: each rule has a test that is named for it.

use std::collections::BTreeMap;

use super::{Complaint, File, source};

/// A rule: the file it stands in, the line, the id.
type Rule<'a> = (&'a File, usize, &'a str);

/// Compares the registry with the tests of the workspace; without a registry there is nothing to
/// compare.
pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut rules: BTreeMap<String, Rule<'_>> = BTreeMap::new();
    for registry in files.iter().filter(|file| is_registry(file)) {
        read(registry, &mut rules, &mut found);
    }
    if rules.is_empty() {
        return found;
    }
    let tests: Vec<String> =
        files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(source::tests).collect();
    for (function, (registry, number, id)) in &rules {
        if !tests.iter().any(|test| rule_of(test, &rules) == Some(function)) {
            found.push(Complaint::new(
                registry,
                *number,
                format!("no test is named for the rule `{id}`"),
                format!("write one called `{function}` or `{function}_…`"),
            ));
        }
    }
    found
}

fn is_registry(file: &File) -> bool {
    matches!(file.parts()[..], ["docs", "rules", name] if name.ends_with(".txt"))
}

/// Adds the rules of one file: an id stands once in all of them.
fn read<'a>(
    registry: &'a File,
    rules: &mut BTreeMap<String, Rule<'a>>,
    found: &mut Vec<Complaint>,
) {
    for (index, text) in registry.text.lines().enumerate() {
        let number = index + 1;
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let Some((id, _)) = text.split_once('\t').or_else(|| text.split_once("  ")) else {
            found.push(Complaint::new(
                registry,
                number,
                "a rule without a statement",
                "write its id, two blanks or a tab, and one line that says what holds",
            ));
            continue;
        };
        let function = id.replace(['-', '.'], "_");
        if let Some((first, line, other)) = rules.get(&function) {
            found.push(Complaint::new(
                registry,
                number,
                format!("`{id}` is `{other}` of {}:{line} again", first.path),
                "give each rule an id of its own",
            ));
            continue;
        }
        rules.insert(function, (registry, number, id));
    }
}

/// The rule a test is named for: the longest one, lest the test of `pid-zero` speak for `pid` too.
fn rule_of<'a>(test: &str, rules: &'a BTreeMap<String, Rule<'_>>) -> Option<&'a String> {
    let named = |rule: &&String| {
        test.strip_prefix(rule.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    rules.keys().filter(named).max_by_key(|rule| rule.len())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(registry: &str, source: &str) -> Vec<usize> {
        let files =
            [file("docs/rules/process.txt", registry), file("crates/ps-core/src/a.rs", source)];
        check(&files).iter().map(|found| found.line).collect()
    }

    #[test]
    fn a_rule_without_a_test_is_found() {
        let rules = "# Rules.\n\npid-zero  Pid 0 is refused.\nmem.total\tThe total is not zero.\n";
        let both = "#[test]\nfn pid_zero() {}\n#[test]\nfn mem_total_is_not_zero() {}\n";
        assert_eq!(lines(rules, both), NONE);
        assert_eq!(lines(rules, "#[test]\nfn pid_zero() {}\n"), [4]);
        assert_eq!(lines(rules, ""), [4, 3]);
    }

    #[test]
    fn a_function_or_a_comment_is_no_test() {
        let rules = "pid-zero  Pid 0 is refused.\n";
        assert_eq!(lines(rules, "fn pid_zero() {}\n// #[test] fn pid_zero() {}\n"), [1]);
        assert_eq!(lines(rules, "#[test]\nfn pid_zeroth() {}\n"), [1]);
    }

    #[test]
    fn the_test_of_a_longer_rule_does_not_speak_for_a_shorter() {
        let rules = "pid  A pid is positive.\npid-zero  Pid 0 is refused.\n";
        assert_eq!(lines(rules, "#[test]\nfn pid_zero_is_refused() {}\n"), [1]);
    }

    #[test]
    fn an_id_stands_once_and_with_a_statement() {
        let tests = "#[test]\nfn pid_zero() {}\n";
        assert_eq!(lines("pid-zero  One.\npid-zero  Two.\n", tests), [2]);
        assert_eq!(lines("pid-zero  One.\npid.zero  Two.\n", tests), [2]);
        assert_eq!(lines("pid-zero\n", tests), [1]);
    }

    #[test]
    fn every_file_of_the_registry_is_read_and_no_id_stands_in_two() {
        let files = [
            file("docs/rules/machine.txt", "mem-total  Not zero.\n"),
            file("docs/rules/process.txt", "pid-zero  Refused.\nmem-total  Again.\n"),
            file("docs/rules.txt", "no-registry  It lies beside the directory.\n"),
            file("crates/ps-core/src/a.rs", "#[test]\nfn mem_total_is_not_zero() {}\n"),
        ];
        let mut found = check(&files);
        found.sort();
        let lines: Vec<String> =
            found.iter().map(|one| format!("{}:{}", one.file, one.line)).collect();
        assert_eq!(lines, ["docs/rules/process.txt:1", "docs/rules/process.txt:2"]);
        assert!(found[1].what.contains("docs/rules/machine.txt:1"), "{}", found[1].what);
    }
}
