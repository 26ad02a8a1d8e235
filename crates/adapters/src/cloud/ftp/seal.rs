//! The certificate of a server that speaks FTP over TLS.
//!
//! Guarantees that it is one that this computer trusts, as for all that goes over HTTPS. Remembers why one was refused: the
//! library for the protocol tells it as a text.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use offsync_core::ports::MailboxErrorKind;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use suppaftp::tokio::AsyncRustlsConnector;
use suppaftp::tokio_rustls::TlsConnector;

use super::super::line::mistrusted;
use super::super::trouble::Trouble;

/// What was wrong with the last certificate.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<Error>>>);

impl Refusal {
    /// Gives what was wrong with a certificate; `None` where none was refused.
    pub(super) fn told(&self) -> Option<Trouble> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().map(|error| {
            let unknown = || Trouble::new(MailboxErrorKind::Untrusted, "its certificate cannot be used").lasting();
            mistrusted(error).unwrap_or_else(unknown)
        })
    }

    fn note<T>(&self, checked: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &checked {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        }
        checked
    }
}

/// Makes what seals lines. All that belong to one session are sealed by the same: many servers let a data line in only if it goes
/// on with what the first one agreed on.
pub(super) fn connector(refusal: &Refusal) -> Result<AsyncRustlsConnector, Trouble> {
    let unusable = |_| {
        Trouble::new(
            MailboxErrorKind::Broken,
            "this computer's list of trusted certificates cannot be used",
        )
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let check = Check {
        inner: verifier(&provider).map_err(unusable)?,
        refusal: refusal.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(check))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)).into())
}

/// Gives this computer's own judgement, read once: it may be long.
fn verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<Verifier>, Error> {
    static VERIFIER: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(verifier) = VERIFIER.get() {
        return Ok(verifier.clone());
    }
    let made = Arc::new(Verifier::new(provider.clone())?);
    Ok(VERIFIER.get_or_init(|| made).clone())
}

/// Judges as this computer does, and remembers a refusal.
#[derive(Debug)]
struct Check {
    inner: Arc<Verifier>,
    refusal: Refusal,
}

impl ServerCertVerifier for Check {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = self
            .inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        self.refusal.note(checked)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.refusal
            .note(self.inner.verify_tls12_signature(message, cert, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.refusal
            .note(self.inner.verify_tls13_signature(message, cert, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
