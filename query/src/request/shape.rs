//! What a stretch of a pasted log line looks like: a time, a number of a request or a path says nothing about a
//! subject, and there may be very many of them.

/// Digits and letters a to f in a row that are an address of memory or a hash.
const LONG_HEX: usize = 8;
/// Slashes from which on a stretch is a path.
const SLASHES: usize = 2;

/// What a stretch without white space is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Words, names, codes.
    Telling,
    /// A time, a date, an address, a hash or a number of something.
    Noise,
    /// A path or an address, of which the last name says most.
    Path,
}

/// The shape of a stretch; brackets and punctuation around it do not matter.
pub(super) fn shape(stretch: &str) -> Shape {
    let body = stretch.trim_matches(|c: char| !c.is_alphanumeric() && c != '/' && c != '\\');
    if is_id(body) || is_time(body) || is_long_hex(body) {
        return Shape::Noise;
    }
    let slashes = body.chars().filter(|c| matches!(c, '/' | '\\')).count();
    if slashes >= SLASHES { Shape::Path } else { Shape::Telling }
}

/// Bytes of a path where its last name begins.
pub(super) fn last_name(path: &str) -> usize {
    let body = path.trim_end_matches(|c: char| !c.is_alphanumeric());
    body.rfind(['/', '\\']).map_or(0, |at| at + 1)
}

/// Eight, three times four and twelve hexadecimal digits (RFC 9562).
fn is_id(text: &str) -> bool {
    let id = text.rsplit(['=', ':', '/']).next().unwrap_or(text);
    id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// At least two numbers with signs between them and hardly a letter: a time, a date, a version, an address with a port.
fn is_time(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '-' | '/' | ',' | '+'));
    // `2024-05-01T10:22:31.123Z` has two letters; `ORA-00942` and `1.2.3-beta` have too many.
    numbers > 1 && letters <= 2 && digits > letters && is_plain
}

fn is_long_hex(text: &str) -> bool {
    let digits = text.rsplit(['=', ':']).next().unwrap_or(text);
    let (digits, is_marked) = digits.strip_prefix("0x").map_or((digits, false), |rest| (rest, true));
    let is_hex = digits.len() >= LONG_HEX && digits.chars().all(|c| c.is_ascii_hexdigit());
    let is_mixed = digits.contains(|c: char| c.is_ascii_digit()) && digits.contains(|c: char| c.is_ascii_alphabetic());
    is_hex && (is_marked || is_mixed || digits.len() > LONG_HEX && digits.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_of_requests_are_noise() {
        for noise in [
            "2024-05-01T10:22:31.123Z",
            "[10:22:31,123]",
            "2024/05/01",
            "192.168.0.12:8080",
            "550e8400-e29b-41d4-a716-446655440000",
            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
            "0x00007ffee4b8c9d0",
            "1714558951123",
        ] {
            assert_eq!(shape(noise), Shape::Noise, "{noise}");
        }
    }

    #[test]
    fn words_names_and_codes_are_telling() {
        for telling in [
            "E0382",
            "ORA-00942:",
            "ECONNREFUSED",
            "java.lang.NullPointerException:",
            "404",
            "TS2345",
            "decade",
            "and/or",
            "7.x",
            "(Foo.java:123)",
        ] {
            assert_eq!(shape(telling), Shape::Telling, "{telling}");
        }
    }

    #[test]
    fn of_a_path_the_last_name_says_most() {
        for (path, name) in [
            ("/usr/lib/python3/site-packages/urllib3/connection.py", "connection.py"),
            ("C:\\Program\\App\\main.exe", "main.exe"),
            ("https://example.org/docs/setup/", "setup/"),
        ] {
            assert_eq!(shape(path), Shape::Path, "{path}");
            assert_eq!(&path[last_name(path)..], name);
        }
    }
}
