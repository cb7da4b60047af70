//! TLS: the system's certificate authorities, the user's own, or (said aloud) any certificate at all.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::process::Process;
use super::stream::NetStream;

/// Whom to trust.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trust {
    pub(super) ca_files: Vec<PathBuf>,
    pub(super) insecure: bool,
}

/// The configuration for a trust. It blocks while it reads files; call it where that is allowed.
fn config(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    let mut configs = Process::current().tls.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = configs.get(trust) {
        return Ok(config.clone());
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    let config = if trust.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider))).with_no_client_auth()
    } else {
        builder.with_root_certificates(roots(&trust.ca_files)?).with_no_client_auth()
    };
    let config = Arc::new(config);
    configs.insert(trust.clone(), config.clone());
    Ok(config)
}

fn roots(files: &[PathBuf]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // Broken certificates in a system's store are common and concern nobody but their issuer.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for file in files {
        let mut found = 0;
        let read = CertificateDer::pem_file_iter(file).map_err(|error| format!("cannot read the CA file {}: {error}", file.display()))?;
        for certificate in read {
            let certificate = certificate.map_err(|error| format!("the CA file {} is not PEM: {error}", file.display()))?;
            roots.add(certificate).map_err(|error| format!("the CA file {} holds a bad certificate: {error}", file.display()))?;
            found += 1;
        }
        if found == 0 {
            return Err(format!("the CA file {} holds no certificate", file.display()));
        }
    }
    if roots.is_empty() {
        return Err(
            "no certificate authority is known: install the system's (`ca-certificates`), or name a file with `connection.ca_files`".into(),
        );
    }
    Ok(roots)
}

/// Speaks TLS over a TCP stream.
pub(super) async fn wrap(tcp: TcpStream, host: &str, trust: &Trust) -> Result<NetStream, String> {
    let wanted = trust.clone();
    let config = tokio::task::spawn_blocking(move || config(&wanted)).await.map_err(|_| "the runtime is shutting down".to_owned())??;
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("`{host}` is no name that a certificate could have"))?;
    let stream = TlsConnector::from(config).connect(name, tcp).await.map_err(|error| error.to_string())?;
    Ok(NetStream::tls(stream))
}

/// For local use only: believes any certificate, but still checks that the peer holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
