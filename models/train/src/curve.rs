//! The loss of a run as a picture.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// The loss at one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps done.
    pub step: u64,
    /// Mean loss of the training batches since the point before, in nats.
    pub train: f32,
    /// Loss on the held-out text, where it was measured.
    pub held_out: Option<f32>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 44.0;

/// An SVG that reads in light and dark surroundings.
pub(crate) fn svg(points: &[Point]) -> String {
    let last = points.last().map_or(1, |p| p.step).max(1) as f64;
    let all = || points.iter().flat_map(|p| [Some(p.train), p.held_out]).flatten().map(f64::from);
    let low = all().fold(f64::INFINITY, f64::min).min(1e9).floor();
    let high = all().fold(f64::NEG_INFINITY, f64::max).max(low + 1.0).ceil();
    let x = |step: f64| LEFT + step / last * (WIDTH - LEFT - RIGHT);
    let y = |loss: f64| TOP + (high - loss) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let line = |points: Vec<(f64, f64)>| {
        points.iter().map(|(s, l)| format!("{:.1},{:.1}", x(*s), y(*l))).collect::<Vec<_>>().join(" ")
    };
    let train = points.iter().map(|p| (p.step as f64, f64::from(p.train))).collect();
    let held_out = points.iter().filter_map(|p| p.held_out.map(|l| (p.step as f64, f64::from(l)))).collect::<Vec<_>>();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Loss by step\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    let ticks = ((high - low) as usize).clamp(1, 12);
    for i in 0..=ticks {
        let loss = low + (high - low) * i as f64 / ticks as f64;
        let at = y(loss);
        let end = WIDTH - RIGHT;
        let _ = writeln!(out, "<path d=\"M{LEFT} {at:.1}H{end}\" stroke=\"#d9dce1\"/>");
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#4a5160\">{loss:.1}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for i in 0..=4 {
        let step = last * f64::from(i) / 4.0;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#4a5160\">{step:.0}</text>",
            x(step),
            HEIGHT - BOTTOM + 20.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"20\" fill=\"#1d2330\">Cross-entropy of masked tokens (nats) by step</text>"
    );
    let _ =
        writeln!(out, "<polyline fill=\"none\" stroke=\"#9db4f5\" stroke-width=\"1.5\" points=\"{}\"/>", line(train));
    for (step, loss) in &held_out {
        let _ = writeln!(out, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#2f55d4\"/>", x(*step), y(*loss));
    }
    let _ =
        writeln!(out, "<polyline fill=\"none\" stroke=\"#2f55d4\" stroke-width=\"2\" points=\"{}\"/>", line(held_out));
    let (legend, text) = (WIDTH - RIGHT - 210.0, WIDTH - RIGHT - 190.0);
    for (i, (name, colour)) in [("training batches", "#9db4f5"), ("held-out text", "#2f55d4")].into_iter().enumerate() {
        let at = TOP + 14.0 + 18.0 * i as f64;
        let _ = writeln!(out, "<path d=\"M{legend} {at}h14\" stroke=\"{colour}\" stroke-width=\"3\"/>");
        let _ = writeln!(out, "<text x=\"{text}\" y=\"{}\" fill=\"#1d2330\">{name}</text>", at + 4.0);
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_drawn() {
        let points: Vec<Point> = (1..=5)
            .map(|i| Point { step: i * 10, train: 9.0 - i as f32, held_out: (i % 2 == 1).then_some(8.5 - i as f32) })
            .collect();
        let picture = svg(&points);
        assert_eq!(picture.matches("<circle").count(), 3);
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n") && !picture.contains("NaN"));
        assert!(!svg(&[]).contains("NaN"));
    }
}
