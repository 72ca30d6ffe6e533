//! Masked-token prediction against an independent implementation (see `fixtures/tiny-mlm`).

use cloze_models::{
    Artifact, Error, ModelSource, Precision,
    mask::{Fill, MaskModel},
};
use serde_json::Value;

use crate::support::fixture;

fn tiny(precision: Precision) -> MaskModel {
    let artifact = Artifact::read(&fixture("tiny-mlm"), "tiny", precision).unwrap();
    MaskModel::open(&artifact, 2).unwrap()
}

fn default() -> MaskModel {
    let dir = ModelSource::Default.locate().expect("run `python3 models/provision.py`");
    MaskModel::open(&Artifact::read(&dir, "default", Precision::Int8).unwrap(), 2).unwrap()
}

fn golden() -> Value {
    serde_json::from_slice(&std::fs::read(fixture("tiny-mlm/golden.json")).unwrap()).unwrap()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn ids(v: &Value) -> Vec<u32> {
    numbers(v).into_iter().map(|n| n as u32).collect()
}

fn fill(text: &str, top_k: usize, targets: &[&str]) -> Fill {
    Fill { text: text.into(), top_k, targets: targets.iter().map(|t| (*t).to_owned()).collect() }
}

/// The largest difference to the reference's logits.
fn furthest(model: &MaskModel) -> f64 {
    let mut furthest = 0f64;
    for item in golden()["logits"].as_array().unwrap() {
        let tokens = model.tokenizer().whole(item["text"].as_str().unwrap()).unwrap();
        assert_eq!(tokens.ids, ids(&item["token_ids"]));
        let found = model.logits(&tokens.ids, &ids(&item["places"])).unwrap();
        let wanted: Vec<f64> = item["logits"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_eq!(found.len(), wanted.len());
        found.iter().zip(wanted).for_each(|(f, w)| furthest = furthest.max((f64::from(*f) - w).abs()));
    }
    furthest
}

#[test]
fn logits_equal_the_reference() {
    let difference = furthest(&tiny(Precision::Fp32));
    println!("largest difference of a logit in fp32: {difference:.2e}");
    assert!(difference < 1e-3, "{difference}");
    assert!(furthest(&tiny(Precision::Int8)) > difference, "int8 rounds, so the comparison can fail");
}

#[test]
fn scores_equal_the_reference() {
    let model = tiny(Precision::Fp32);
    for item in golden()["scores"].as_array().unwrap() {
        let scored = model.score(item["text"].as_str().unwrap()).unwrap();
        let wanted = numbers(&item["log_probabilities"]);
        assert_eq!(scored.tokens.len(), wanted.len());
        for (token, wanted) in scored.tokens.iter().zip(&wanted) {
            assert!((token.log_probability - wanted).abs() < 1e-3, "{token:?}, expected {wanted}");
        }
        assert!((scored.pseudo_log_likelihood - wanted.iter().sum::<f64>()).abs() < 1e-2);
    }
}

#[test]
fn probabilities_sum_to_one_and_come_in_order() {
    let model = tiny(Precision::Fp32);
    let all = model.tokenizer().vocabulary_size();
    let (blanks, filled) = model.fill(&fill("the [MASK] of the river", all, &["index", "building"])).unwrap();
    let predictions = &blanks[0].predictions;
    assert_eq!(predictions.len(), all);
    assert!((predictions.iter().map(|p| p.probability).sum::<f64>() - 1.0).abs() < 1e-5);
    assert!(predictions.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
    let index = predictions.iter().find(|p| p.token == "index").unwrap();
    assert_eq!(blanks[0].targets[0].probability, index.probability);
    assert_eq!(blanks[0].targets[1].tokens, ["build", "##ing"]);
    assert!(blanks[0].targets[1].probability > 0.0);
    let token = &predictions[0].token;
    let wanted = match token.strip_prefix("##") {
        Some(rest) => format!("the{rest} of the river"),
        None => format!("the {token} of the river"),
    };
    assert_eq!(filled[0].text, wanted);
}

/// What a target of several pieces has for its probability, by hand.
#[test]
fn a_word_of_several_pieces_is_the_product_of_its_pieces() {
    let model = tiny(Precision::Fp32);
    let score = model.fill(&fill("a [MASK] page", 1, &["building"])).unwrap().0[0].targets[0].probability;
    let piece = |text: &str, word: &str| {
        let tokens = model.tokenizer().whole(text).unwrap().ids;
        let at = tokens.iter().position(|id| *id == model.mask()).unwrap() as u32;
        let row = &model.log_probabilities(&tokens, &[at]).unwrap()[0];
        f64::from(row[model.tokenizer().token_id(word).unwrap() as usize]).exp()
    };
    let by_hand = piece("a [MASK] [MASK] page", "build") * piece("a build [MASK] page", "##ing");
    assert!((score / by_hand - 1.0).abs() < 1e-4, "{score} for {by_hand}");
}

/// The search over two blanks finds the best of all pairs, in the order that blanks are filled.
#[test]
fn several_blanks_are_filled_jointly() {
    let model = tiny(Precision::Fp32);
    let text = "the [MASK] of [MASK] work";
    let (blanks, filled) = model.fill(&fill(text, 3, &[])).unwrap();
    assert_eq!((blanks.len(), filled.len()), (2, 3));
    assert!(filled.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
    let tokens = model.tokenizer().whole(text).unwrap().ids;
    let places: Vec<u32> = (0u32..).zip(&tokens).filter(|(_, id)| **id == model.mask()).map(|(at, _)| at).collect();
    let rows = model.log_probabilities(&tokens, &places).unwrap();
    let best = |row: &[f32]| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let first = if best(&rows[0]) >= best(&rows[1]) { 0 } else { 1 };
    // Every token in the surer blank, then every token in the other.
    let mut pairs: Vec<(f64, u32, u32)> = Vec::new();
    for id in (0..tokens.len().max(200) as u32).filter(|id| (*id as usize) < rows[0].len() && *id != model.mask()) {
        let mut filled = tokens.clone();
        filled[places[first] as usize] = id;
        let then = model.log_probabilities(&filled, &[places[1 - first]]).unwrap();
        let (other, p) =
            (0u32..).zip(&then[0]).filter(|(o, _)| *o != model.mask()).max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        pairs.push((f64::from(rows[first][id as usize]) + f64::from(*p), id, other));
    }
    let (log_probability, id, other) = *pairs.iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let spell = |id| model.tokenizer().token(id).unwrap();
    let wanted = if first == 0 { [spell(id), spell(other)] } else { [spell(other), spell(id)] };
    assert_eq!(filled[0].tokens, wanted);
    assert!((filled[0].probability / log_probability.exp() - 1.0).abs() < 1e-3);
}

#[test]
fn what_cannot_be_filled_is_refused_by_name() {
    let model = tiny(Precision::Fp32);
    let refused = |text: &str, targets: &[&str]| model.fill(&fill(text, 5, targets)).unwrap_err();
    for text in ["no blank here", "", &"[MASK] ".repeat(200), &format!("[MASK] {}", "word ".repeat(100))] {
        let error = refused(text, &[]);
        assert!(matches!(error, Error::BadText { .. }), "{error}");
    }
    for target in ["", "two words", "世", "[MASK]"] {
        let error = refused("a [MASK]", &[target]);
        assert!(matches!(error, Error::BadTarget { .. }), "{error}");
        assert!(error.to_string().contains(target), "{error}");
    }
    for text in ["", " ", &"word ".repeat(100)] {
        assert!(matches!(model.score(text).unwrap_err(), Error::BadText { .. }));
    }
    let headless = Artifact::read(&fixture("tiny-bert"), "headless", Precision::Fp32).unwrap();
    let Err(error) = MaskModel::open(&headless, 1) else { panic!("it has no prediction head") };
    assert!(matches!(error, Error::NoHead { .. }) && error.to_string().contains("headless"), "{error}");
}

#[test]
fn the_default_model_predicts_from_both_sides() {
    let model = default();
    let first = |text: &str| {
        let (blanks, _) = model.fill(&fill(text, 5, &[])).unwrap();
        blanks[0].predictions.iter().map(|p| p.token.clone()).collect::<Vec<_>>()
    };
    // What follows decides: the words before the blank are the same.
    let (of_place, of_time) =
        (first("He died in the [MASK] of Berlin."), first("He died in the [MASK] of 1912 and was buried in May."));
    assert!(of_place.contains(&"city".to_owned()), "{of_place:?}");
    assert_ne!(of_place, of_time);
}

#[test]
fn a_head_of_another_model_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(fixture("tiny-bert").join(name), dir.path().join(name)).unwrap();
    }
    let bytes = cloze_models::head::to_bytes(&[], "0123", "{}").unwrap();
    std::fs::write(dir.path().join(cloze_models::head::FILE), bytes).unwrap();
    let artifact = Artifact::read(dir.path(), "tiny", Precision::Fp32).unwrap();
    let Err(error) = MaskModel::open(&artifact, 1) else { panic!("the head belongs to another model") };
    assert!(error.to_string().contains("0123") && error.to_string().contains("mask_head.safetensors"), "{error}");
}
