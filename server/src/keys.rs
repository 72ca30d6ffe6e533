//! Who may do what: a search key that only searches, an admin key that may do everything.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use subtle::ConstantTimeEq;

use crate::error::ApiError;

/// The permission that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nothing: the page, the widget, health.
    Public,
    /// Searching: only the search key or the admin key, where there is a search key.
    Search,
    /// Figures about the service: only the admin key, where there is one.
    Observe,
    /// Administration: only with the admin key; never, if the server has none.
    Admin,
}

/// The configured keys. Without any, everyone may search.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Needed to search.
    pub search: Option<String>,
    /// Needed to administrate.
    pub admin: Option<String>,
}

impl std::fmt::Debug for Keys {
    /// Says which keys are set, never their values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys(search: {}, admin: {})", self.search.is_some(), self.admin.is_some())
    }
}

impl Keys {
    /// Lets a request through, or says which permission it lacks.
    pub(crate) fn check(&self, scope: Scope, headers: &HeaderMap) -> Result<(), ApiError> {
        let accepted: Vec<&str> = match scope {
            Scope::Public => return Ok(()),
            Scope::Search if self.search.is_none() => return Ok(()),
            Scope::Observe if self.admin.is_none() => return Ok(()),
            Scope::Search => self.search.iter().chain(&self.admin).map(String::as_str).collect(),
            Scope::Admin | Scope::Observe => self.admin.iter().map(String::as_str).collect(),
        };
        if accepted.is_empty() {
            return Err(ApiError::forbidden(
                "admin_disabled",
                "this endpoint is disabled because the server has no admin key",
            ));
        }
        let Some(given) = bearer(headers) else { return Err(ApiError::unauthorized()) };
        // Every key is compared, so that the time taken says nothing about which one was nearly right.
        let matches = accepted.iter().fold(false, |any, key| any | is_same(key, given));
        if matches { Ok(()) } else { Err(ApiError::forbidden("key_refused", "this key does not allow the request")) }
    }
}

/// The key of `Authorization: Bearer KEY`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Compares hashes: neither where two keys differ nor how long they are shows in the time it takes.
fn is_same(key: &str, given: &str) -> bool {
    let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    hash(key).ct_eq(&hash(given)).into()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn code(keys: &Keys, scope: Scope, authorization: &str) -> String {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).expect("header"));
        }
        keys.check(scope, &headers).map_or_else(|e| e.code().to_owned(), |()| "ok".to_owned())
    }

    #[test]
    fn each_key_opens_its_own_doors() {
        let keys = Keys { search: Some("s3".into()), admin: Some("a7".into()) };
        for (scope, authorization, expected) in [
            (Scope::Public, "", "ok"),
            (Scope::Search, "", "key_missing"),
            (Scope::Search, "Bearer s3", "ok"),
            (Scope::Search, "bearer a7", "ok"),
            (Scope::Search, "Bearer s", "key_refused"),
            (Scope::Search, "Basic s3", "key_missing"),
            (Scope::Admin, "Bearer s3", "key_refused"),
            (Scope::Admin, "Bearer a7", "ok"),
            (Scope::Observe, "Bearer s3", "key_refused"),
            (Scope::Observe, "Bearer a7", "ok"),
        ] {
            assert_eq!(code(&keys, scope, authorization), expected, "{scope:?} {authorization:?}");
        }
    }

    #[test]
    fn without_keys_everybody_searches_and_nobody_administrates() {
        let keys = Keys::default();
        assert_eq!(code(&keys, Scope::Search, ""), "ok");
        assert_eq!(code(&keys, Scope::Observe, ""), "ok");
        assert_eq!(code(&keys, Scope::Admin, "Bearer "), "admin_disabled");
    }
}
