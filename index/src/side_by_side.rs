//! Two tasks at once.

/// Runs two tasks at once: one here, the other on a thread of the pool. The caller is not a thread of the pool, so
/// moving both there would cost a change of threads before either starts.
pub fn side_by_side<A, B: Send>(here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    let mut second = None;
    let first = rayon::in_place_scope(|scope| {
        scope.spawn(|_| second = Some(there()));
        here()
    });
    (first, second.expect("a scope ends when all is done"))
}
