//! Tables between `|===` lines: rows of cells.

/// Rows of a table whose cells are between bars. With `columns` 0, the first line sets the number.
pub(super) fn rows(lines: &[&str], columns: usize) -> Vec<Vec<String>> {
    let mut cells: Vec<String> = Vec::new();
    let mut columns = columns;
    for line in lines {
        let count = add_line(line, &mut cells);
        if columns == 0 && count > 0 {
            columns = cells.len();
        }
    }
    cells.chunks(columns.max(1)).map(<[_]>::to_vec).collect()
}

/// Adds the cells that begin in a line, and returns their number.
fn add_line(line: &str, cells: &mut Vec<String>) -> usize {
    let pieces = split(line, '|');
    let count = pieces.len() - 1;
    for (i, piece) in pieces.iter().enumerate() {
        // Text right before a bar may belong to the next cell.
        let text = if i < count { without_spec(piece) } else { piece };
        if i > 0 {
            cells.push(String::new());
        }
        if let Some(cell) = cells.last_mut() {
            let text = text.trim();
            if !cell.is_empty() && !text.is_empty() {
                cell.push(' ');
            }
            cell.push_str(&text.replace("\\|", "|"));
        }
    }
    count
}

/// Rows of a table with one row per line.
pub(super) fn separated(lines: &[&str], separator: char) -> Vec<Vec<String>> {
    let cells = |line: &&str| split(line, separator).iter().map(|c| c.trim().trim_matches('"').to_owned()).collect();
    lines.iter().filter(|l| !l.trim().is_empty()).map(cells).collect()
}

fn split(line: &str, separator: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, c) in line.char_indices() {
        quoted ^= c == '"' && separator != '|';
        if c == separator && !quoted && !line[..at].ends_with('\\') {
            pieces.push(&line[start..at]);
            start = at + c.len_utf8();
        }
    }
    pieces.push(&line[start..]);
    pieces
}

/// A cell without the span, alignment and style of the next one, as in `text 2+^a|`.
fn without_spec(piece: &str) -> &str {
    let word = piece.rsplit(' ').next().unwrap_or(piece);
    let is_spec = !word.is_empty() && word.bytes().all(|b| b"0123456789.+*<^>adehlmsv".contains(&b));
    let has_sign =
        word.bytes().any(|b| b"+*<^>".contains(&b)) || word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase());
    if is_spec && has_sign { &piece[..piece.len() - word.len()] } else { piece }
}

/// Number of columns in an attribute list: `cols="1,2*"`.
pub(super) fn columns(attributes: &str) -> usize {
    let Some(value) = attributes.split_once("cols=").map(|(_, v)| v) else { return 0 };
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split(',').next().unwrap_or_default(),
    };
    let times = |c: &str| c.trim().split_once('*').and_then(|(n, _)| n.parse().ok()).unwrap_or(1_usize).min(1000);
    value.split([',', ';']).map(times).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_separate_cells() {
        let joined = |rows: Vec<Vec<String>>| rows.iter().map(|r| r.join("/")).collect::<Vec<_>>();
        assert_eq!(joined(rows(&["|a |b", "", "|c", "a|d \\| e", "more", "2+|f"], 0)), ["a/b", "c/d | e more", "f"]);
        assert_eq!(joined(rows(&["|a", "|b", "|c", "|d"], columns("cols=\"1,1\""))), ["a/b", "c/d"]);
        assert_eq!(joined(separated(&["a,\"b, c\""], ',')), ["a/b, c"]);
        assert_eq!([columns("%header,cols=3*"), columns("cols=\"1,2*,a\""), columns("x")], [3, 4, 0]);
    }
}
