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

#[test]
fn every_pooling_of_another_checkpoint_equals_the_reference() {
    let expected: Value = serde_json::from_slice(&std::fs::read(fixture("tiny-bert/golden.json")).unwrap()).unwrap();
    for (name, pooling) in [("mean", Pooling::Mean), ("cls", Pooling::Cls), ("max", Pooling::Max)] {
        let mut artifact = Artifact::read(&fixture("tiny-bert"), "tiny", Precision::Fp32).unwrap();
        artifact.record.pooling = pooling;
        let encoder = Encoder::from_artifact(&artifact, 1).unwrap();
        let items = expected["items"].as_array().unwrap().iter();
        for (item, vector) in items.zip(expected[name].as_array().unwrap()) {
            let vector: Vec<f32> = numbers(vector).map(|n| n as f32).collect();
            let text = item["text"].as_str().unwrap();
            let got = encoder.encode(TextKind::Passage, text).unwrap().vector;
            // The vectors of so small a model are all alike, so the values are compared one by one.
            let worst = got.iter().zip(&vector).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-4, "{name} of {text:?}: {worst}");
        }
    }
}
