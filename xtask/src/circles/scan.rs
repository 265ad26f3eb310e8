//! Which paths a source names, and what it declares: enough of Rust's grammar to see which module uses which, tests apart.

use std::collections::BTreeMap;

/// A path as it is written, `["crate", "cell", "Cell"]`.
pub type Path = Vec<String>;

/// What a source says about modules.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Private imports: the name in this source, and the path.
    pub imports: BTreeMap<String, Path>,
    /// Public imports, likewise.
    pub exports: BTreeMap<String, Path>,
    /// `use path::*`.
    pub globs: Vec<Path>,
    /// `pub use path::*`.
    pub exported_globs: Vec<Path>,
    /// Paths elsewhere in the source.
    pub paths: Vec<Path>,
    /// Items that are declared, of whatever kind.
    pub items: Vec<String>,
    /// Modules in files of their own that only tests have.
    pub test_modules: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Separator,
    Sign(char),
}

/// Reads a source.
pub fn source(text: &str) -> Source {
    let mut reader = Reader {
        tokens: tokens(text),
        at: 0,
        depth: 0,
        inline: Vec::new(),
        source: Source::default(),
    };
    while reader.at < reader.tokens.len() {
        reader.item();
    }
    reader.source
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// Braces that are open.
    depth: usize,
    /// Modules within this source that are open, each with the depth outside of it.
    inline: Vec<(String, usize)>,
    source: Source,
}

impl Reader {
    fn sign(&self, ahead: usize, sign: char) -> bool {
        self.tokens.get(self.at + ahead) == Some(&Token::Sign(sign))
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Takes a step: an import, a path, a module within the source, a test, or one token.
    fn item(&mut self) {
        if self.is_test() {
            return self.skip_item();
        }
        match &self.tokens[self.at] {
            Token::Sign('{') => self.depth += 1,
            Token::Sign('}') => {
                self.depth = self.depth.saturating_sub(1);
                if self.inline.last().is_some_and(|(_, outside)| *outside == self.depth) {
                    self.inline.pop();
                }
            }
            Token::Word(word) if word == "use" => return self.import(),
            Token::Word(word) if is_keyword_of_item(word) => {
                if let Some(name) = self.word(1).map(str::to_owned) {
                    if word == "mod" && self.sign(2, '{') {
                        self.inline.push((name.clone(), self.depth));
                    }
                    self.source.items.push(name);
                    self.at += 2;
                    return;
                }
            }
            Token::Word(_) if self.tokens.get(self.at + 1) == Some(&Token::Separator) => return self.path(),
            _ => {}
        }
        self.at += 1;
    }

    /// Whether `#[cfg(test)]`, or a condition that holds in tests only, stands here.
    fn is_test(&self) -> bool {
        let opens = self.sign(0, '#') && self.sign(1, '[') && self.word(2) == Some("cfg") && self.sign(3, '(');
        let all = self.word(4) == Some("all") && self.sign(5, '(') && self.word(6) == Some("test");
        opens && (self.word(4) == Some("test") || all)
    }

    /// Leaves out the item after an attribute, to its semicolon or its closing brace.
    fn skip_item(&mut self) {
        let mut braces = 0;
        let mut name_of_module = None;
        while let Some(token) = self.tokens.get(self.at) {
            if *token == Token::Word("mod".into()) {
                name_of_module = self.word(1).map(str::to_owned);
            }
            let token = token.clone();
            self.at += 1;
            match token {
                Token::Sign('{') => braces += 1,
                Token::Sign('}') => {
                    braces -= 1;
                    if braces == 0 {
                        return;
                    }
                }
                Token::Sign(';') if braces == 0 => {
                    self.source.test_modules.extend(name_of_module);
                    return;
                }
                _ => {}
            }
        }
    }

    /// A path outside of imports. What it is relative to is made explicit for a module within this source.
    fn path(&mut self) {
        let mut path = Path::new();
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.at += 1;
            if self.tokens.get(self.at) != Some(&Token::Separator) {
                break;
            }
            self.at += 1;
        }
        let path = self.outside(path);
        self.source.paths.push(path);
    }

    /// `use`: a tree of paths.
    fn import(&mut self) {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
        let exported = match before {
            Some(Token::Word(word)) => word == "pub",
            Some(token) => *token == Token::Sign(')'),
            None => false,
        };
        self.at += 1;
        let mut found = Vec::new();
        self.tree(Path::new(), &mut found);
        for (name, path) in found {
            let path = self.outside(path);
            let source = &mut self.source;
            match (name, exported) {
                (Some(name), true) => drop(source.exports.insert(name, path)),
                (Some(name), false) => drop(source.imports.insert(name, path)),
                (None, true) => source.exported_globs.push(path),
                (None, false) => source.globs.push(path),
            }
        }
    }

