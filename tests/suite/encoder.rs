//! The encoder against vectors of an independent implementation (see `fixtures/golden`).

use cloze_models::{Artifact, Encoder, Pooling, Precision, TextKind};
use serde_json::Value;

use crate::support::{cosine, encoder, fixture, open_default};

struct Golden {
    name: String,
    text: String,
    ids: Vec<u32>,
    vector: Vec<f32>,
}

fn numbers(v: &Value) -> impl Iterator<Item = f64> + '_ {
    v.as_array().unwrap().iter().map(|n| n.as_f64().unwrap())
}

fn golden() -> Vec<Golden> {
    let file: Value = serde_json::from_slice(&std::fs::read(fixture("golden/golden.json")).unwrap()).unwrap();
    let items = file["items"].as_array().unwrap().iter().map(|item| Golden {
        name: item["name"].as_str().unwrap().to_owned(),
        text: item["text"].as_str().unwrap().to_owned(),
        ids: numbers(&item["token_ids"]).map(|n| n as u32).collect(),
        vector: numbers(&item["vector"]).map(|n| n as f32).collect(),
    });
    items.collect()
}

fn lowest_cosine(encoder: &Encoder) -> (f64, String) {
    let golden = golden();
    assert_eq!(golden.len(), 20);
    let worst = golden.iter().map(|g| {
        let encoded = encoder.encode(TextKind::Passage, &g.text).unwrap();
        let length: f32 = encoded.vector.iter().map(|v| v * v).sum();
        assert!((length - 1.0).abs() < 1e-4, "{} has length {length}", g.name);
        (cosine(&encoded.vector, &g.vector), g.name.clone())
    });
    worst.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
}

#[test]
fn token_ids_equal_the_reference() {
    for g in golden() {
        let tokens = encoder().tokenizer().tokenize(&g.text).unwrap();
        assert_eq!(tokens.ids, g.ids, "{}", g.name);
    }
}

#[test]
fn fp32_vectors_equal_the_reference() {
    let (cosine, name) = lowest_cosine(&open_default(Precision::Fp32));
    println!("lowest cosine in fp32: {cosine:.6} ({name})");
    assert!(cosine >= 0.9999, "{name}: {cosine}");
}

#[test]
fn int8_vectors_are_close_to_the_reference() {
    let (cosine, name) = lowest_cosine(encoder());
    println!("lowest cosine in int8: {cosine:.6} ({name})");
    assert!(cosine >= 0.97, "{name}: {cosine}");
}

#[test]
fn a_vector_does_not_depend_on_what_else_is_encoded() {
    let texts: Vec<String> = golden().into_iter().map(|g| g.text).collect();
    let encode = |t: &String| encoder().encode(TextKind::Passage, t).unwrap().vector;
    let alone: Vec<Vec<f32>> = texts.iter().map(encode).collect();
    let together: Vec<Vec<Vec<f32>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4usize)
            .map(|shift| {
                let texts = &texts;
                scope.spawn(move || {
                    let mut out = vec![Vec::new(); texts.len()];
                    for i in 0..texts.len() {
                        let i = (i + shift * 5) % texts.len();
                        out[i] = encode(&texts[i]);
                    }
                    out
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for vectors in together {
        assert_eq!(vectors, alone, "bit for bit");
    }
}

#[test]
fn a_cut_is_reported() {
    let long = "word ".repeat(1000);
    let encoded = encoder().encode(TextKind::Passage, &long).unwrap();
    assert_eq!((encoded.tokens, encoded.cut), (256, 1000 - 254));
    let short = encoder().encode(TextKind::Passage, "word").unwrap();
    assert_eq!((short.tokens, short.cut), (3, 0));
}

/// Compares vectors of the tiny model with the reference: value by value, because the vectors of so
/// small a model are all alike.
fn equals_the_tiny_reference(encoder: &Encoder, pooling: &str) {
    let expected: Value = serde_json::from_slice(&std::fs::read(fixture("tiny-bert/golden.json")).unwrap()).unwrap();
    let items = expected["items"].as_array().unwrap().iter();
    for (item, vector) in items.zip(expected[pooling].as_array().unwrap()) {
        let got = encoder.encode(TextKind::Passage, item["text"].as_str().unwrap()).unwrap().vector;
        let worst = got.iter().zip(numbers(vector)).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-4, "{pooling} of {item}: {worst}");
    }
}

#[test]
fn every_pooling_of_another_checkpoint_equals_the_reference() {
    for (name, pooling) in [("mean", Pooling::Mean), ("cls", Pooling::Cls), ("max", Pooling::Max)] {
        let mut artifact = Artifact::read(&fixture("tiny-bert"), "tiny", Precision::Fp32).unwrap();
        artifact.record.pooling = pooling;
        equals_the_tiny_reference(&Encoder::from_artifact(&artifact, 1).unwrap(), name);
    }
}

#[test]
fn an_onnx_file_of_another_architecture_is_run_as_it_is() {
    let artifact = Artifact::read(&fixture("tiny-onnx"), "tiny", Precision::Int8).unwrap();
    assert_eq!(artifact.record.precision, Precision::Fp32, "the file's own precision");
    equals_the_tiny_reference(&Encoder::from_artifact(&artifact, 1).unwrap(), "mean");
}

#[test]
fn another_architecture_without_an_onnx_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(fixture("tiny-onnx").join(file), dir.path().join(file)).unwrap();
    }
    std::fs::copy(fixture("tiny-bert/model.safetensors"), dir.path().join("model.safetensors")).unwrap();
    let error = Artifact::read(dir.path(), "x", Precision::Int8).unwrap_err().to_string();
    assert!(error.contains("architecture \"another\"") && error.contains("onnx/model.onnx"), "{error}");
}

