//! Request to two retrieval legs to one fused list of pages
