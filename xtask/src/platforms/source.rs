//! What the sources say about who answers what.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::tidy::File;
use crate::tokens::{function_name, group, word};

/// What was found in the sources.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The questions of `ps-core` whose default is to refuse.
    pub(super) optional: BTreeSet<String>,
    /// Functions of each system's own files, and whether one does more than refuse.
    own: BTreeMap<(&'static str, String), bool>,
    /// The same of files that are for several systems.
    shared: BTreeMap<(&'static str, String), bool>,
}

impl Code {
    pub(super) fn read(files: &[File]) -> Result<Code> {
        let mut code = Code::default();
        for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
            let is_core = file.path.starts_with("crates/ps-core/src/")
                && !file.path.starts_with("crates/ps-core/src/fake/");
            let systems = systems_of(&file.path);
            if !is_core && systems.is_empty() {
                continue;
            }
            let stream = TokenStream::from_str(&file.text).ok().context(file.path.clone())?;
            for function in functions(&stream.into_iter().collect::<Vec<_>>()) {
                if is_core {
                    if function.of_trait && function.refuses {
                        code.optional.insert(function.name);
                    }
                    continue;
                }
                let map = if systems.len() == 1 { &mut code.own } else { &mut code.shared };
                for system in systems {
                    let answers = map.entry((*system, function.name.clone())).or_insert(true);
                    *answers &= !function.refuses;
                }
            }
        }
        Ok(code)
    }

    /// Whether a system has what answers this: something of its own, or what it shares with others and nobody
    /// refuses there.
    pub(super) fn answers(&self, system: &'static str, question: &str) -> bool {
        let key = (system, question.to_owned());
        let found = self.own.get(&key).or_else(|| self.shared.get(&key));
        found.copied().unwrap_or(false)
    }

    /// Whether there is an answer to what every backend is asked.
    pub(super) fn has_backend(&self, system: &'static str) -> bool {
        ["cpu_times", "load_average"].iter().all(|question| self.answers(system, question))
    }
}

/// The systems that a source file of a backend answers for; none if it is no such file.
pub(super) fn systems_of(path: &str) -> &'static [&'static str] {
    match path.trim_end_matches(".rs").split('/').collect::<Vec<_>>()[..] {
        ["crates", "ps-linux", "src", ..] => &["linux"],
        ["crates", "ps-darwin", "src", ..] => &["macos"],
        ["crates", "ps-bsd", "src", "decode" | "raw", system, ..]
        | ["crates", "ps-bsd", "src", system, ..] => match system {
            "freebsd" => &["freebsd"],
            "openbsd" => &["openbsd"],
            "netbsd" => &["netbsd"],
            _ => &["freebsd", "openbsd", "netbsd"],
        },
        _ => &[],
    }
}

/// A function of a trait, or of the implementation of one.
struct Function {
    name: String,
    of_trait: bool,
    /// It has a body, and all that this does is to answer that there is no answer.
    refuses: bool,
}

/// The functions of traits and of their implementations, those of tests left out.
fn functions(tokens: &[TokenTree]) -> Vec<Function> {
    let mut found = Vec::new();
    let mut head: Vec<String> = Vec::new();
    for token in tokens {
        let Some(inside) = group(Some(token), Delimiter::Brace) else {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == ';' => head.clear(),
                _ => head.extend(word(Some(token))),
            }
            continue;
        };
        let has = |wanted: &str| head.iter().any(|word| word == wanted);
        if has("mod") && !has("tests") {
            found.extend(functions(&inside));
        } else if has("trait") || has("impl") && has("for") {
            found.extend(bodies(&inside, has("trait")));
        }
        head.clear();
    }
    found
}

/// The functions between the braces of a trait or an implementation.
fn bodies(tokens: &[TokenTree], of_trait: bool) -> Vec<Function> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        let is_end = matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';');
        let body = group(Some(token), Delimiter::Brace);
        if !is_end && body.is_none() {
            continue;
        }
        // A function of a trait without a body has to be written by whoever implements it.
        if let (Some(body), Some(name)) = (body, function_name(&tokens[start..index])) {
            found.push(Function { name, of_trait, refuses: refuses(&body) });
        }
        start = index + 1;
    }
    found
}

/// Whether the last expression of a body is the error that says `Unsupported`.
fn refuses(body: &[TokenTree]) -> bool {
    let is_end =
        |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ';');
    let last = body.rsplit(is_end).next().unwrap_or_default();
    let says = last.iter().any(|token| token.to_string().contains("unsupported"));
    word(last.first()).as_deref() == Some("Err") && says
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    const CORE: &str = "pub trait ProcessView { fn pid(&self); \
                        fn root(&self) -> Result<()> { Err(Error::unsupported(\"root\")) } }";

    fn code(path: &str, text: &str, other: (&str, &str)) -> Code {
        let files =
            [file("crates/ps-core/src/process.rs", CORE), file(path, text), file(other.0, other.1)];
        Code::read(&files).unwrap()
    }

    #[test]
    fn what_is_shared_is_answered_unless_a_default_refuses_and_the_system_has_none_of_its_own() {
        let shared = "trait Kernel { fn root(&self) { Err(Failed::unsupported(\"root\")) } } \
                      impl<K: Kernel> ProcessView for View<K> { fn root(&self) { self.0.root() } \
                      fn umask(&self) { 1 } }";
        let own = "impl Kernel for FreeBsd { fn root(&self) { 1 } }";
        let code = code(
            "crates/ps-bsd/src/shared/process.rs",
            shared,
            ("crates/ps-bsd/src/freebsd/process.rs", own),
        );
        assert!(code.answers("freebsd", "root") && !code.answers("openbsd", "root"));
        assert!(code.answers("freebsd", "umask") && code.answers("openbsd", "umask"));
        assert!(!code.answers("macos", "umask"));
    }

    #[test]
    fn a_refusal_a_test_and_an_inherent_function_answer_nothing() {
        for text in [
            "impl ProcessView for V { fn root(&self) { let _ = 1; Err(Error::unsupported(\"root\")) } }",
            "mod tests { impl ProcessView for V { fn root(&self) {} } }",
            "impl V { fn root(&self) {} }",
            "fn root() {}",
        ] {
            let code = code("crates/ps-linux/src/process.rs", text, ("a.rs", ""));
            assert!(!code.answers("linux", "root"), "{text}");
            assert!(code.optional.contains("root") && !code.optional.contains("pid"));
        }
        let sometimes = "impl ProcessView for V { fn root(&self) \
                         { look().ok_or_else(|| Error::unsupported(\"root\")) } }";
        assert!(code("crates/ps-linux/src/a.rs", sometimes, ("a.rs", "")).answers("linux", "root"));
    }

    #[test]
    fn files_belong_to_the_systems_they_are_compiled_for() {
        assert_eq!(systems_of("crates/ps-linux/src/cpu.rs"), ["linux"]);
        assert_eq!(systems_of("crates/ps-darwin/src/decode/cpu.rs"), ["macos"]);
        assert_eq!(systems_of("crates/ps-bsd/src/freebsd/cpu.rs"), ["freebsd"]);
        assert_eq!(systems_of("crates/ps-bsd/src/decode/netbsd/cpu.rs"), ["netbsd"]);
        assert_eq!(systems_of("crates/ps-bsd/src/decode/cpu.rs").len(), 3);
        assert_eq!(systems_of("crates/ps-core/src/cpu.rs"), [""; 0]);
        assert_eq!(systems_of("crates/ps-linux/tests/live.rs"), [""; 0]);
    }
}
