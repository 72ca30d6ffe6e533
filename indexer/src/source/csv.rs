//! Tables of records: each row of a CSV or TSV file becomes the JSON line that it stands for.

use std::{
    cell::Cell,
    io::{BufRead, BufReader, Error, Read},
    rc::Rc,
};

use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use serde_json::{Map, Value};

/// Columns with a meaning of their own, found in whatever case a table has them.
const KNOWN: [&str; 6] = ["_id", "id", "title", "text", "url", "lang"];
/// Possible delimiters between two cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The rows of a table, each as a line of JSON Lines with the number of the line where it begins.
/// The first row names the columns; empty cells are left out, except those of `text`.
///
/// # Errors
/// A sentence for the report: no column `text`, or a column twice.
pub fn rows(file: impl Read, limit: u64) -> Result<impl Iterator<Item = (u64, Result<String, String>)>, String> {
    let left = Rc::new(Cell::new(limit));
    let mut file = BufReader::with_capacity(1 << 16, Metered { inner: file, left: left.clone() });
    let beginning = file.fill_buf().map_err(|e| format!("cannot read the file ({e})"))?;
    let mut table = ReaderBuilder::new().delimiter(delimiter(beginning)).from_reader(file);
    let header = table.byte_headers().map_err(|e| reason(&e, limit).1)?;
    let columns = columns(header)?;
    let mut row = ByteRecord::new();
    let mut is_over = false;
    Ok(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        left.set(limit);
        match table.read_byte_record(&mut row) {
            Ok(false) => None,
            Ok(true) => Some((row.position().map_or(0, csv::Position::line), json(&columns, &row))),
            Err(e) => {
                let (line, why, fatal) = reason(&e, limit);
                is_over = fatal;
                Some((line.unwrap_or_else(|| table.position().line()), Err(why)))
            }
        }
    }))
}

/// The delimiter that the first line has most of, outside of quotes. Spreadsheets write `;` where a
/// comma is a decimal point.
fn delimiter(beginning: &[u8]) -> u8 {
    let mut counts = [0; DELIMITERS.len()];
    let mut quoted = false;
    for byte in beginning {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            byte => {
                if let Some(at) = DELIMITERS.iter().position(|d| d == byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let at = counts.iter().position(|c| *c == most).unwrap_or_default();
    DELIMITERS[at]
}

fn columns(header: &ByteRecord) -> Result<Vec<String>, String> {
    let name = |cell: &[u8]| {
        let name = String::from_utf8_lossy(cell).trim().to_owned();
        let lower = name.to_lowercase();
        if KNOWN.contains(&lower.as_str()) { lower } else { name }
    };
    let columns: Vec<String> = header.iter().map(name).collect();
    if let Some(twice) = columns.iter().enumerate().find(|(i, c)| !c.is_empty() && columns[..*i].contains(c)) {
        return Err(format!("the column {:?} occurs twice", twice.1));
    }
    if !columns.iter().any(|c| c == "text") {
        let shown: Vec<_> = columns.iter().take(10).map(String::as_str).collect();
        return Err(format!("the column \"text\" is missing; the first line has {}", shown.join(", ")));
    }
    Ok(columns)
}

fn json(columns: &[String], row: &ByteRecord) -> Result<String, String> {
    let mut object = Map::new();
    for (name, cell) in columns.iter().zip(row) {
        let cell = str::from_utf8(cell).map_err(|_| format!("invalid UTF-8 in the column {name:?}"))?;
        if !name.is_empty() && (!cell.trim().is_empty() || name == "text") {
            object.insert(name.clone(), Value::String(cell.to_owned()));
        }
    }
    Ok(Value::Object(object).to_string())
}

/// The line of a failure, a sentence, and whether nothing can be read behind it.
fn reason(error: &csv::Error, limit: u64) -> (Option<u64>, String, bool) {
    let line = error.position().map(csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (line, format!("the row has {len} cells; expected {expected_len}, as in the first line"), false)
        }
        ErrorKind::Io(e) if e.get_ref().is_some_and(|e| e.is::<TooLong>()) => {
            let why =
                format!("a row has more than {limit} bytes, perhaps because of an unclosed quote; the rest is skipped");
            (line, why, true)
        }
        ErrorKind::Io(e) => (line, format!("cannot read the file ({e})"), true),
        _ => (line, format!("cannot read the file ({error})"), true),
    }
}

/// Stops a row that does not end.
struct Metered<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

/// A row is longer than the limit.
#[derive(Debug)]
struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row is too long")
    }
}

impl std::error::Error for TooLong {}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if self.left.get() == 0 {
            return Err(Error::other(TooLong));
        }
        let read = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (u64, Result<String, String>);

    fn all(table: &str) -> Result<Vec<Row>, String> {
        Ok(rows(table.as_bytes(), 1 << 20)?.collect())
    }

    #[test]
    fn a_row_is_a_record() {
        let table = "\u{feff}ID,Title,text,url,Team\n7,T,\"a\n\n\"\"b\"\"\",/x,red\n8,,c,,\n";
        let lines: Vec<_> = all(table).expect("a table").into_iter().map(|(n, l)| (n, l.expect("good"))).collect();
        assert_eq!(lines[0], (2, r#"{"id":"7","title":"T","text":"a\n\n\"b\"","url":"/x","Team":"red"}"#.into()));
        assert_eq!(lines[1], (5, r#"{"id":"8","text":"c"}"#.into()));
    }

    #[test]
    fn the_delimiter_is_that_of_the_first_line() {
        for table in ["id;text\n1;a,b\n", "id\ttext\n1\ta,b\n", "id,text\n1,\"a,b\"\n", "id,\"text\"\r\n1,\"a,b\"\r\n"]
        {
            let lines = all(table).expect("a table");
            assert_eq!(lines[0].1.as_deref(), Ok(r#"{"id":"1","text":"a,b"}"#), "{table:?}");
        }
    }

    #[test]
    fn a_bad_row_is_passed_by_with_its_line() {
        let table = b"id,text\n1,a\n2,b,c\n\n3,\xFF\n4,d\n";
        let lines: Vec<_> = rows(&table[..], 1 << 20).expect("a table").collect();
        assert_eq!(
            lines.iter().map(|(n, _)| *n).collect::<Vec<_>>(),
            [2, 3, 4, 6],
            "empty lines belong to the row behind them"
        );
        assert!(lines[1].1.as_ref().expect_err("too many").contains("3 cells; expected 2"));
        assert!(lines[2].1.as_ref().expect_err("bytes").contains("UTF-8"));
        assert_eq!(lines[3].1.as_deref(), Ok(r#"{"id":"4","text":"d"}"#));
    }

    #[test]
    fn a_table_of_other_things_says_what_it_lacks() {
        assert!(
            all("a,b\n1,2\n").expect_err("no text").contains("the column \"text\" is missing; the first line has a, b")
        );
        assert!(all("text,Text\n1,2\n").expect_err("twice").contains("twice"));
        assert!(all("").expect_err("empty").contains("is missing"));
    }

    #[test]
    fn a_quote_without_its_end_does_not_fill_the_memory() {
        let table = format!("id,text\n1,a\n2,\"{}", "x\n".repeat(100_000));
        let lines: Vec<_> = rows(table.as_bytes(), 1000).expect("a table").collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].1.as_ref().expect_err("too long").contains("more than 1000 bytes"));
    }
}
