//! Randomness, once a client.

/// A seed that nobody can guess.
///
/// # Panics
/// When the operating system has no randomness to give: then nothing that is meant to be secret could be.
#[must_use]
pub fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the operating system gives randomness");
    seed
}
