//! The registry of rules, `docs/rules.txt`: each rule has a test that is named for it.

use std::collections::BTreeMap;

use super::{Complaint, File, source};

const REGISTRY: &str = "docs/rules.txt";

/// Compares the registry with the tests of the workspace; without a registry there is nothing to
/// compare.
pub(super) fn check(files: &[File]) -> Vec<Complaint> {
    let mut found = Vec::new();
    let Some(registry) = files.iter().find(|file| file.path == REGISTRY) else { return found };
    let mut rules: BTreeMap<String, (usize, &str)> = BTreeMap::new();
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
        if let Some((first, other)) = rules.get(&function) {
            found.push(Complaint::new(
                registry,
                number,
                format!("`{id}` is `{other}` of line {first} again"),
                "give each rule an id of its own",
            ));
            continue;
        }
        rules.insert(function, (number, id));
    }
    let tests: Vec<String> =
        files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(source::tests).collect();
    for (function, (number, id)) in &rules {
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

/// The rule a test is named for: the longest one, lest the test of `pid-zero` speak for `pid` too.
fn rule_of<'a>(test: &str, rules: &'a BTreeMap<String, (usize, &str)>) -> Option<&'a String> {
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
        let files = [file(REGISTRY, registry), file("crates/ps-core/src/a.rs", source)];
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
}
