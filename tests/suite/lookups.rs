//! Queries that the model's lookup table encodes: when it does, what it says of that, and what it is kept from.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use cloze_models::{Artifact, LookupTable, ModelSource, Precision, TextKind, table};
use cloze_query::{EncoderChoice, Engine, Error, Mode, Request, json::EncodedBy};

use crate::{
    running::Server,
    site::{Site, stderr},
    support::{cosine, encoder, fixture},
};

fn garden() -> Site {
    let site = Site::with(&[
        ("pests.md", "# Slugs and snails\n\nCopper tape around a bed keeps slugs away from young plants.\n"),
        ("soil.md", "# Soil\n\nCompost makes heavy clay easier to dig, and lets the rain drain.\n"),
        ("tools.md", "# Tools\n\nA spade, a fork and a rake are enough for the first year.\n"),
    ]);
    site.build();
    site
}

fn request(query: &str, encoder: EncoderChoice) -> Request {
    let mut request = Request::new(query).unwrap();
    request.encoder = encoder;
    request
}

#[test]
fn the_table_comes_near_to_the_model() {
    let dir = ModelSource::Default.locate().unwrap();
    let artifact = Artifact::read(&dir, "default", Precision::Int8).unwrap();
    let table = LookupTable::of(&artifact, encoder().shared_tokenizer()).unwrap().unwrap();
    let texts = ["how do I restore a snapshot", "symptoms of a vitamin deficiency", "which planet has the most moons"];
    let model = texts.map(|text| encoder().encode(TextKind::Query, text).unwrap().vector);
    for (i, text) in texts.iter().enumerate() {
        let vector = table.encode(text).unwrap();
        let similar: Vec<f64> = model.iter().map(|m| cosine(&vector, m)).collect();
        let unlike = similar.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, s)| *s).fold(0.0, f64::max);
        assert!(similar[i] > 0.7 && unlike < 0.4, "{text}: {similar:?}");
    }
}

#[test]
fn an_answer_says_what_encoded_its_query() {
    let site = garden();
    let engine = site.engine();
    let by = |request: &Request| {
        let answer = engine.search(request).unwrap();
        assert_eq!(answer.degraded, None);
        (answer.encoder, answer.hits.first().map(|hit| hit.id.clone()))
    };
    let question = "how can I protect my seedlings from being eaten";
    let pests = Some("pests.md".to_owned());
    for (choice, encoded) in [
        (EncoderChoice::Auto, EncodedBy::Model),
        (EncoderChoice::Model, EncodedBy::Model),
        (EncoderChoice::Table, EncodedBy::Table),
    ] {
        let mut request = request(question, choice);
        request.mode = Mode::Semantic;
        assert_eq!(by(&request), (Some(encoded), pests.clone()), "{choice:?}");
    }
    for (choice, encoded) in [(EncoderChoice::Auto, EncodedBy::Table), (EncoderChoice::Model, EncodedBy::Model)] {
        let mut typing = request("keep slugs aw", choice);
        typing.prefix = true;
        assert_eq!(by(&typing), (Some(encoded), pests.clone()), "{choice:?}");
    }
    let mut words = request("slugs", EncoderChoice::Table);
    words.mode = Mode::Keyword;
    assert_eq!(by(&words).0, None);
    let json = serde_json::to_value(engine.search(&words).unwrap()).unwrap();
    assert!(json.get("encoder").is_none(), "{json}");
}

#[test]
fn a_question_about_something_else_finds_nothing_by_the_table_either() {
    let site = garden();
    let engine = site.engine();
    for choice in [EncoderChoice::Model, EncoderChoice::Table] {
        let mut request = request("interest rates of central banks", choice);
        request.mode = Mode::Semantic;
        assert!(engine.search(&request).unwrap().hits.is_empty(), "{choice:?}");
    }
    let manifest = engine.generation().manifest();
    let (model, table) = (manifest.calibration.clone(), manifest.lookup_calibration.clone().unwrap());
    assert_ne!(model, table, "the table is measured for itself");
    assert!(table.lower <= table.median && table.median <= table.upper, "{table:?}");
}

#[test]
fn a_model_without_a_table_has_none() {
    let site = garden();
    let (tiny, index) = (fixture("tiny-bert"), site.root().join("tiny"));
    let mut build = std::process::Command::new(env!("CARGO_BIN_EXE_indexer"));
    let built = build.args(["build"]).arg(site.docs()).arg("--model").arg(&tiny).arg("--index").arg(&index).output();
    assert!(built.as_ref().unwrap().status.success(), "{}", stderr(&built.unwrap()));
    let engine = Engine::open(&index, None).unwrap();
    assert_eq!(engine.generation().manifest().lookup_calibration, None);
    let error = engine.search(&request("slugs", EncoderChoice::Table)).unwrap_err();
    assert!(matches!(error, Error::Parameter { parameter: "encoder", .. }), "{error}");
    let mut typing = request("slu", EncoderChoice::Auto);
    typing.prefix = true;
    assert_eq!(engine.search(&typing).unwrap().encoder, Some(EncodedBy::Model));
    assert!(!tiny.join(table::FILE).exists(), "the fixture has no table");
}

