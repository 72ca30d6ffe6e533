//! Fills a staging directory with a new generation, on top of the live one if there is one.
//!
//! The writer does not rewrite unchanged data. It links segments of the live generation into the new one, writes new
//! passages to segments of their own, and lists deleted passages as tombstones. It folds many small segments into the
//! new one. When too many passages are deleted, it rewrites everything in one segment, from the stored data.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use crate::{
    BuildCounts, Counts, Encoded, Error, FetchedPages, Generation, Key, Ledger, Manifest, Passage, PassageId,
    PreviousPages, Result,
    calibrate::{Probes, calibrate},
    compact, files,
    layout::{self, Layout},
    lexical::{ANALYSIS, LexicalWriter},
    lock::WriterLock,
    manifest::FileRecord,
    pages::{self, PageRecord},
    parts::Parts,
    publish::{self, Contents, Published, Sealed},
    staging::Staging,
    vectors::SegmentWriter,
    wear,
};

/// The settings of a new generation.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterOptions {
    /// Number of dimensions of every vector.
    pub dimension: usize,
    /// Everything that determines the vector space; the manifest stores it unchanged.
    pub model: serde_json::Value,
    /// Neighbouring tokens that share a code; 0 for an index without codes.
    pub token_neighbours: u8,
}

impl WriterOptions {
    /// Whether a generation has the same settings.
    fn are_of(&self, manifest: &Manifest) -> bool {
        manifest.model == self.model && manifest.token_neighbours == self.token_neighbours
    }
}

/// Number of generations that a new one knows to build on.
const LONGEST_LINE: usize = 64;

/// Number of passages kept in memory for known items.
const SAMPLE: usize = 512;

/// Writes one generation. Readers see no change before [`Writer::publish`].
pub struct Writer {
    layout: Layout,
    options: WriterOptions,
    staging: Staging,
    parts: Parts,
    base: Option<Base>,
    previous: Arc<PreviousPages>,
    ledger: Arc<Ledger>,
    pages: Vec<PageRecord>,
    next_passage: u32,
    next_page: u32,
    added: u64,
    unreadable: Option<String>,
    probes: Probes,
    /// The same queries, encoded by the model's lookup table; `None` if it has none.
    lookup_probes: Option<Probes>,
    /// The added passages with the lowest keys, for known items.
    sample: BTreeMap<Key, (PassageId, Passage)>,
    /// Shared with the ledger, which other owners may hold longer than the writer lives.
    lock: Arc<WriterLock>,
}

/// The live generation that the new one builds on.
struct Base {
    generation: Generation,
    /// Files shared with it.
    linked: HashMap<String, FileRecord>,
    /// Vector segments shared with it, and their rows.
    segments: Vec<String>,
    rows: u64,
    /// Rows of its other segments that were folded into the new one.
    folded_rows: usize,
}

