//! Tables of tbl(1): one row per line.

/// The rows of a table, with ` | ` between cells. `lines` are those between `.TS` and `.TE`.
pub(super) fn rows(lines: &[String]) -> Vec<String> {
    let options = lines.first().filter(|line| line.trim_end().ends_with(';'));
    let delimiter = options.and_then(|line| {
        let after = line.split_once("tab")?.1.trim_start().strip_prefix('(')?;
        after.chars().next()
    });
    let delimiter = delimiter.unwrap_or('\t');
    // A full stop ends the layout.
    let layout = lines.iter().position(|line| line.trim_end().ends_with('.')).map_or(0, |at| at + 1);
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut is_block = false;
    for line in &lines[layout..] {
        let mut line = line.as_str();
        if is_block {
            let Some(rest) = line.strip_prefix("T}") else {
                row.push(' ');
                row.push_str(line);
                continue;
            };
            (is_block, line) = (false, rest);
        }
        row.push_str(line);
        if let Some(before) = row.strip_suffix("T{") {
            row.truncate(before.len());
            is_block = true;
        } else {
            rows.extend(shown(&std::mem::take(&mut row), delimiter));
        }
    }
    rows.extend(shown(&row, delimiter));
    rows
}

fn shown(row: &str, delimiter: char) -> Option<String> {
    let cells: Vec<_> =
        row.split(delimiter).map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    // `_` and `=` are horizontal rules.
    let is_text = cells.iter().any(|cell| cell.chars().any(char::is_alphanumeric));
    is_text.then(|| cells.join(" | ").trim_matches([' ', '|']).to_owned())
}