#[test]
fn prompts_go_in_front_of_queries_and_passages() {
    let dir = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(fixture("tiny-bert").join(file), dir.path().join(file)).unwrap();
    }
    let open = || {
        let artifact = Artifact::read(dir.path(), "x", Precision::Fp32).unwrap();
        Encoder::from_artifact(&artifact, 1).unwrap()
    };
    let plain = open();
    let prompts = r#"{"prompts": {"query": "find: ", "passage": "text: "}}"#;
    std::fs::write(dir.path().join("config_sentence_transformers.json"), prompts).unwrap();
    std::fs::write(dir.path().join("sentence_bert_config.json"), r#"{"max_seq_length": 16}"#).unwrap();
    let prompted = open();
    assert_eq!(prompted.record().max_tokens, 16);
    assert!(!plain.record().same_space(prompted.record()), "another prompt is another vector space");
    for (kind, text) in [(TextKind::Query, "find: a fast index"), (TextKind::Passage, "text: a fast index")] {
        let expected = plain.encode(kind, text).unwrap().vector;
        assert_eq!(prompted.encode(kind, "a fast index").unwrap().vector, expected, "{kind:?}");
    }
}

/// Prompts that the model does not list are given to the build, stored in the index and used by searches.
#[test]
fn prompts_of_the_user_are_those_of_the_index() {
    let site = crate::site::Site::with(&[("a.md", "# A\n\nText of a page.\n")]);
    let model = site.root().join("model");
    std::fs::create_dir(&model).unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(fixture("tiny-bert").join(file), model.join(file)).unwrap();
    }
    let settings = format!("model = {:?}\n[build]\nquery_prefix = \"find: \"\npassage_prefix = \"text: \"\n", model);
    std::fs::write(site.root().join("cloze.toml"), settings).unwrap();
    let prefixes = |site: &crate::site::Site| {
        let engine = site.engine();
        let encoder = engine.encoder().unwrap();
        let plain = Encoder::open(&model, "x", cloze_models::EncoderOptions::default()).unwrap();
        for (kind, prefix) in
            [(TextKind::Query, &encoder.record().query_prefix), (TextKind::Passage, &encoder.record().passage_prefix)]
        {
            let expected = plain.encode(kind, &format!("{prefix}a fast index")).unwrap().vector;
            assert_eq!(encoder.encode(kind, "a fast index").unwrap().vector, expected);
        }
        let record = &engine.generation().manifest().model;
        ["query_prefix", "passage_prefix"].map(|key| record[key].as_str().unwrap().to_owned())
    };
    site.build();
    assert_eq!(prefixes(&site), ["find: ", "text: "]);
    let (_, report) = site.build_with(&["--query-prefix", "q: ", "--passage-prefix", ""]);
    assert_eq!((prefixes(&site), report["encoded"].as_u64()), (["q: ".to_owned(), String::new()], Some(1)));
    let prompts = r#"{"prompts": {"query": "own: "}}"#;
    std::fs::write(model.join("config_sentence_transformers.json"), prompts).unwrap();
    let refused = crate::site::stderr(&site.run("indexer", &["build", "docs"]));
    assert!(
        refused.contains("the query prefix is \"own: \"") && refused.contains("the configured prefix \"find: \""),
        "{refused}"
    );
}
