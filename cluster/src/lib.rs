//! The body of an index on an OpenSearch cluster: the only crate that knows OpenSearch.
//!
//! The engine proposes, Cloze scores: the cluster chooses candidates by words and by vectors, and sends with each what
//! scores it. So an answer does not depend on the cluster's own scores, and equals that of an index in files.
//!
//! The modules, in the order in which an index goes through them:
//!
//! - [`address`]: where a body lies; `credentials`: who asks for it; `client`: requests, hosts in turn, patience;
//! - `mapping`: the fields of a body; `text`: terms at positions as text;
//! - `create`: indexes; `document`: single documents; `lease`: one build at a time; `bulk`: passages in large requests; `listed`: their
//!   numbers;
//! - [`send`]: a generation, settled before it is published, to its `target`: a new body (`fill`) or the live one
//!   (`edit`);
//! - `version`: a head, and the passages that belong to it; `pointer`: which one is live; `sweep`: what none needs;
//!   [`cluster`]: opens the live one;
//! - `questions`: searches as JSON; `answers`: their results; `batch`: several in one request; `round`: all that a
//!   search asks for its candidates; `propose`: those candidates;
//! - `narrow`: filters, and `phrase`: excluded ones; `legs`: the proposals of words and vectors;
//! - [`body`]: the body that a search asks; `candidates`: scores; `shown`: passages and facets.
//!
//! An index named NAME takes these names in the cluster: `NAME-000124` for a body, `NAME-000124-head` for the head of a
//! version, and `NAME-head` for the document that says which version is live.

pub mod address;
mod answers;
mod batch;
pub mod body;
mod bulk;
mod candidates;
mod client;
pub mod cluster;
mod create;
mod credentials;
mod document;
mod edit;
#[cfg(test)]
mod fake;
mod fill;
mod lease;
mod legs;
mod listed;
mod mapping;
mod narrow;
mod phrase;
mod pointer;
mod propose;
mod questions;
mod round;
pub mod send;
mod shown;
mod sweep;
mod target;
mod text;
mod version;

pub use address::Address;
pub use body::ClusterBody;
pub use cluster::Cluster;
pub use send::Sent;
