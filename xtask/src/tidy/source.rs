//! Rules about the tokens of a source file: comments, documentation and strings do not count.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Complaint, File};
use crate::tokens::{function_name, group, is_sign, walk, word};

/// Keys of a predicate that ask which system is compiled for.
const OS_KEYS: &[&str] = &["target_os", "target_family", "target_vendor"];

/// Predicates without a key that do the same: the compiler's own, and usual names of aliases.
const OS_WORDS: &[&str] = &[
    "android", "apple", "bsd", "darwin", "freebsd", "linux", "macos", "netbsd", "openbsd", "unix",
    "windows",
];

/// Files that may name an operating system.
const OS_SITES: &[(&str, &[&str])] = &[
    ("ps-bsd", &["crates/ps-bsd/src/lib.rs"]),
    ("ps-darwin", &["crates/ps-darwin/src/lib.rs"]),
    ("ps-linux", &["crates/ps-linux/src/lib.rs"]),
    ("ps-facade", &["crates/ps-facade/src/native.rs", "crates/ps-facade/src/os/mod.rs"]),
    // A program has a `main` on every system.
    ("examples", &["crates/ps-facade/examples/pin-scan.rs"]),
    // The first process of a virtual machine: the other half of `cargo xtask vm`.
    ("guest", &["tests/guest/src/lib.rs", "tests/guest/src/main.rs"]),
];

/// Crate roots that forbid unsafe code, so that the compiler holds what it can hold.
const FORBID_UNSAFE: &[&str] = &[
    "crates/ps-core/src/lib.rs",
    "crates/ps-facade/src/lib.rs",
    "tests/guest/src/lib.rs",
    "tests/guest/src/main.rs",
    "tests/src/lib.rs",
    "tests/witness/src/main.rs",
    "xtask/src/main.rs",
];

/// Where a file may name an operating system.
#[derive(Clone, Copy)]
enum Sites {
    Anywhere,
    /// In inner attributes, which stand before everything else.
    FirstLines,
    Nowhere,
}

/// Complaints about one source file.
pub(super) fn check(file: &File) -> Vec<Complaint> {
    let mut found = Vec::new();
    if !file.text.starts_with("//!") {
        found.push(Complaint::new(
            file,
            1,
            "the file does not say what it is for",
            "begin it with a `//!` line",
        ));
    }
    let Ok(stream) = TokenStream::from_str(&file.text) else {
        found.push(Complaint::new(file, 1, "these are no Rust tokens", "make it compile"));
        return found;
    };
    let mut tokens: Vec<TokenTree> = stream.into_iter().collect();
    if FORBID_UNSAFE.contains(&file.path.as_str()) && !forbids_unsafe(&tokens) {
        found.push(Complaint::new(
            file,
            1,
            "unsafe code is not forbidden in this crate",
            "add `#![forbid(unsafe_code)]`",
        ));
    }
    let sites = os_sites(file);
    if matches!(sites, Sites::FirstLines) {
        let attributes = inner_attributes(&tokens);
        tokens.drain(..attributes);
    }
    walk(&tokens, &mut |rest| {
        found.extend(unfinished(file, rest));
        found.extend(ignored(file, rest));
        found.extend(misplaced_unsafe(file, rest));
        if !matches!(sites, Sites::Anywhere) {
            found.extend(os_named(file, rest));
        }
    });
    found
}

fn line(tokens: &[TokenTree]) -> usize {
    tokens.first().map_or(1, |token| token.span().start().line)
}

/// How many of the first tokens belong to `#![…]` attributes, module documentation among them.
fn inner_attributes(tokens: &[TokenTree]) -> usize {
    let mut end = 0;
    while is_sign(tokens.get(end), '#')
        && is_sign(tokens.get(end + 1), '!')
        && group(tokens.get(end + 2), Delimiter::Bracket).is_some()
    {
        end += 3;
    }
    end
}

fn forbids_unsafe(tokens: &[TokenTree]) -> bool {
    tokens[..inner_attributes(tokens)].iter().any(|token| {
        let inside = group(Some(token), Delimiter::Bracket).unwrap_or_default();
        word(inside.first()).as_deref() == Some("forbid")
            && group(inside.get(1), Delimiter::Parenthesis)
                .unwrap_or_default()
                .iter()
                .any(|lint| word(Some(lint)).as_deref() == Some("unsafe_code"))
    })
}