impl Writer {
    /// Takes the writer's lock of the index directory `root` (created if absent) and starts a generation. It builds
    /// on the live one if that is intact and of the same model.
    ///
    /// # Errors
    /// [`Error::Locked`] if another process writes; [`Error::Io`] if the directory cannot be used.
    pub fn begin(root: &Path, options: WriterOptions) -> Result<Self> {
        let layout = Layout::new(root);
        files::create_dir_durably(&layout.generations())?;
        let lock = Arc::new(WriterLock::take(&layout)?);
        publish::remove_abandoned(&layout);
        let ledger = Arc::new(Ledger::open(&layout.ledger(), lock.clone())?);
        let staging = Staging::create(&layout, "")?;
        let mut unreadable = None;
        let base = match Generation::open(root) {
            Ok(live) if options.are_of(live.manifest()) => Some(live),
            Ok(_) | Err(Error::NoIndex { .. }) => None,
            // This program must not replace the index of a newer program.
            Err(error @ Error::Format { .. }) if error.is_newer_format() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "cannot build on the live generation; building a new index");
                if !matches!(error, Error::Format { .. }) {
                    unreadable = publish::current(&layout).ok().map(|(name, _)| name);
                }
                None
            }
        };
        let (mut records, mut next_passage, mut next_page) = (Vec::new(), 0, 0);
        let (base, parts) = match base {
            None => (None, Parts::create(staging.path(), "0", options.dimension)?),
            Some(generation) => {
                records = generation.pages()?;
                next_passage = generation.manifest().counts.numbers as u32;
                next_page = records.iter().map(|r| r.number + 1).max().unwrap_or(0);
                let (base, parts) = Base::link(generation, staging.path(), &options)?;
                (Some(base), parts)
            }
        };
        Ok(Self {
            layout,
            options,
            staging,
            parts,
            base,
            previous: Arc::new(PreviousPages::new(&records)),
            ledger,
            pages: Vec::new(),
            next_passage,
            next_page,
            added: 0,
            unreadable,
            probes: Probes::default(),
            lookup_probes: None,
            sample: BTreeMap::new(),
            lock,
        })
    }

    /// Pages of the generation that this one builds on; none if it does not.
    #[must_use]
    pub fn previous(&self) -> Arc<PreviousPages> {
        self.previous.clone()
    }

    /// Pages that earlier builds fetched.
    #[must_use]
    pub fn fetched(&self) -> FetchedPages {
        FetchedPages::new(&self.layout, self.lock.clone())
    }

    /// The results of earlier builds.
    #[must_use]
    pub fn ledger(&self) -> Arc<Ledger> {
        self.ledger.clone()
    }

    /// Adds a vector with the codes of its tokens; returns its row, counted from 0, for [`Self::add_passage`].
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a vector of another dimension or with values that are not finite.
    pub fn add_vector(&mut self, encoded: &Encoded) -> Result<u32> {
        Ok(self.parts.vectors.add(encoded)? - self.first_row())
    }

    /// The first row of this build in its segment.
    fn first_row(&self) -> u32 {
        self.base.as_ref().map_or(0, |b| b.folded_rows as u32)
    }

    /// Adds a passage whose vector is `row`. Passages of identical text may share one. The passages of a page come
    /// one after the other. This method sets the page's number.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a row that was never added; [`Error::TooMany`] past 2^32 passages.
    pub fn add_passage(&mut self, passage: &Passage, row: u32) -> Result<PassageId> {
        let row = row.saturating_add(self.first_row());
        if row as usize >= self.parts.vectors.rows() {
            return Err(Error::Mismatch {
                what: "row of a passage",
                found: row.to_string(),
                expected: format!("one of {} rows", self.parts.vectors.rows()),
            });
        }
        let id = self.next_passage;
        let limit = u64::from(u32::MAX);
        self.next_passage = id.checked_add(1).ok_or(Error::TooMany { what: "passages", limit })?;
        let key = Key::of_passage(passage);
        let page = self.page(&passage.source);
        page.passages.push((id, key));
        let passage = Passage { page: page.number, ..passage.clone() };
        self.keep_sample(key, id, &passage);
        self.parts.lexical.add(id, &passage)?;
        self.parts.vectors.add_passage(row, id);
        self.added += 1;
        Ok(id)
    }

    /// Keeps a passage of the previous generation unchanged.
    pub fn keep_passage(&mut self, source: &str, id: PassageId, key: Key) {
        self.page(source).passages.push((id, key));
    }

    /// The record of a page; a new record if the page differs from the last one.
    fn page(&mut self, source: &str) -> &mut PageRecord {
        if self.pages.last().is_none_or(|p| p.source != source) {
            let number = self.previous.page(source).map_or(self.next_page, |p| p.number);
            self.next_page = self.next_page.max(number + 1);
            self.pages.push(PageRecord { source: source.to_owned(), number, passages: Vec::new() });
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// A representative sample of at most `most` passages. The content of a passage decides whether it is chosen, so
    /// that an index is calibrated like one built from scratch.
    ///
    /// # Errors
    /// [`Error::Lexical`] or [`Error::Damaged`] if a passage of the live generation cannot be read.
    pub fn sample(&self, most: usize) -> Result<Vec<(PassageId, Passage)>> {
        let mut all: Vec<(Key, PassageId)> =
            self.pages.iter().flat_map(|p| &p.passages).map(|(id, key)| (*key, *id)).collect();
        let most = most.min(SAMPLE).min(all.len());
        if most < all.len() {
            all.select_nth_unstable(most);
            all.truncate(most);
        }
        all.sort_unstable();
        let read = |(key, id): (Key, PassageId)| match (self.sample.get(&key), &self.base) {
            (Some((_, passage)), _) => Ok(Some((id, passage.clone()))),
            (None, Some(base)) if base.generation.is_live(id) => Ok(Some((id, base.generation.passage(id)?))),
            (None, _) => Ok(None),
        };
        all.into_iter().filter_map(|item| read(item).transpose()).collect()
    }

    fn keep_sample(&mut self, key: Key, id: PassageId, passage: &Passage) {
        let is_low = self.sample.len() < SAMPLE || self.sample.last_key_value().is_some_and(|(last, _)| key < *last);
        if is_low {
            self.sample.insert(key, (id, passage.clone()));
        }
        if self.sample.len() > SAMPLE {
            self.sample.pop_last();
        }
    }

    /// Sets the queries that calibrate the generation. [`Self::publish`] measures how near its vectors come to
    /// queries that they do not answer, and to queries that they answer.
    pub fn calibrate(&mut self, probes: Probes) {
        self.probes = probes;
    }

    /// As [`Self::calibrate`], for the same queries, encoded by the model's lookup table.
    pub fn calibrate_lookups(&mut self, probes: Option<Probes>) {
        self.lookup_probes = probes;
    }

    /// Completes the files, makes them durable and makes the generation the live one. If nothing differs from the
    /// live one, that one stays live. `build` goes into the manifest; this method counts the deleted passages.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::Lexical`]; the generation that was live before stays live.
    pub fn publish(self, build: BuildCounts) -> Result<Published> {
        let Self {
            layout,
            options,
            staging,
            parts,
            base,
            previous: _,
            ledger,
            pages,
            next_passage,
            unreadable,
            probes,
            lookup_probes,
            ..
        } = self;
        ledger.flush()?;
        let (mut tombstones, mut removed) = (Vec::new(), 0);
        let mut live = vec![false; next_passage as usize];
        pages.iter().flat_map(|p| &p.passages).for_each(|(id, _)| live[*id as usize] = true);
        for id in (0..next_passage).filter(|id| !live[*id as usize]) {
            tombstones.push(id);
            removed += u64::from(base.as_ref().is_some_and(|b| b.generation.is_live(id)));
        }
        if let Some(base) = &base
            && self.added == 0
            && removed == 0
            && !base.is_of_another_analysis()
            && base.generation.pages()? == pages
            // A generation without known items, from an earlier program, is calibrated again.
            && (probes.known.is_empty() || !base.generation.manifest().calibration.known.languages.is_empty())
        {
            // A build that was killed at its very end may have left other generations.
            publish::remove_others(&layout, &base.generation.manifest().generation, None, None);
            return Ok(Published::unchanged(&base.generation));
        }
        let Parts { lexical, mut vectors, segment } = parts;
        let live_base = base.as_ref().map(|b| &b.generation);
        let calibration = calibrate(&mut vectors, live_base, &probes, &live)?;
        let lookup_calibration =
            lookup_probes.map(|probes| calibrate(&mut vectors, live_base, &probes, &live)).transpose()?;
        let mut segments = base.as_ref().map_or(Vec::new(), |b| b.segments.clone());
        if vectors.rows() > 0 || segments.is_empty() {
            segments.push(segment.clone());
        }
        let rows = vectors.rows() as u64 + base.as_ref().map_or(0, |b| b.rows);
        let languages = lexical.languages(base.as_ref().map_or(&[], |b| &b.generation.manifest().languages));
        Parts { lexical, vectors, segment }.finish()?;
        pages::write(&staging.path().join(layout::PAGES), &pages)?;
        files::write(&staging.path().join(layout::TOMBSTONES), &le_bytes(&tombstones))?;
        let counts = Counts {
            pages: pages.len() as u64,
            passages: u64::from(next_passage) - tombstones.len() as u64,
            vectors: rows,
            numbers: u64::from(next_passage),
        };
        let build = BuildCounts { removed, ..build };
        let builds_on = base.as_ref().map_or(Ok(Vec::new()), Base::line)?;
        let vector_segments = segments;
        let contents =
            Contents { counts, build, calibration, lookup_calibration, languages, vector_segments, builds_on };
        let linked = base.as_ref().map(|b| &b.linked);
        let mut sealed = Sealed { contents, staging, linked: linked.cloned().unwrap_or_default(), unreadable };
        // Terms of two kinds in one index would not find each other.
        let is_worn = wear::is_worn(&sealed.contents) || base.as_ref().is_some_and(Base::is_of_another_analysis);
        let manifest = publish::seal(&layout, &options, &sealed)?;
        let manifest = if is_worn {
            sealed = compact::compact(&layout, &options, &sealed, &manifest)?;
            publish::seal(&layout, &options, &sealed)?
        } else {
            manifest
        };
        let published = publish::publish(&layout, sealed, &manifest, &manifest.to_bytes()?)?;
        Ok(Published { removed, ..published })
    }
}

impl Base {
    /// Links the generation's files into a staging directory, and opens new parts beside them. If there are many
    /// small segments, they are folded into the new one.
    fn link(generation: Generation, staging: &Path, options: &WriterOptions) -> Result<(Self, Parts)> {
        let names = &generation.manifest().vector_segments;
        let folded = wear::folded(&generation.vector_search()?.segment_rows());
        let folders: Vec<String> = folded.iter().map(|&i| format!("{}/{}/", layout::VECTORS, names[i])).collect();
        let mut linked = HashMap::new();
        for record in &generation.manifest().files {
            let is_folded = folders.iter().any(|folder| record.path.starts_with(folder));
            if layout::is_immutable(&record.path) && !is_folded {
                files::link_or_copy(&generation.dir().join(&record.path), &staging.join(&record.path))?;
                linked.insert(record.path.clone(), record.clone());
            }
        }
        let (from, lexical) = (generation.dir().join(layout::LEXICAL), staging.join(layout::LEXICAL));
        let lexical = LexicalWriter::append(&from, &lexical)?;
        let segment = names.iter().filter_map(|s| s.parse::<u32>().ok()).max().map_or(0, |n| n + 1).to_string();
        let mut vectors = SegmentWriter::create(&staging.join(layout::VECTORS).join(&segment), options.dimension)?;
        for &i in &folded {
            for (row, passages) in generation.vector_search()?.live_rows(i) {
                let place = vectors.add(&row)?;
                passages.into_iter().for_each(|p| vectors.add_passage(place, p));
            }
        }
        let folded_rows = vectors.rows();
        let is_kept = |i: &usize| !folded.contains(i);
        let segments = (0..names.len()).filter(is_kept).map(|i| names[i].clone()).collect();
        let kept_rows = generation.vector_search()?.segment_rows();
        let rows = (0..names.len()).filter(is_kept).map(|i| kept_rows[i] as u64).sum();
        Ok((Self { generation, linked, segments, rows, folded_rows }, Parts { lexical, vectors, segment }))
    }

    /// The checksums of its manifest and of those that it builds on, the newest first.
    fn line(&self) -> Result<Vec<String>> {
        let older = self.generation.manifest().builds_on.iter().cloned();
        Ok(std::iter::once(self.generation.checksum()?).chain(older).take(LONGEST_LINE).collect())
    }

    /// Whether its texts became other terms than they would become now.
    fn is_of_another_analysis(&self) -> bool {
        self.generation.manifest().analysis != ANALYSIS
    }
}

fn le_bytes(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}
