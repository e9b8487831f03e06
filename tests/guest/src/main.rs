//! `/init`: everything it does is in the library of this package.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    ps_guest::init::main()
}
