//! Looking through the tokens of a source file.

use proc_macro2::{Delimiter, TokenTree};

/// Calls back at every token, with the tokens from there to the end of its group.
pub(crate) fn walk(tokens: &[TokenTree], at: &mut dyn FnMut(&[TokenTree])) {
    for (index, token) in tokens.iter().enumerate() {
        at(&tokens[index..]);
        if let TokenTree::Group(group) = token {
            let inside: Vec<TokenTree> = group.stream().into_iter().collect();
            walk(&inside, at);
        }
    }
}

/// The identifier that a token is.
pub(crate) fn word(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

/// Whether a token is this sign.
pub(crate) fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// What stands between these brackets, if a token is such a group.
pub(crate) fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => {
            Some(group.stream().into_iter().collect())
        }
        _ => None,
    }
}

/// The function that these attributes and modifiers lead up to.
pub(crate) fn function_name(tokens: &[TokenTree]) -> Option<String> {
    let body = |token: &&TokenTree| group(Some(token), Delimiter::Brace).is_none();
    let head: Vec<&TokenTree> = tokens.iter().take_while(body).collect();
    let at = head.iter().position(|token| word(Some(token)).as_deref() == Some("fn"))?;
    word(head.get(at + 1).copied())
}
