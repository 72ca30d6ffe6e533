//! The probability of typing one word for another: the channel of a noisy-channel corrector.

/// Base cost of any slip, in nats: slips are rare.
const SLIP: f64 = 5.0;
/// Cost of a letter replaced by its neighbour on the keyboard: one of about four neighbours.
const NEIGHBOUR: f64 = 1.4;
/// Cost of an extra letter: one of the alphabet, unless a neighbouring key was hit too.
const INSERTED: f64 = 3.0;
const INSERTED_BESIDE: f64 = 1.8;
/// Cost of a letter replaced by a distant one.
const ANY_OTHER: f64 = 3.5;
/// Extra cost of a wrong first letter, which is rarer.
const FIRST: f64 = 0.3;

/// The cost of typing `typed` for `meant`, in nats: the negative logarithm of its probability. A letter can be left
/// out, doubled or swapped with its neighbour in only one way. An inserted or replaced letter is one of many, so
/// each of these slips is less likely.
///
/// The recursion is that of Damerau, "A Technique for Computer Detection and Correction of Spelling Errors" (1964);
/// the weights follow from the number of other keys.
pub(crate) fn cost(typed: &str, meant: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let mut table = vec![vec![0f64; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let mut best = if i == 0 && j == 0 { 0.0 } else { f64::INFINITY };
            if i > 0 {
                best = best.min(table[i - 1][j] + SLIP + inserted(&a, i - 1) + first(i - 1));
            }
            if j > 0 {
                best = best.min(table[i][j - 1] + SLIP + first(j - 1));
            }
            if i > 0 && j > 0 {
                best = best.min(table[i - 1][j - 1] + exchanged(a[i - 1], b[j - 1], i - 1));
            }
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && a[i - 1] != a[i - 2] {
                best = best.min(table[i - 2][j - 2] + SLIP + first(i - 2));
            }
            table[i][j] = best;
        }
    }
    table[a.len()][b.len()]
}

/// Cost of an unintended letter of `word`: no extra cost if it doubles its neighbour.
fn inserted(word: &[char], at: usize) -> f64 {
    let beside = [at.checked_sub(1).and_then(|i| word.get(i)), word.get(at + 1)];
    let mut beside = beside.into_iter().flatten();
    if beside.clone().any(|&c| c == word[at]) {
        0.0
    } else if beside.any(|&c| are_neighbours(c, word[at])) {
        INSERTED_BESIDE
    } else {
        INSERTED
    }
}

fn exchanged(typed: char, meant: char, at: usize) -> f64 {
    match typed == meant {
        true => 0.0,
        false if are_neighbours(typed, meant) => SLIP + NEIGHBOUR + first(at),
        false => SLIP + ANY_OTHER + first(at),
    }
}

fn first(at: usize) -> f64 {
    if at == 0 { FIRST } else { 0.0 }
}

/// Whether two letters are beside each other on a QWERTY keyboard.
fn are_neighbours(a: char, b: char) -> bool {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let place = |c: char| ROWS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(c)?)));
    let (Some((row_a, a)), Some((row_b, b))) = (place(a), place(b)) else { return false };
    // A lower row is shifted to the right by half a key.
    match row_a.abs_diff(row_b) {
        0 => a.abs_diff(b) == 1,
        1 => {
            let (upper, lower) = if row_a < row_b { (a, b) } else { (b, a) };
            upper == lower || upper == lower + 1
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_that_happen_in_one_way_cost_least() {
        assert_eq!(cost("commit", "commit"), 0.0);
        assert_eq!(cost("comit", "commit"), SLIP, "left out");
        assert_eq!(cost("committ", "commit"), SLIP, "doubled");
        assert_eq!(cost("commti", "commit"), SLIP, "swapped");
        assert_eq!(cost("commut", "commit"), SLIP + NEIGHBOUR);
        assert_eq!(cost("commixt", "commit"), SLIP + INSERTED);
        assert_eq!(cost("commat", "commit"), SLIP + ANY_OTHER);
        assert_eq!(cost("vommit", "commit"), SLIP + NEIGHBOUR + FIRST);
        assert_eq!(cost("snpashto", "snapshot"), 2.0 * SLIP);
    }

    #[test]
    fn the_keyboard_is_the_usual_one() {
        for (a, b) in [('a', 's'), ('q', 'w'), ('q', 'a'), ('s', 'w'), ('s', 'e'), ('z', 's'), ('m', 'n')] {
            assert!(are_neighbours(a, b) && are_neighbours(b, a), "{a} {b}");
        }
        assert!(!are_neighbours('a', 'p') && !are_neighbours('q', 'z') && !are_neighbours('é', 'e'));
    }
}
