//! Calls whose first word says which of several they are: `file(GLOB <variable>)` beside `file(COPY <files>)`.

/// The call as readers name it: `file(GLOB)` for `file(GLOB <variable>)`. The word is in capitals, and parameters
/// follow it or the call ends.
pub(super) fn called_with(call: &str) -> Option<String> {
    let (name, parameters) = call.split_once('(')?;
    let word: String = parameters.chars().take_while(|c| c.is_ascii_uppercase() || "_-".contains(*c)).collect();
    let after = parameters[word.len()..].chars().next();
    let is_alone = after.is_none_or(|c| c.is_whitespace() || ")[".contains(c));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.:".contains(c));
    (is_name && is_alone && word.len() > 1).then(|| format!("{name}({word})"))
}

/// The call that code begins with, if the address of the code is the word of one of its calls.
pub(super) fn of_code(code: &str, address: &str) -> Option<String> {
    let calls: Vec<String> = code.lines().filter_map(called_with).collect();
    let address = plain(address);
    let is_of = |call: &String| call.split_once('(').is_some_and(|(_, word)| plain(word) == address);
    let is_named = calls.iter().any(is_of);
    calls.into_iter().next().filter(|first| is_named && code.starts_with(first.trim_end_matches(')')))
}

/// Letters and digits in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_capitals_belongs_to_the_name() {
        assert_eq!(called_with("file(GLOB <variable> [RELATIVE <path>])").as_deref(), Some("file(GLOB)"));
        assert_eq!(called_with("file(REAL_PATH").as_deref(), Some("file(REAL_PATH)"));
        for other in ["file(Glob)", "max(A, B)", "max(AB, B)", "SELECT (ALL", "f(X)", "no call", "pair(T1 a)"] {
            assert_eq!(called_with(other), None, "{other}");
        }
    }

    #[test]
    fn code_is_named_by_a_call_that_its_address_names() {
        let code = "file(GLOB <variable>\n     [<globs>...])\nfile(GLOB_RECURSE <variable>)";
        assert_eq!(of_code(code, "glob-recurse").as_deref(), Some("file(GLOB)"));
        assert_eq!(of_code(code, "listing-1"), None);
        assert_eq!(of_code("set(x 1)\nfile(GLOB y)", "glob"), None, "an example");
    }
}
