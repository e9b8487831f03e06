//! Answers of FreeBSD to records.
