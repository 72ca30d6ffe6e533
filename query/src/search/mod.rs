//! Both legs propose passages; their scores become one; passages are grouped by page.
//!
//! `legs` lets both legs propose, side by side; `asking` is the search in the form in which the index reads it;
//! `exact` finds titles, headings and phrases that match exactly. `fence` decides whether the nearest passage is
//! near enough to be an answer. `rank` scores the union of the candidates with both legs, `feedback` moves the
//! query towards the best of them, `second_look` compares tokens and words one by one. Each `signal` has a scale of its
//! own, from the `spread` of its scores; `fuse` combines them into one score, and `neighbours` raise each other. `pages` groups passages by page,
//! `confidence` estimates how likely each page is an answer, and `total` counts pages.

pub(crate) mod asking;
pub(crate) mod confidence;
pub(crate) mod exact;
pub(crate) mod feedback;
pub(crate) mod fence;
pub(crate) mod fuse;
pub(crate) mod legs;
pub(crate) mod neighbours;
pub(crate) mod pages;
pub(crate) mod rank;
pub(crate) mod second_look;
pub(crate) mod signal;
mod spread;
pub(crate) mod total;
