//! Reads the characters of a page and their positions.

use std::sync::atomic::{AtomicBool, Ordering};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, TransformExt,
    font::{Glyph as Shape, GlyphRun},
    hayro_cmap::{BfString, WritingMode},
    hayro_syntax::Pdf,
    interpret_page,
    kurbo::{BezPath, Point, Rect},
};

/// Maximum number of objects that a file may draw. A page of text has some thousands.
const DRAWN: u64 = 100_000_000;

/// A gap wider than this share of the type size separates words.
const SPACED_OUT: f64 = 0.25;

/// A character at its position. Lengths are in points; `y` grows down the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    /// One character; several for a ligature.
    pub(super) text: String,
    /// Its start on the line.
    pub(super) x: f64,
    /// Start of the next character if nothing is between them.
    pub(super) end: f64,
    /// Its base line.
    pub(super) y: f64,
    /// Type size.
    pub(super) size: f64,
    /// Its direction of reading: quarter turns clockwise from left to right.
    pub(super) turn: u8,
    /// The gap between the characters of its run.
    pub(super) tracking: f64,
}

/// The characters of a page in drawing order.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) glyphs: Vec<Glyph>,
    /// Number of characters that the font does not identify.
    pub(super) unknown: usize,
}

/// Draws page after page to nowhere. Unwinds if `stop` is set, or if a page draws too much.
pub(super) fn pages(pdf: &Pdf, stop: &AtomicBool) -> Vec<Page> {
    let cache = InterpreterCache::new();
    let mut drawn = 0;
    let mut pages = Vec::new();
    for page in pdf.pages().iter() {
        let bounds = Rect::new(0.0, 0.0, f64::from(page.render_dimensions().0), f64::from(page.render_dimensions().1));
        let transform = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(transform, bounds, &cache, pdf.xref(), InterpreterSettings::default());
        let mut reader = Reader { page: Page::default(), drawn, stop };
        interpret_page(page, &mut context, &mut reader);
        drawn = reader.drawn;
        pages.push(reader.page);
    }
    pages
}

struct Reader<'s> {
    page: Page,
    drawn: u64,
    stop: &'s AtomicBool,
}

impl Reader<'_> {
    fn count(&mut self, things: usize) {
        self.drawn += things as u64;
        if self.drawn > DRAWN || self.stop.load(Ordering::Relaxed) {
            // The interpreter has no other way to stop; this one prints nothing.
            std::panic::resume_unwind(Box::new("stopped"));
        }
    }
}

impl Device<'_> for Reader<'_> {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        self.count(run.glyphs().len());
        let is_vertical = run.writing_mode() == WritingMode::Vertical;
        let mut glyphs = Vec::with_capacity(run.glyphs().len());
        for positioned in run.glyphs() {
            let transform = props.transform * positioned.transform();
            let advance = match &**positioned {
                Shape::Outline(outline) => outline.advance_width(),
                Shape::Type3(drawn) => drawn.advance_width(),
            };
            let text = match positioned.as_unicode() {
                Some(BfString::Char(c)) => spelled(&c.to_string()),
                Some(BfString::String(s)) => spelled(&s),
                None => String::new(),
            };
            if text.is_empty() {
                self.page.unknown += 1;
                continue;
            }
            let origin = transform * Point::ZERO;
            let right = transform * Point::new(1000.0, 0.0) - origin;
            let up = transform * Point::new(0.0, 1000.0) - origin;
            let finite = [origin.x, origin.y, right.x, right.y, up.x, up.y].iter().all(|n| n.abs() < 1e7);
            if finite && up.hypot() > 0.01 {
                let turn = if is_vertical { 1 } else { quarter(right.x, right.y) };
                let (x, y) = turned(turn, origin);
                let width =
                    if is_vertical { up.hypot() } else { right.hypot() * f64::from(advance.unwrap_or(500.0)) / 1000.0 };
                glyphs.push(Glyph { text, x, end: x + width, y, size: up.hypot(), turn, tracking: 0.0 });
            }
        }
        self.add(glyphs);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {
        self.count(1);
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.count(1);
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {
        self.count(1);
    }

    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {
        self.count(1);
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

impl Reader<'_> {
    fn add(&mut self, mut glyphs: Vec<Glyph>) {
        let tracking = tracking(&glyphs);
        glyphs.iter_mut().for_each(|g| g.tracking = tracking);
        // Programs draw text twice for its outline, for a shadow, or for bold type.
        let before = &self.page.glyphs[self.page.glyphs.len().saturating_sub(glyphs.len())..];
        let is_near = |(a, b): (&Glyph, &Glyph)| {
            let near = 0.12 * b.size;
            a.text == b.text && (a.x - b.x).abs() < near && (a.y - b.y).abs() < near
        };
        let is_again = before.len() == glyphs.len() && before.iter().zip(&glyphs).all(is_near);
        if !is_again {
            self.page.glyphs.append(&mut glyphs);
        }
    }
}

/// The gap between the characters of a run: positive if type is letterspaced. Most gaps of a run lie inside words, so
/// a low quantile of them is enough; single letters that are words would all be far apart.
fn tracking(glyphs: &[Glyph]) -> f64 {
    let mut gaps: Vec<f64> = glyphs.windows(2).map(|pair| pair[1].x - pair[0].end).collect();
    if gaps.len() < 4 {
        return 0.0;
    }
    gaps.sort_by(f64::total_cmp);
    let gap = gaps[gaps.len() / 4];
    if gap > SPACED_OUT * glyphs[0].size { 0.0 } else { gap.max(0.0) }
}

/// The quarter turns, clockwise, for a line of text in this direction.
fn quarter(x: f64, y: f64) -> u8 {
    match (x.abs() >= y.abs(), x >= 0.0, y >= 0.0) {
        (true, true, _) => 0,
        (false, _, true) => 1,
        (true, false, _) => 2,
        (false, _, false) => 3,
    }
}

/// The position for a reader who turns the page so that lines run from left to right.
fn turned(turn: u8, place: Point) -> (f64, f64) {
    match turn {
        0 => (place.x, place.y),
        1 => (place.y, -place.x),
        2 => (-place.x, -place.y),
        _ => (-place.y, place.x),
    }
}

/// Text with its ligatures spelled out, and without codes that are not characters.
fn spelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{fb00}' => out.push_str("ff"),
            '\u{fb01}' => out.push_str("fi"),
            '\u{fb02}' => out.push_str("fl"),
            '\u{fb03}' => out.push_str("ffi"),
            '\u{fb04}' => out.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => out.push_str("st"),
            c if c.is_whitespace() => out.push(' '),
            // Private-use characters are pictures: bullets and icons.
            '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
