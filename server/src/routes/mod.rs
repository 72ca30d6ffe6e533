//! One resource a file.

pub(crate) mod health;
pub(crate) mod page;
pub(crate) mod search;
pub(crate) mod site;