fn os_sites(file: &File) -> Sites {
    match file.parts().as_slice() {
        ["xtask", ..] => Sites::Anywhere,
        _ if OS_SITES.iter().any(|(_, files)| files.contains(&file.path.as_str())) => {
            Sites::Anywhere
        }
        ["crates", "ps-core", ..] => Sites::Nowhere,
        ["tests", ..] | ["crates", _, "tests" | "examples" | "benches", ..] => Sites::FirstLines,
        _ => Sites::Nowhere,
    }
}

fn os_named(file: &File, rest: &[TokenTree]) -> Option<Complaint> {
    let here = word(rest.first())?;
    let name = if OS_KEYS.contains(&here.as_str()) && is_sign(rest.get(1), '=') {
        here
    } else if here == "cfg" || here == "cfg_attr" {
        let inside = rest.get(if is_sign(rest.get(1), '!') { 2 } else { 1 });
        os_word(&predicate(&group(inside, Delimiter::Parenthesis)?))?
    } else {
        return None;
    };
    let remedy = match file.parts().as_slice() {
        ["tests", ..] | ["crates", _, "tests" | "examples" | "benches", ..] => {
            "give the whole file to one system, by `#![cfg(…)]` in its first lines".to_owned()
        }
        ["crates", krate, ..] => match OS_SITES.iter().find(|(name, _)| name == krate) {
            Some((_, files)) => format!("choose the system in {}", files.join(" or ")),
            None => format!("{krate} names none; what differs belongs in a backend"),
        },
        _ => "choose the system in a backend".to_owned(),
    };
    Some(Complaint::new(file, line(rest), format!("`{name}` names an operating system"), remedy))
}

/// What is asked, without what `cfg_attr` then adds.
fn predicate(tokens: &[TokenTree]) -> Vec<TokenTree> {
    tokens.iter().take_while(|token| !is_sign(Some(token), ',')).cloned().collect()
}

/// A predicate that is a bare word and asks for an operating system.
fn os_word(tokens: &[TokenTree]) -> Option<String> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            OS_WORDS.contains(&name.as_str()).then_some(name)
        }
        TokenTree::Group(group) => os_word(&group.stream().into_iter().collect::<Vec<_>>()),
        _ => None,
    })
}

fn misplaced_unsafe(file: &File, rest: &[TokenTree]) -> Option<Complaint> {
    if word(rest.first()).as_deref() != Some("unsafe") || may_be_unsafe(file) {
        return None;
    }
    let remedy = match file.parts().as_slice() {
        ["crates", "ps-bsd" | "ps-darwin" | "ps-linux", ..] => {
            "move the call below `sys/`, where a safe function wraps it"
        }
        _ => "use what a backend's `sys/` offers safely",
    };
    Some(Complaint::new(file, line(rest), "`unsafe` outside `sys/`", remedy))
}

fn may_be_unsafe(file: &File) -> bool {
    match file.parts().as_slice() {
        ["crates", "ps-bsd" | "ps-darwin" | "ps-linux", "src", inside @ .., _] => {
            inside.contains(&"sys")
        }
        // Floor and herd of the benchmark are bare system calls.
        ["tests", "bench", "src", "sys", _] => true,
        _ => false,
    }
}

fn unfinished(file: &File, rest: &[TokenTree]) -> Option<Complaint> {
    let name = word(rest.first())?;
    if !matches!(name.as_str(), "todo" | "unimplemented") || !is_sign(rest.get(1), '!') {
        return None;
    }
    Some(Complaint::new(file, line(rest), format!("`{name}!`"), "finish it, or leave it out"))
}

