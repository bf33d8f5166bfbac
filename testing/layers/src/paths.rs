//! The paths of a source that reach the crate's root.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What one file says, without what only tests compile.
#[derive(Default)]
pub(crate) struct Source {
    /// The names directly below the crate's root that its paths use.
    pub(crate) used: BTreeSet<String>,
    /// The paths of the modules whose files it names.
    pub(crate) modules: Vec<Vec<String>>,
    /// The names that it exports from other modules, each with the first name of its path.
    pub(crate) exports: BTreeMap<String, String>,
}

impl Source {
    /// Reads the file of the module at the path `module`.
    pub(crate) fn parse(text: &str, module: &[String]) -> Self {
        let mut source = Self::default();
        source.scan(text.parse().expect("the file is Rust"), module);
        source
    }

    fn scan(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += 1;
            if let Some(skipped) = test_item(rest) {
                at += skipped;
            } else if let [first, name, body, ..] = rest
                && is(first, "mod")
            {
                at += 2;
                let path = [module, &[name.to_string()]].concat();
                match body {
                    TokenTree::Group(body) => self.scan(body.stream(), &path),
                    _ => self.modules.push(path),
                }
            } else if let TokenTree::Group(group) = &rest[0] {
                self.scan(group.stream(), module);
            } else if is(&rest[0], "use") {
                export(&rest[1..], None, &mut self.exports);
            } else if !matches!(&tokens[..at - 1], [.., one, two] if is(one, ":") && is(two, ":")) {
                self.path(rest, module);
            }
        }
    }

    /// Follows a path that begins at the module `from`, or at the root where it says `crate`.
    fn path(&mut self, tokens: &[TokenTree], from: &[String]) {
        let base = match tokens.first() {
            Some(first) if is(first, "crate") => &[],
            Some(first) if is(first, "super") => from.split_last().map_or(from, |(_, rest)| rest),
            Some(first) if is(first, "self") => from,
            _ => return,
        };
        match &tokens[1..] {
            [one, two, rest @ ..] if is(one, ":") && is(two, ":") => self.below(rest, base),
            [renames, ..] if base.is_empty() && is(renames, "as") => self.root_itself(),
            _ => {}
        }
    }

    /// Follows what comes after `base::`.
    fn below(&mut self, tokens: &[TokenTree], base: &[String]) {
        match tokens.first() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                for item in tokens.split(|token| is(token, ",")) {
                    self.below(item, base);
                }
            }
            Some(first) if is(first, "super") => self.path(tokens, base),
            Some(first) if base.is_empty() && (is(first, "self") || is(first, "*")) => {
                self.root_itself();
            }
            Some(TokenTree::Ident(name)) if base.is_empty() => {
                self.used.insert(name.to_string());
            }
            _ => {}
        }
    }

    /// The root under another name, or all of it, would hide what is used.
    fn root_itself(&mut self) {
        self.used.insert("the whole crate".to_owned());
    }
}

/// Collects the names that a `use` brings, up to its end; `first` is the first name of the path.
fn export(tokens: &[TokenTree], first: Option<&str>, exports: &mut BTreeMap<String, String>) {
    let end = tokens.iter().position(|token| is(token, ";"));
    let tokens = &tokens[..end.unwrap_or(tokens.len())];
    let names = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let Some(first) = first.or(names.first().map(String::as_str)) else {
        return;
    };
    match tokens.last() {
        Some(TokenTree::Group(group)) => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            for item in tokens.split(|token| is(token, ",")) {
                export(item, Some(first), exports);
            }
        }
        _ => {
            exports.extend(names.last().map(|last| (last.clone(), first.to_owned())));
        }
    }
}

/// How many tokens after the first belong to an item that only tests compile, if it is one.
fn test_item(tokens: &[TokenTree]) -> Option<usize> {
    let [hash, TokenTree::Group(attribute), item @ ..] = tokens else {
        return None;
    };
    if !is(hash, "#") || attribute.stream().to_string().replace(' ', "") != "cfg(test)" {
        return None;
    }
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        token => is(token, ";") || is(token, ","),
    };
    let end = item.iter().position(ends);
    Some(1 + end.map_or(item.len(), |end| end + 1))
}

fn is(token: &TokenTree, text: &str) -> bool {
    match token {
        TokenTree::Ident(name) => name == text,
        TokenTree::Punct(sign) => text.len() == 1 && text.starts_with(sign.as_char()),
        _ => false,
    }
}
