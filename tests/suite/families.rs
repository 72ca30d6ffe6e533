//! Checkpoints of every family as people have them, against vectors of an independent implementation
//! (`fixtures/families/make.py`).

use std::{fs, path::Path};

use cloze_models::{Artifact, Encoder, Pooling, Precision, TextKind};
use serde_json::Value;

use crate::support::fixture;

const FAMILIES: [&str; 5] = ["old", "roberta", "xlm-roberta", "distilbert", "mpnet"];

fn golden(family: &str) -> Vec<Value> {
    let path = fixture("families").join(family).join("golden.json");
    serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap().as_array().unwrap().clone()
}

/// The largest difference of a value from the reference, over all texts and poolings of a family.
fn worst(family: &str, precision: Precision) -> f64 {
    let poolings = [("mean", Pooling::Mean), ("cls", Pooling::Cls), ("max", Pooling::Max)];
    let mut worst: f64 = 0.0;
    for (name, pooling) in poolings {
        let mut artifact = Artifact::read(&fixture("families").join(family), family, precision).unwrap();
        artifact.record.pooling = pooling;
        let encoder = Encoder::from_artifact(&artifact, 1).unwrap();
        for item in golden(family) {
            let vector = encoder.encode(TextKind::Passage, item["text"].as_str().unwrap()).unwrap().vector;
            let wanted = item[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap());
            worst = vector.iter().zip(wanted).map(|(v, w)| (f64::from(*v) - w).abs()).fold(worst, f64::max);
        }
    }
    worst
}

#[test]
fn every_family_gives_the_vectors_of_the_reference() {
    for family in FAMILIES {
        let (exact, rounded) = (worst(family, Precision::Fp32), worst(family, Precision::Int8));
        assert!(exact < 1e-4, "{family} in 32 bits: {exact}");
        assert!(rounded < 0.05, "{family} in 8 bits: {rounded}");
    }
}

#[test]
fn every_tokenizer_gives_the_tokens_of_the_reference() {
    for family in FAMILIES {
        let artifact = Artifact::read(&fixture("families").join(family), family, Precision::Fp32).unwrap();
        let encoder = Encoder::unloaded(&artifact, 1).unwrap();
        for item in golden(family) {
            let ids: Vec<u64> = item["ids"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap()).collect();
            let found = encoder.tokenizer().tokenize(item["text"].as_str().unwrap()).unwrap().ids;
            assert_eq!(found.into_iter().map(u64::from).collect::<Vec<_>>(), ids, "{family}: {}", item["text"]);
        }
    }
}

/// A copy of a fixture's configuration and tokenizer, and nothing else.
fn without_weights(family: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json"] {
        fs::copy(family.join(file), dir.path().join(file)).unwrap();
    }
    dir
}

fn refusal(dir: &Path) -> String {
    Artifact::read(dir, "x", Precision::Int8).unwrap_err().to_string()
}

#[test]
fn a_pickle_is_refused_with_the_way_out() {
    let dir = without_weights(&fixture("families/old"));
    fs::write(dir.path().join("pytorch_model.bin"), b"PK").unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("pytorch_model.bin") && error.contains("can run code"), "{error}");
    assert!(error.contains("save_pretrained"), "{error}");
}

#[test]
fn an_onnx_file_may_lie_beside_the_configuration() {
    let dir = without_weights(&fixture("tiny-onnx"));
    fs::copy(fixture("tiny-onnx/onnx/model.onnx"), dir.path().join("model.onnx")).unwrap();
    let vector = |dir: &Path| {
        let artifact = Artifact::read(dir, "x", Precision::Int8).unwrap();
        Encoder::from_artifact(&artifact, 1).unwrap().encode(TextKind::Query, "rust").unwrap().vector
    };
    assert_eq!(vector(dir.path()), vector(&fixture("tiny-onnx")));
}

#[test]
fn the_pooling_is_read_from_where_the_modules_say() {
    let dir = without_weights(&fixture("families/old"));
    fs::copy(fixture("families/old/model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    let modules = r#"[{"type": "sentence_transformers.models.Transformer", "path": ""},
                      {"type": "sentence_transformers.models.Pooling", "path": "2_Pooling"}]"#;
    fs::write(dir.path().join("modules.json"), modules).unwrap();
    fs::create_dir(dir.path().join("2_Pooling")).unwrap();
    let mode =
        |mode: &str| fs::write(dir.path().join("2_Pooling/config.json"), format!("{{\"{mode}\": true}}")).unwrap();
    mode("pooling_mode_cls_token");
    assert_eq!(Artifact::read(dir.path(), "x", Precision::Int8).unwrap().record.pooling, Pooling::Cls);
    mode("pooling_mode_lasttoken");
    assert!(refusal(dir.path()).contains("exactly one true mode"), "{}", refusal(dir.path()));
}

#[test]
fn an_architecture_with_rotary_positions_needs_an_onnx_file() {
    let dir = without_weights(&fixture("families/old"));
    fs::copy(fixture("families/old/model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    let config = fs::read_to_string(dir.path().join("config.json")).unwrap();
    fs::write(dir.path().join("config.json"), config.replace("\"bert\"", "\"modernbert\"")).unwrap();
    let error = refusal(dir.path());
    assert!(error.contains("\"modernbert\" is not supported") && error.contains("onnx/model.onnx"), "{error}");
}
