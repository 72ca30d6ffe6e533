//! The only module that uses `ort`: the encoder as an ONNX Runtime graph.

mod distances;
mod embeddings;
mod graph;
mod quantize;
mod runtime;
mod session;

pub(crate) use session::SessionPool;
