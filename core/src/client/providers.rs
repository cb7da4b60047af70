//! Credentials that a program fetches when they are needed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::boundary::{Answer, Client, WeakClient};
use crate::event::{Need, NeedReason, NeedWhat};
use crate::secret::Secret;

/// Why a provider has no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// For people; it is quoted in the `Fault` that reports it.
    pub text: String,
    /// Asking again after a while may help.
    pub retryable: bool,
}

impl<T: fmt::Display> From<T> for ProviderError {
    fn from(error: T) -> Self {
        Self { text: error.to_string(), retryable: true }
    }
}

type Fetch = Pin<Box<dyn Future<Output = Result<Secret, ProviderError>> + Send>>;

/// A function that fetches a credential.
#[derive(Clone)]
pub(super) struct Provider(Arc<dyn Fn(String, NeedReason) -> Fetch + Send + Sync>);

impl Provider {
    pub(super) fn new<F, R, E>(fetch: F) -> Self
    where
        F: Fn(String, NeedReason) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Secret, E>> + Send + 'static,
        E: Into<ProviderError>,
    {
        Self(Arc::new(move |credential, reason| {
            let fetched = fetch(credential, reason);
            Box::pin(async move { fetched.await.map_err(Into::into) })
        }))
    }

    /// Answers a need with what the function fetches.
    pub(super) async fn serve(self, need: Need, client: WeakClient) {
        let NeedWhat::Token { credential } = need.what;
        let answer = match (self.0)(credential, need.reason).await {
            Ok(value) => Answer::Token { value, valid_for: None },
            Err(error) => Answer::Failed { text: error.text, retryable: error.retryable },
        };
        // A provider that hangs must not keep a client alive that its user has dropped.
        let Some(client) = client.upgrade() else { return };
        // After the end nobody needs it.
        let _ = client.answer(need.request, answer);
    }
}

/// What a client without a provider says when it is asked.
pub(super) fn none(need: &Need, client: &Client) {
    let text =
        "the options ask for a provider, but the client has none: make it with `with_token_provider` or `with_url_provider`".to_owned();
    let _ = client.answer(need.request, Answer::Failed { text, retryable: false });
}
