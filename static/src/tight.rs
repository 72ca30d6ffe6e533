//! Scripts without the spaces that they do not need, so that browsers fetch less.
//!
//! A line stays where its end may end a statement. What stands in strings, templates and regular expressions stays.

/// A script without comments at the ends of lines, and without spaces beside signs.
pub(crate) fn tight(script: &str) -> String {
    let mut lexer = Lexer { chars: script.chars().collect(), at: 0, out: String::new(), braces: Vec::new() };
    while let Some(c) = lexer.here() {
        lexer.step(c);
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    out: String,
    /// For each template around: how many braces are open in its expression.
    braces: Vec<usize>,
}

impl Lexer {
    fn here(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&self) -> Option<char> {
        self.chars.get(self.at + 1).copied()
    }

    fn step(&mut self, c: char) {
        match c {
            '"' | '\'' => self.literal(c, false),
            '`' => self.template(),
            '/' if self.next() == Some('/') => self.comment(),
            '/' if self.is_before_value() => self.literal('/', true),
            '}' if self.braces.last() == Some(&0) => {
                self.braces.pop();
                self.template();
            }
            ' ' => self.space(),
            '\n' if self.out.ends_with([';', '{', ',', '(', '[']) => self.at += 1,
            _ => self.sign(c),
        }
    }

    fn sign(&mut self, c: char) {
        if let Some(open) = self.braces.last_mut() {
            match c {
                '{' => *open += 1,
                '}' => *open -= 1,
                _ => {}
            }
        }
        self.copy();
    }

    fn copy(&mut self) {
        self.out.extend(self.here());
        self.at += 1;
    }

    /// A string or a regular expression, in which a class of characters may hold the closing sign.
    fn literal(&mut self, close: char, has_classes: bool) {
        self.copy();
        let mut is_class = false;
        while let Some(c) = self.here() {
            if c == '\\' {
                self.copy();
            }
            self.copy();
            match c {
                '[' if has_classes => is_class = true,
                ']' => is_class = false,
                c if c == close && !is_class => return,
                _ => {}
            }
        }
    }

    /// A template up to its end or its next expression, from its first sign or from the end of an expression.
    fn template(&mut self) {
        self.copy();
        while let Some(c) = self.here() {
            if c == '$' && self.next() == Some('{') {
                self.copy();
                self.copy();
                self.braces.push(0);
                return;
            }
            if c == '\\' {
                self.copy();
            }
            self.copy();
            if c == '`' {
                return;
            }
        }
    }

    fn comment(&mut self) {
        while self.here().is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
    }

    fn space(&mut self) {
        let (before, after) = (self.out.chars().last(), self.next());
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#'));
        let is_same_sign = before == after && matches!(after, Some('+' | '-'));
        if (is_word(before) && is_word(after)) || is_same_sign || after == Some('/') || before == Some('/') {
            self.out.push(' ');
        }
        self.at += 1;
    }

    /// Whether a value must come next, so that a slash begins a regular expression.
    fn is_before_value(&self) -> bool {
        let text = self.out.trim_end();
        let ends_value = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ')' | ']' | '}' | '"' | '\'' | '`');
        !text.ends_with(ends_value) || text.ends_with("return")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_beside_signs_go() {
        assert_eq!(tight("const a = (b, c) => b + c; // why\nreturn a;"), "const a=(b,c)=>b+c;return a;");
        assert_eq!(tight("if (x in y) { z = a - -b; } else w++;"), "if(x in y){z=a- -b;}else w++;");
    }

    #[test]
    fn lines_that_end_no_statement_are_joined() {
        assert_eq!(tight("f(\na,\nb\n)\nif (c) {\nd = 1;\n}\ne"), "f(a,b\n)\nif(c){d=1;}\ne");
    }

    #[test]
    fn literals_stay() {
        for literal in ["\"a = \\\" b\"", "' , '", "`a = ${b} , c`", "/[/ ] = \\/ ,/u"] {
            assert_eq!(tight(&format!("f({literal}, 1)")), format!("f({literal},1)"));
        }
        assert_eq!(
            tight("`x ${a.map((b) => { return `${b} , ${c + d}`; })} = y` + z"),
            "`x ${a.map((b)=>{return`${b} , ${c+d}`;})} = y`+z"
        );
        assert_eq!(tight("a = b / c / d; e = f(g) / 2"), "a=b / c / d;e=f(g) / 2");
        assert_eq!(tight("return /a b/.test(c)"), "return /a b/.test(c)");
    }
}
