//! The body of an index on an OpenSearch cluster: the only crate that knows OpenSearch.
//!
//! The engine proposes, Cloze scores: the cluster chooses candidates by words and by vectors, and sends with each what
//! scores it. So an answer does not depend on the cluster's own scores, and equals that of an index in files.
//!
//! The modules, in the order in which an index goes through them:
//!
//! - [`address`]: where a body lies; `credentials`: who asks for it; `client`: requests, hosts in turn, patience;
//! - `mapping`: the fields of a body; `text`: terms at positions as text;
//! - `bulk`: passages in large requests; [`send`]: a whole generation, settled before it is published;
//! - `pointer`: which body is live, and its head; [`cluster`]: opens both;
//! - `questions`: searches as JSON; `answers`: their results; `batch`: several in one request;
//! - `narrow`: filters; `legs`: the proposals of words and vectors;
//! - [`body`]: the body that a search asks; `candidates`: scores; `shown`: passages and facets.
//!
//! An index named NAME takes these names in the cluster: `NAME-000124` for a body, `NAME-000124-head` for the head that
//! belongs to it, and `NAME-head` for the one document that says which body is live.

pub mod address;
mod answers;
mod batch;
pub mod body;
mod bulk;
mod candidates;
mod client;
pub mod cluster;
mod credentials;
mod legs;
mod mapping;
mod narrow;
mod pointer;
mod questions;
pub mod send;
mod shown;
mod text;

pub use address::Address;
pub use body::ClusterBody;
pub use cluster::Cluster;
pub use send::Sent;
