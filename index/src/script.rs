//! The script of a text.

use icu_properties::{CodePointMapData, props};
use serde::{Deserialize, Serialize};

/// Scripts that a search tells apart, by their names in ISO 15924.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Script {
    /// Latin.
    #[serde(rename = "Latn")]
    Latin,
    /// Cyrillic.
    #[serde(rename = "Cyrl")]
    Cyrillic,
    /// Arabic.
    #[serde(rename = "Arab")]
    Arabic,
    /// Chinese characters.
    #[serde(rename = "Hani")]
    Han,
    /// Chinese characters with kana.
    #[serde(rename = "Jpan")]
    Japanese,
    /// Korean.
    #[serde(rename = "Hang")]
    Hangul,
    /// Hebrew.
    #[serde(rename = "Hebr")]
    Hebrew,
    /// Greek.
    #[serde(rename = "Grek")]
    Greek,
    /// Devanagari.
    #[serde(rename = "Deva")]
    Devanagari,
    /// Thai.
    #[serde(rename = "Thai")]
    Thai,
}

/// Number of scripts.
const SCRIPTS: usize = 10;

impl Script {
    /// The script of most letters of a text; `None` if there are none, or if they are of another script. Chinese
    /// characters beside kana are Japanese.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let mut letters: [(usize, Option<Self>); SCRIPTS + 1] = [(0, None); SCRIPTS + 1];
        for script in text.chars().filter(|c| c.is_alphabetic()).map(Self::of_letter) {
            let (count, name) = &mut letters[script.map_or(SCRIPTS, |script| script as usize)];
            (*count, *name) = (*count + 1, script);
        }
        if letters[Self::Japanese as usize].0 > 0 {
            letters[Self::Japanese as usize].0 += letters[Self::Han as usize].0;
        }
        let most = letters.into_iter().max_by_key(|(count, _)| *count);
        most.filter(|(count, _)| *count > 0).and_then(|(_, script)| script)
    }

    fn of_letter(letter: char) -> Option<Self> {
        Some(match CodePointMapData::<props::Script>::new().get(letter) {
            props::Script::Latin => Self::Latin,
            props::Script::Cyrillic => Self::Cyrillic,
            props::Script::Arabic => Self::Arabic,
            props::Script::Han => Self::Han,
            props::Script::Hiragana | props::Script::Katakana => Self::Japanese,
            props::Script::Hangul => Self::Hangul,
            props::Script::Hebrew => Self::Hebrew,
            props::Script::Greek => Self::Greek,
            props::Script::Devanagari => Self::Devanagari,
            props::Script::Thai => Self::Thai,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_letters_decide() {
        assert_eq!(Script::of("docker 容器怎么停止"), Some(Script::Han));
        assert_eq!(Script::of("stop a container 容器"), Some(Script::Latin));
        assert_eq!(Script::of("日本語のテキスト"), Some(Script::Japanese));
        assert_eq!(Script::of("12 + 7"), None);
        assert_eq!(Script::of("გამარჯობა"), None, "a script that is not told apart");
    }
}