    /// One branch of an import: the names that it brings, none for `*`, with their paths.
    fn tree(&mut self, mut path: Path, found: &mut Vec<(Option<String>, Path)>) {
        loop {
            match self.tokens.get(self.at).cloned() {
                Some(Token::Word(word)) if word == "as" => {
                    let name = self.word(1).unwrap_or("_").to_owned();
                    self.at += 2;
                    found.push((Some(name), path));
                    return;
                }
                Some(Token::Word(word)) => {
                    self.at += 1;
                    if word != "self" || path.is_empty() {
                        path.push(word);
                    }
                }
                Some(Token::Separator) => self.at += 1,
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    found.push((None, path));
                    return;
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while self.at < self.tokens.len() && !self.sign(0, '}') {
                        self.tree(path.clone(), found);
                        if self.sign(0, ',') {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => {
                    if let Some(name) = path.last().cloned() {
                        found.push((Some(name), path));
                    }
                    return;
                }
            }
        }
    }

    /// A path within a module of this source, as it would be written outside of that module.
    fn outside(&self, mut path: Path) -> Path {
        for (name, _) in self.inline.iter().rev() {
            match path.first().map(String::as_str) {
                Some("super") => {
                    path.remove(0);
                    if path.first().is_none_or(|first| first != "super") {
                        path.insert(0, "self".into());
                    }
                }
                Some("self") => path.insert(1, name.clone()),
                _ => return path,
            }
        }
        path
    }
}

fn is_keyword_of_item(word: &str) -> bool {
    [
        "mod", "struct", "enum", "union", "trait", "type", "fn", "const", "static",
    ]
    .contains(&word)
}

/// Words, `::` and signs of a source, without comments and literals.
fn tokens(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let at = |k: usize| text.get(k).copied().unwrap_or('\0');
    let (mut tokens, mut k) = (Vec::new(), 0);
    while k < text.len() {
        let c = text[k];
        if c == '/' && at(k + 1) == '/' {
            while k < text.len() && text[k] != '\n' {
                k += 1;
            }
        } else if c == '/' && at(k + 1) == '*' {
            k = end_of_comment(&text, k);
        } else if c == '"' {
            k = end_of_string(&text, k);
        } else if c == '\'' {
            // A character, or the mark of a lifetime.
            k = match at(k + 1) == '\\' || at(k + 2) == '\'' {
                true => (k + 3..text.len())
                    .find(|&j| text[j - 1] == '\'' && j > k + 2 && (text[j - 2] != '\\' || j == k + 4))
                    .unwrap_or(text.len()),
                false => k + 1,
            };
        } else if c.is_alphabetic() || c == '_' {
            let start = k;
            while at(k).is_alphanumeric() || at(k) == '_' {
                k += 1;
            }
            let word: String = text[start..k].iter().collect();
            let raw = ["r", "br", "cr"].contains(&word.as_str())
                && (at(k) == '"' || at(k) == '#' && ['#', '"'].contains(&at(k + 1)));
            match raw {
                true => k = end_of_raw_string(&text, k),
                false => tokens.push(Token::Word(word)),
            }
        } else if c == ':' && at(k + 1) == ':' {
            tokens.push(Token::Separator);
            k += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(Token::Sign(c));
            }
            k += 1;
        }
    }
    tokens
}

/// Comments between `/*` and `*/` nest.
fn end_of_comment(text: &[char], start: usize) -> usize {
    let (mut depth, mut k) = (0, start);
    while k + 1 < text.len() {
        match (text[k], text[k + 1]) {
            ('/', '*') => (depth, k) = (depth + 1, k + 2),
            ('*', '/') => (depth, k) = (depth - 1, k + 2),
            _ => k += 1,
        }
        if depth == 0 {
            return k;
        }
    }
    text.len()
}

fn end_of_string(text: &[char], start: usize) -> usize {
    let mut k = start + 1;
    while k < text.len() && text[k] != '"' {
        k += if text[k] == '\\' { 2 } else { 1 };
    }
    k + 1
}

/// From the first `#` or the quote.
fn end_of_raw_string(text: &[char], start: usize) -> usize {
    let hashes = text[start..].iter().take_while(|c| **c == '#').count();
    let closes =
        |k: &usize| text[*k] == '"' && text[k + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (start + hashes + 1..text.len())
        .find(closes)
        .map_or(text.len(), |k| k + 1 + hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        text.split("::").map(str::to_owned).collect()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, Path> {
        pairs.iter().map(|(name, p)| ((*name).to_owned(), path(p))).collect()
    }

    #[test]
    fn a_tree_of_imports_is_every_path_in_it() {
        let source = source("use crate::{a::{self, B as C}, d::*, super_thing};\npub(crate) use e::F;\npub use g::*;");
        assert_eq!(
            source.imports,
            map(&[
                ("a", "crate::a"),
                ("C", "crate::a::B"),
                ("super_thing", "crate::super_thing")
            ])
        );
        assert_eq!(source.globs, [path("crate::d")]);
        assert_eq!(source.exports, map(&[("F", "e::F")]));
        assert_eq!(source.exported_globs, [path("g")]);
    }

    #[test]
    fn paths_are_seen_in_code_and_not_in_comments_or_literals() {
        let text = "// crate::a::A\n/* crate::b /* crate::c */ crate::d */\nconst T: &str = \"crate::e\\\" crate::f\";\n\
            const R: &str = r#\"crate::g \" crate::h\"#;\nfn f<'a>(c: char) -> crate::i::I<'a> { if c == '\"' || c == '\\'' { super::j() } }";
        assert_eq!(source(text).paths, [path("crate::i::I"), path("super::j")]);
        assert_eq!(source(text).items, ["T", "R", "f"]);
    }

    #[test]
    fn tests_are_left_out() {
        let text = "use crate::a::A;\n#[cfg(test)]\nmod tests { use crate::b::B; fn f() { crate::c(); } }\n#[cfg(test)]\nmod slow;\n\
            #[cfg(all(test, unix))]\nuse crate::d::D;\nfn g() { crate::e::f(); }";
        let source = source(text);
        assert_eq!(source.imports, map(&[("A", "crate::a::A")]));
        assert_eq!(source.paths, [path("crate::e::f")]);
        assert_eq!(source.test_modules, ["slow"]);
    }

    #[test]
    fn within_a_module_of_the_source_paths_lead_from_there() {
        let text = "mod inner { use super::A; use super::super::b::B; fn f() { self::g(); { super::h::i(); } } }\nfn k() { super::l(); }";
        let source = source(text);
        assert_eq!(source.imports, map(&[("A", "self::A"), ("B", "super::b::B")]));
        assert_eq!(
            source.paths,
            [path("self::inner::g"), path("self::h::i"), path("super::l")]
        );
    }
}
