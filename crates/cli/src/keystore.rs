//! Which keystore the environment asks for. No secret is ever taken from an argument.

use offsync_app::KeystoreKind;
use zeroize::Zeroizing;

use crate::prompt;

/// Reads `OFFSYNC_KEYSTORE` and, for a sealed file, the passphrase.
pub(crate) fn from_environment() -> Result<KeystoreKind, String> {
    match std::env::var("OFFSYNC_KEYSTORE").unwrap_or_default().as_str() {
        "" | "os" => Ok(KeystoreKind::Os),
        "plain" => Ok(KeystoreKind::Plain),
        "file" => passphrase().map(KeystoreKind::File),
        other => Err(format!("OFFSYNC_KEYSTORE is '{other}'; it can be os, file or plain.")),
    }
}

/// Tells whether keys are kept in a plain file, which is to be said once, when the first ones are made.
pub(crate) fn is_plain() -> bool {
    std::env::var("OFFSYNC_KEYSTORE").is_ok_and(|kind| kind == "plain")
}

fn passphrase() -> Result<Zeroizing<Vec<u8>>, String> {
    if let Ok(passphrase) = std::env::var("OFFSYNC_PASSPHRASE") {
        return Ok(Zeroizing::new(passphrase.into_bytes()));
    }
    prompt::secret("Passphrase of Offsync's keys: ")
        .map(|text| Zeroizing::new(text.as_bytes().to_vec()))
        .ok_or_else(|| {
            "OFFSYNC_KEYSTORE=file needs a passphrase: set OFFSYNC_PASSPHRASE, or run it in a terminal.".into()
        })
}