/// `#[ignore]` without words, also inside `cfg_attr`, and examples that are fenced off by `ignore`.
fn ignored(file: &File, rest: &[TokenTree]) -> Option<Complaint> {
    if !is_sign(rest.first(), '#') {
        return None;
    }
    let after = if is_sign(rest.get(1), '!') { 2 } else { 1 };
    let attribute = group(rest.get(after), Delimiter::Bracket)?;
    if word(attribute.first()).as_deref() == Some("doc") {
        let text = attribute.get(2)?.to_string();
        let fence = text.trim_start_matches('"').trim_start().strip_prefix("```")?;
        return fence.trim_end_matches('"').split(',').any(|tag| tag.trim() == "ignore").then(
            || {
                Complaint::new(
                    file,
                    line(rest),
                    "an example that is never compiled",
                    "let it run, or use `no_run` if it would kill or hang",
                )
            },
        );
    }
    ignore_without_reason(&attribute).then(|| {
        Complaint::new(
            file,
            line(rest),
            "`#[ignore]` without a reason",
            "let the test skip aloud by itself, or write `#[ignore = \"why\"]`",
        )
    })
}

fn ignore_without_reason(attribute: &[TokenTree]) -> bool {
    let adds = match word(attribute.first()).as_deref() {
        Some("ignore") => attribute.to_vec(),
        Some("cfg_attr") => {
            let inside = group(attribute.get(1), Delimiter::Parenthesis).unwrap_or_default();
            let skipped = predicate(&inside).len() + 1;
            inside.into_iter().skip(skipped).collect()
        }
        _ => return false,
    };
    let Some(at) = adds.iter().position(|token| word(Some(token)).as_deref() == Some("ignore"))
    else {
        return false;
    };
    !(is_sign(adds.get(at + 1), '=')
        && adds.get(at + 2).is_some_and(|reason| reason.to_string().len() > 2))
}

