//! Where to connect: the access URL is the user's, and only parameters are added to it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::options::WebPubSubOptions;
use crate::secret::Secret;

/// The address of a new session.
pub(super) fn fresh(url: &Secret, options: &WebPubSubOptions) -> Secret {
    match &options.simple_group {
        None => url.clone(),
        Some(group) => {
            let echo = if options.simple_no_echo { "true" } else { "false" };
            with(url, &[("webpubsub_mode", "sendToGroup"), ("group", group), ("noEcho", echo)])
        }
    }
}

/// The address at which a session is taken up again: the first one's, its token included, which the service does not look at then.
pub(super) fn recovery(url: &Secret, connection_id: &str, token: &Secret) -> Secret {
    with(url, &[("awps_connection_id", connection_id), ("awps_reconnection_token", token.expose())])
}

fn with(url: &Secret, parameters: &[(&str, &str)]) -> Secret {
    let mut address = url.expose().to_owned();
    for (name, value) in parameters {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    Secret::new(address)
}
