//! The parameters of an address, read strictly: an unknown parameter is an error, not a guess.

use std::{collections::BTreeMap, str::FromStr};

use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// Parameters of one request; each but `filter` is given once.
#[derive(Debug, Default)]
pub(crate) struct Params {
    single: BTreeMap<String, String>,
    filters: Vec<String>,
}

/// The one parameter that may be repeated.
const REPEATABLE: &str = "filter";

impl Params {
    /// Reads a query string; every name must be one of `known`.
    pub(crate) fn parse(query: &str, known: &[&str]) -> Result<Self, ApiError> {
        let mut params = Self::default();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, "a parameter name")?;
            if !known.contains(&name.as_str()) {
                let message = format!("unknown parameter {name:?}; expected one of {}", known.join(", "));
                return Err(ApiError::parameter("unknown_parameter", &name, message));
            }
            let value = decode(value, &name)?;
            if name == REPEATABLE {
                params.filters.push(value);
            } else if params.single.insert(name.clone(), value).is_some() {
                let message = format!("{name} occurs more than once; expected it once");
                return Err(ApiError::parameter("repeated_parameter", &name, message));
            }
        }
        Ok(params)
    }

    /// A parameter, as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.single.get(name).map(String::as_str)
    }

    /// The query.
    pub(crate) fn query(&self) -> Result<&str, ApiError> {
        self.text("q").ok_or_else(|| {
            ApiError::parameter("query_missing", "q", "the parameter q is missing; expected the words to search for")
        })
    }

    /// The filters, `key:value` each, by key.
    pub(crate) fn filters(&self) -> Result<BTreeMap<String, Vec<String>>, ApiError> {
        let mut filters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for filter in &self.filters {
            match filter.split_once(':') {
                Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                    filters.entry(key.to_lowercase()).or_default().push(value.to_owned());
                }
                _ => {
                    let message = format!("filter is {filter:?}; expected key:value");
                    return Err(ApiError::parameter("invalid_parameter", REPEATABLE, message));
                }
            }
        }
        Ok(filters)
    }

    /// A parameter as a number or a truth value; `expected` describes a valid value.
    pub(crate) fn value<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::parameter("invalid_parameter", name, format!("{name} is {text:?}; expected {expected}"))
        })
    }
}

fn decode(text: &str, name: &str) -> Result<String, ApiError> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|t| t.into_owned()).map_err(|e| {
        let message =
            format!("{name} is not valid UTF-8 (at byte {} after percent-decoding); expected UTF-8", e.valid_up_to());
        ApiError::parameter("invalid_encoding", name, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_named() {
        let code = |q: &str| Params::parse(q, &["q", "limit"]).expect_err(q).to_string();
        assert!(code("x=1").contains("unknown_parameter"));
        assert!(code("q=a&q=b").contains("repeated_parameter"));
        assert!(code("q=%ED%A0%80").contains("invalid_encoding"), "a lone surrogate");
        assert!(code("q=%FF").contains("invalid_encoding"));
    }

    #[test]
    fn values_are_decoded() {
        let p = Params::parse("q=a+b%20c%2B%C3%A9&limit=5", &["q", "limit"]).expect("good");
        assert_eq!(p.text("q"), Some("a b c+é"));
        assert_eq!(p.value::<usize>("limit", "a number").expect("good"), Some(5));
        assert!(p.value::<usize>("q", "a number").is_err());
    }
}