/// The names of functions under `#[test]`, each with its line.
pub(crate) fn tests(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(stream) = TokenStream::from_str(&file.text) else { return found };
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    walk(&tokens, &mut |rest| {
        let attribute = group(rest.get(1), Delimiter::Bracket).unwrap_or_default();
        if is_sign(rest.first(), '#')
            && attribute.len() == 1
            && word(attribute.first()).as_deref() == Some("test")
        {
            found.extend(function_name(&rest[2..]));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const NONE: [usize; 0] = [];

    /// The lines complained about in a file of this text below a `//!` line.
    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&file(path, &format!("//! Text.\n{text}"))).iter().map(|found| found.line).collect()
    }

    #[test]
    fn a_file_begins_by_saying_what_it_is_for() {
        assert_eq!(check(&file("xtask/src/run.rs", "use std::fs;\n")).len(), 1);
        assert_eq!(check(&file("xtask/src/run.rs", "\n//! Late.\n")).len(), 1);
        assert_eq!(lines("xtask/src/run.rs", "use std::fs;\n"), NONE);
    }

    #[test]
    fn an_os_is_named_at_its_one_site_only() {
        let live = "#[cfg(target_os = \"linux\")]\nmod sys;\n";
        assert_eq!(lines("crates/ps-linux/src/lib.rs", live), NONE);
        assert_eq!(lines("crates/ps-facade/src/os/mod.rs", live), NONE);
        assert_eq!(lines("xtask/src/doctor.rs", live), NONE);
        for path in [
            "crates/ps-linux/src/cpu.rs",
            "crates/ps-core/src/mem.rs",
            "crates/ps-facade/src/cpu.rs",
            "crates/ps-bsd/build.rs",
        ] {
            assert_eq!(lines(path, live), [2], "{path}");
        }
    }

    #[test]
    fn every_way_of_asking_for_an_os_is_seen() {
        for text in [
            "#[cfg(unix)]\nfn f() {}",
            "#[cfg(all(test, not(windows)))]\nfn f() {}",
            "#[cfg_attr(target_vendor = \"apple\", allow(unused))]\nfn f() {}",
            "fn f() -> bool { cfg!(target_family = \"unix\") }",
            "cfg_select! { target_os = \"linux\" => { fn f() {} } }",
            "#[cfg(any(bsd, feature = \"serde\"))]\nfn f() {}",
            "macro_rules! m { () => { #[cfg(unix)] fn f() {} } }",
        ] {
            assert_eq!(lines("crates/ps-linux/src/mem.rs", text), [2], "{text}");
        }
    }

    #[test]
    fn comments_strings_and_paths_name_no_os() {
        let text = "/// On `target_os = \"linux\"`: #[cfg(unix)].\n// cfg(unix), unsafe, todo!()\n\
                    use std::os::unix::ffi::OsStrExt;\nconst A: &str = \"#[cfg(unix)] unsafe\";\n\
                    #[cfg_attr(feature = \"serde\", doc = \"unix\")]\n\
                    #[cfg(target_pointer_width = \"64\")]\nfn linux() {}\n";
        assert_eq!(lines("crates/ps-core/src/mem.rs", text), NONE);
    }

    #[test]
    fn a_test_names_an_os_in_its_first_lines_only() {
        let whole = "//! More.\n\n#![cfg(target_os = \"linux\")]\n\nfn f() {}\n";
        let part = "fn f() {}\n\n#[cfg(target_os = \"linux\")]\nfn g() {}\n";
        for path in
            ["tests/tests/live.rs", "crates/ps-linux/tests/a.rs", "crates/ps-facade/examples/ps.rs"]
        {
            assert_eq!(lines(path, whole), NONE, "{path}");
            assert_eq!(lines(path, part), [4], "{path}");
        }
        assert_eq!(lines("crates/ps-core/tests/a.rs", whole), [4]);
    }

    #[test]
    fn unsafe_stands_below_sys_only() {
        let block = "fn f() {\n    unsafe { g() }\n}\n";
        for path in ["crates/ps-linux/src/sys/mod.rs", "crates/ps-bsd/src/freebsd/sys/sysctl.rs"] {
            assert_eq!(lines(path, block), NONE, "{path}");
        }
        for path in [
            "crates/ps-linux/src/cpu.rs",
            "crates/ps-linux/src/sys.rs",
            "crates/ps-linux/tests/sys/a.rs",
            "crates/ps-core/src/sys/mod.rs",
            "crates/ps-facade/src/wait.rs",
            "tests/tests/live.rs",
        ] {
            assert_eq!(lines(path, block), [3], "{path}");
        }
        assert_eq!(lines("crates/ps-linux/src/cpu.rs", "unsafe impl Send for A {}\n"), [2]);
        assert_eq!(lines("crates/ps-linux/src/cpu.rs", "unsafe extern \"C\" {}\n"), [2]);
    }

    #[test]
    fn a_crate_without_unsafe_code_forbids_it() {
        for path in FORBID_UNSAFE {
            assert_eq!(lines(path, "mod cpu;\n"), [1], "{path}");
            assert_eq!(lines(path, "#![warn(missing_docs)]\n#![forbid(unsafe_code)]\n"), NONE);
            assert_eq!(lines(path, "// #![forbid(unsafe_code)]\n"), [1]);
        }
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(lines("crates/ps-core/src/cpu.rs", "fn f() {\n    todo!()\n}\n"), [3]);
        assert_eq!(lines("tests/src/lib.rs", "#![forbid(unsafe_code)]\nunimplemented![];\n"), [3]);
        assert_eq!(lines("crates/ps-core/src/cpu.rs", "fn todo() {}\n"), NONE);
    }

    #[test]
    fn a_test_is_not_ignored_in_silence() {
        let path = "tests/tests/live.rs";
        assert_eq!(lines(path, "#[test]\n#[ignore]\nfn f() {}\n"), [3]);
        assert_eq!(lines(path, "#[test]\n#[ignore = \"\"]\nfn f() {}\n"), [3]);
        assert_eq!(lines(path, "#[cfg_attr(miri, ignore)]\nfn f() {}\n"), [2]);
        assert_eq!(lines(path, "#[test]\n#[ignore = \"takes an hour\"]\nfn f() {}\n"), NONE);
        assert_eq!(
            lines(path, "/// Text.\n///\n/// ```ignore\n/// f();\n/// ```\nfn f() {}\n"),
            [4]
        );
        assert_eq!(lines(path, "/// ```no_run\n/// f();\n/// ```\nfn f() {}\n"), NONE);
    }

    #[test]
    fn what_is_no_rust_is_reported() {
        assert_eq!(lines("crates/ps-core/src/cpu.rs", "fn f( {\n"), [1]);
    }

    #[test]
    fn tests_are_found_by_their_attribute() {
        let text = "#[test]\nfn one() {}\n#[test]\n#[should_panic]\nasync fn two() {}\nfn three() {}\n\
                    mod tests { #[test] fn four() {} }\n#[cfg(test)]\nmod five {}\n";
        assert_eq!(tests(&file("a.rs", text)), ["one", "two", "four"]);
    }
}
