//! Tables drawn with characters, and those of the list and CSV directives: rows of cells.

use std::collections::BTreeMap;

use super::line::Line;

/// A row: the text of each cell.
pub(super) type Row = Vec<String>;

/// Whether a grid table begins with this line.
pub(super) fn is_grid(text: &str) -> bool {
    text.starts_with("+-") && text.ends_with('+') && text.bytes().all(|b| matches!(b, b'+' | b'-'))
}

/// Whether a simple table begins with this line.
pub(super) fn is_simple(text: &str) -> bool {
    text.starts_with('=') && text.contains(' ') && text.bytes().all(|b| matches!(b, b'=' | b' '))
}

/// Number of lines of the grid, counted from the first.
pub(super) fn grid_len(lines: &[Line<'_>]) -> usize {
    lines.iter().position(|l| !l.text.starts_with(['+', '|'])).unwrap_or(lines.len())
}

/// Number of lines of the simple table, counted from the first: up to a border before a blank line.
pub(super) fn simple_len(lines: &[Line<'_>]) -> usize {
    let mut borders = 0;
    for (i, line) in lines.iter().enumerate() {
        borders += usize::from(is_simple(line.text));
        let is_last = lines.get(i + 1).is_none_or(|next| next.text.is_empty());
        if is_simple(line.text) && borders > 1 && is_last {
            return i + 1;
        }
    }
    lines.len()
}

/// Rows of a grid. A border ends a row; at a spanning cell, the border is part of the text line.
pub(super) fn grid(lines: &[Line<'_>]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut cells: BTreeMap<usize, String> = BTreeMap::new();
    let mut borders: Vec<usize> = Vec::new();
    for line in lines {
        if line.text.starts_with('+') && line.text.bytes().all(|b| matches!(b, b'+' | b'-' | b'=')) {
            finish(&mut cells, &mut rows);
            borders = line.text.char_indices().filter(|(_, c)| *c == '+').map(|(at, _)| at).collect();
        } else {
            grid_line(line.text, &borders, &mut cells);
        }
    }
    finish(&mut cells, &mut rows);
    rows
}

fn grid_line(text: &str, borders: &[usize], cells: &mut BTreeMap<usize, String>) {
    let mut start = 0;
    for (column, (at, c)) in text.char_indices().enumerate() {
        if matches!(c, '|' | '+') && borders.binary_search(&column).is_ok() {
            if at > start {
                add(cells, start, &text[start..at]);
            }
            start = at + 1;
        }
    }
    add(cells, start, text[start..].trim_end_matches('|'));
}

fn add(cells: &mut BTreeMap<usize, String>, key: usize, piece: &str) {
    let piece = piece.trim();
    if piece.is_empty() || piece.bytes().all(|b| matches!(b, b'-' | b'=' | b'+')) {
        return;
    }
    let cell = cells.entry(key).or_default();
    if !cell.is_empty() {
        cell.push(' ');
    }
    cell.push_str(piece);
}

fn finish(cells: &mut BTreeMap<usize, String>, rows: &mut Vec<Row>) {
    if !cells.is_empty() {
        rows.push(std::mem::take(cells).into_values().collect());
    }
}

/// Rows of a simple table. A line without text in the first column continues the row above.
pub(super) fn simple(lines: &[Line<'_>]) -> Vec<Row> {
    let Some(first) = lines.first() else { return Vec::new() };
    let starts = column_starts(first.text);
    let mut rows = Vec::new();
    let mut cells: BTreeMap<usize, String> = BTreeMap::new();
    for line in &lines[1..] {
        if line.text.is_empty() || line.text.bytes().all(|b| matches!(b, b'=' | b'-' | b' ')) {
            continue;
        }
        if line.indent <= first.indent {
            finish(&mut cells, &mut rows);
        }
        simple_line(line, first.indent, &starts, &mut cells);
    }
    finish(&mut cells, &mut rows);
    rows
}

fn column_starts(border: &str) -> Vec<usize> {
    let bytes = border.as_bytes();
    (0..bytes.len()).filter(|&i| bytes[i] == b'=' && (i == 0 || bytes[i - 1] == b' ')).collect()
}

fn simple_line(line: &Line<'_>, indent: usize, starts: &[usize], cells: &mut BTreeMap<usize, String>) {
    let offset = line.indent.saturating_sub(indent);
    let (mut start, mut key) = (0, starts.partition_point(|s| *s <= offset));
    for (column, (at, _)) in line.text.char_indices().enumerate() {
        // Text across the gap is a cell of several columns.
        let is_gap = at > 0 && line.text.as_bytes()[at - 1] == b' ';
        if column > 0 && is_gap && starts.binary_search(&(offset + column)).is_ok() {
            add(cells, key, &line.text[start..at]);
            start = at;
            key = starts.partition_point(|s| *s <= offset + column);
        }
    }
    add(cells, key, &line.text[start..]);
}

/// Rows of a `list-table`: a list of rows, each a list of cells.
pub(super) fn list(lines: &[Line<'_>]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let base = lines.iter().find(|l| !l.text.is_empty()).map_or(0, |l| l.indent);
    for line in lines.iter().filter(|l| !l.text.is_empty()) {
        let item = item(line.text);
        match item.and_then(self::item) {
            Some(cell) if line.indent == base => rows.push(vec![cell.to_owned()]),
            _ => match (item, rows.last_mut()) {
                (Some(cell), Some(row)) if line.indent <= base + 4 => row.push(cell.to_owned()),
                _ => go_on(&mut rows, line.text),
            },
        }
    }
    rows
}

/// The text after the bullet of a list.
pub(super) fn item(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['*', '-', '+', '•'])?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
}

fn go_on(rows: &mut [Row], text: &str) {
    if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()) {
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push_str(text);
    }
}

/// Rows of a `csv-table`. Cells may be quoted; a line break within quotes ends the row here.
pub(super) fn csv(lines: &[Line<'_>]) -> Vec<Row> {
    lines.iter().filter(|l| !l.text.is_empty()).map(|l| csv_row(l.text)).collect()
}

fn csv_row(text: &str) -> Row {
    let (mut row, mut cell, mut quoted) = (Row::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell).trim().to_owned()),
            other => cell.push(other),
        }
    }
    row.push(cell.trim().to_owned());
    row
}

#[cfg(test)]
mod tests {
    use super::{super::line::lines, *};

    fn joined(rows: &[Row]) -> Vec<String> {
        rows.iter().map(|r| r.join(" | ")).collect()
    }

    #[test]
    fn drawn_tables_become_rows() {
        let grid_text = "+---+-----+\n| a | b   |\n+===+=====+\n| c | d   |\n|   | e|f |\n+---+-----+\n";
        assert_eq!(joined(&grid(&lines(grid_text))), ["a | b", "c | d e|f"]);
        let simple_text = "===  ====\na    b\n===  ====\nc    d\n     e\nlonger row\n===  ====\n";
        assert_eq!(joined(&simple(&lines(simple_text))), ["a | b", "c | d e", "longer row"]);
    }

    #[test]
    fn lists_and_csv_become_rows() {
        assert_eq!(joined(&list(&lines("* - a\n  - b\n* - c\n    d\n  - e\n"))), ["a | b", "c d | e"]);
        assert_eq!(joined(&csv(&lines("a, \"b, c\"\nd,e\n"))), ["a | b, c", "d | e"]);
    }
}
