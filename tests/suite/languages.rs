//! Words of many languages: accents, scripts without spaces, stems.

use cloze_query::Mode;

use crate::{
    site::Site,
    words::{first, keyword},
};

#[test]
fn words_typed_without_accents_are_found_in_every_language() {
    let site = Site::with(&[
        ("fr.md", "---\nlang: fr\n---\n# Sécurité des données\n\nLes élèves ont créé la clé.\n"),
        ("es.md", "---\nlang: es\n---\n# Configuración\n\nLos índices están aquí; la búsqueda es rápida.\n"),
        ("pt.md", "---\nlang: pt\n---\n# Segurança\n\nAs configurações não são automáticas.\n"),
        ("it.md", "---\nlang: it\n---\n# Qualità\n\nLe novità e le libertà della città.\n"),
        ("de.md", "---\nlang: de\n---\n# Übersetzungen\n\nFür Wörterbücher und Häuser.\n"),
        ("nfd.md", "---\nlang: fr\n---\n# Re\u{301}sume\u{301}\n\nUne the\u{301}ie\u{300}re.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("securite", "fr.md"),
        ("sécurité", "fr.md"),
        ("eleves", "fr.md"),
        ("élève", "fr.md"),
        ("\"securite des donnees\"", "fr.md"),
        ("\"sécurité des donnees\"", "fr.md"),
        ("configuracion", "es.md"),
        ("indices", "es.md"),
        ("busqueda rapida", "es.md"),
        ("seguranca", "pt.md"),
        ("configuracoes", "pt.md"),
        ("automaticas", "pt.md"),
        ("qualita", "it.md"),
        ("novita", "it.md"),
        ("ubersetzungen", "de.md"),
        ("worterbucher", "de.md"),
        ("hauser", "de.md"),
        ("se\u{301}curite\u{301}", "fr.md"),
        ("théière", "nfd.md"),
        ("theiere", "nfd.md"),
    ] {
        assert_eq!(first(&site, query), page, "{query}");
    }
    let marked = &site.search("eleves", Mode::Keyword).hits[0].snippet;
    let at: Vec<u16> = marked.text.encode_utf16().collect();
    let words = marked.highlights.iter().map(|[a, b]| String::from_utf16_lossy(&at[*a as usize..*b as usize]));
    assert_eq!(words.collect::<Vec<_>>(), ["élèves"]);
    assert_eq!(keyword(&site, "resume"), ["nfd.md"]);
    assert_eq!(site.search("Résumé", Mode::Hybrid).hits[0].id, "nfd.md", "a title with its accents typed apart");
}

#[test]
fn chinese_japanese_and_korean_are_searched() {
    let site = Site::with(&[
        ("zh.md", "---\nlang: zh\n---\n# 全文搜索引擎\n\n倒排索引保存每个词出现的位置。\n"),
        ("ja.md", "---\nlang: ja\n---\n# 検索エンジン\n\n転置索引は単語の位置を保存します。\n"),
        ("ko.md", "---\nlang: ko\n---\n# 검색 엔진\n\n역색인은 단어의 위치를 저장합니다.\n"),
        ("en.md", "# Search engine\n\nAn inverted index stores positions.\n"),
    ]);
    site.build();
    for (query, page) in [
        ("倒排索引", "zh.md"),
        ("搜索", "zh.md"),
        ("転置索引", "ja.md"),
        ("単語", "ja.md"),
        ("단어", "ko.md"),
        ("역색인", "ko.md"),
    ] {
        assert_eq!(first(&site, query), page, "{query}");
    }
    assert_eq!(keyword(&site, "\"位置を保存\""), ["ja.md", "zh.md"], "a phrase first, its parts after it");
}

#[test]
fn the_stemmer_follows_the_page() {
    let site = Site::with(&[
        ("de.md", "---\nlang: de\n---\n# Häuser\n\nAlte Häuser haben Keller.\n"),
        ("en.md", "# Houses\n\nOld houses have cellars.\n"),
    ]);
    site.build();
    assert_eq!(keyword(&site, "Haus"), ["de.md"]);
    assert_eq!(keyword(&site, "cellar"), ["en.md"]);
}
