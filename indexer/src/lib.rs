//! Source to document to passages to a published generation
