//! Queries that a site does not answer: they show the similarities of a search without a correct result.
//!
//! The similarity of the nearest passage to an unrelated question differs from index to index: it grows with the
//! number of passages and with the breadth of the subject. So every build measures it, with questions of everyday
//! life and with meaningless strings. A site may well be about the subject of one question; quartiles are robust to a
//! few of those.

/// Questions on fifty subjects.
pub(crate) const QUESTIONS: [&str; 50] = [
    "how long should I boil an egg",
    "best time of year to prune roses",
    "who won the football world cup in 1966",
    "symptoms of a vitamin D deficiency",
    "how to remove a red wine stain from a carpet",
    "what is the capital of Mongolia",
    "cheap flights to Lisbon in spring",
    "how do I change a bicycle tyre",
    "recipe for sourdough bread with rye flour",
    "why is my cat sneezing",
    "how many calories are in an avocado",
    "what causes the northern lights",
    "learn to play the guitar at home",
    "average rent of a flat in Berlin",
    "when did the Roman empire fall",
    "how to train for a marathon",
    "home remedies for a sore throat",
    "difference between a lease and a mortgage",
    "which shoes go with a navy suit",
    "how do bees make honey",
    "lyrics of a famous love song",
    "history of the printing press",
    "how to get rid of slugs in the garden",
    "tallest mountain in South America",
    "do I need a visa for Japan",
    "how to knit a scarf for beginners",
    "what is a good present for a ten year old",
    "how do vaccines work",
    "causes of the first world war",
    "how to tune a piano",
    "best camera for wildlife photography",
    "how much does a new roof cost",
    "what do pandas eat",
    "how to make soap from olive oil",
    "rules of chess castling",
    "is it safe to eat raw salmon",
    "how do tides work",
    "which planet has the most moons",
    "how to fix a dripping tap",
    "what is inflation in economics",
    "how to fold a paper crane",
    "famous paintings by Vermeer",
    "how do I apply for a divorce",
    "what is the speed of light",
    "how to stop a baby crying",
    "best hiking trails in the Alps",
    "what to wear to a wedding",
    "how do submarines dive",
    "how to store potatoes over winter",
    "meaning of a dream about falling",
];

/// Number of additional strings without a meaning.
const GIBBERISH: usize = 24;

/// All queries; the same in every build.
pub(crate) fn queries() -> Vec<String> {
    let mut state = 1u64;
    let mut random = |n: u64| {
        // Knuth's MMIX generator: only its repeatability matters here.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut word = || -> String { (0..4 + random(6)).map(|_| char::from(b'a' + random(26) as u8)).collect() };
    let gibberish = (0..GIBBERISH).map(|i| (0..=i % 3).map(|_| word()).collect::<Vec<_>>().join(" "));
    QUESTIONS.iter().map(|q| (*q).to_owned()).chain(gibberish).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn queries_repeat_and_differ() {
        let queries = super::queries();
        assert_eq!(queries, super::queries());
        let different: std::collections::HashSet<_> = queries.iter().collect();
        assert_eq!(different.len(), queries.len());
    }
}