#[test]
fn the_table_stands_in_until_the_model_is_loaded() {
    let site = garden();
    let engine = Engine::open_unloaded(&site.index(), None).unwrap();
    assert_eq!(engine.degraded(), Some("the model is loading"));
    let asked = request("how do I keep slugs away", EncoderChoice::Auto);
    let (early, _) = engine.answer(&asked).unwrap();
    assert_eq!((early.encoder, early.hits[0].id.as_str()), (Some(EncodedBy::Table), "pests.md"));
    assert!(early.degraded.as_deref().is_some_and(|why| why.contains("still loading")), "{:?}", early.degraded);
    assert_eq!(engine.remembered(&asked), None, "it is not the model's answer");
    engine.load().unwrap();
    assert_eq!(engine.degraded(), None);
    let (late, _) = engine.answer(&asked).unwrap();
    assert_eq!((late.encoder, late.degraded.as_deref()), (Some(EncodedBy::Model), None));
    assert_eq!(engine.remembered(&asked).unwrap().encoder, Some(EncodedBy::Model));
    let by_table = request("how do I keep slugs away", EncoderChoice::Table);
    assert_eq!(engine.remembered(&by_table), None, "what encodes is a part of what was asked");
}

/// Sets a flag when it is dropped, also when a test fails meanwhile.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_table_stands_in_where_the_model_has_too_much_to_do() {
    let site = garden();
    let engine = site.engine();
    let long = "Compost makes heavy clay easier to dig. ".repeat(30);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..32 * cloze_models::available_threads() {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    engine.encoder().unwrap().encode(TextKind::Passage, &long).unwrap();
                }
            });
        }
        let _stop = Stop(&done);
        while engine.encoder().unwrap().waiting() < 16 * cloze_models::available_threads() {
            thread::yield_now();
        }
        let asked = request("how do I keep slugs away", EncoderChoice::Auto);
        let (answer, _) = engine.answer(&asked).unwrap();
        assert_eq!(answer.encoder, Some(EncodedBy::Table));
        assert!(answer.degraded.as_deref().is_some_and(|why| why.contains("is busy")), "{:?}", answer.degraded);
        assert_eq!(engine.remembered(&asked), None);
    });
}

#[test]
fn the_table_stands_in_where_many_searches_wait() {
    let site = garden();
    let engine = site.engine();
    let encoder_of = |query| engine.answer(&request(query, EncoderChoice::Auto)).unwrap().0.encoder;
    assert_eq!(encoder_of("how do I keep slugs away"), Some(EncodedBy::Model));
    let many: Vec<_> = (0..4 * cloze_models::available_threads()).map(|_| engine.wait()).collect();
    assert_eq!(encoder_of("what eats my cabbages"), Some(EncodedBy::Table));
    let known = request("how do I keep slugs away", EncoderChoice::Auto);
    let before = engine.remembered(&known).unwrap();
    engine.answer(&known.clone().min_score(Some(0.01)).unwrap()).unwrap();
    assert_eq!(engine.remembered(&known.clone().min_score(Some(0.01)).unwrap()), None, "what a crowd gets is not kept");
    assert_eq!(engine.remembered(&known).unwrap().hits, before.hits);
    drop(many);
    assert_eq!(encoder_of("what eats my cabbages"), Some(EncodedBy::Model), "the model again, and nothing kept");
}

#[test]
fn the_programs_answer_without_onnx_runtime() {
    let site = garden();
    let nowhere = site.root().join("no-library.so");
    let run = |encoder: &str| {
        let mut command = site.command("query", &["keep slugs away", "--json", "--encoder", encoder]);
        command.env("CLOZE_ONNXRUNTIME", &nowhere).output().unwrap()
    };
    let answer: serde_json::Value = serde_json::from_slice(&run("table").stdout).unwrap();
    assert_eq!((&answer["encoder"], &answer["hits"][0]["id"]), (&"table".into(), &"pests.md".into()), "{answer}");
    assert!(stderr(&run("model")).contains("which is not a file"));
    assert!(stderr(&run("tables")).contains("expected auto, model or table"));

    let mut command = site.command("server", &[]);
    command.env("CLOZE_ONNXRUNTIME", &nowhere);
    let server = Server::of(command);
    server.wait_until("it says why", |ready| ready["degraded"] == "the model failed to load");
    let answer = server.get("/search?q=how+do+I+keep+slugs+away").unwrap().json();
    assert_eq!((&answer["encoder"], &answer["hits"][0]["id"]), (&"table".into(), &"pests.md".into()), "{answer}");
    assert!(answer["degraded"].as_str().is_some_and(|why| why.contains("the model failed")), "{answer}");
    assert_eq!(server.get("/search?q=slugs&encoder=tables").unwrap().code(), "invalid_parameter");
}
