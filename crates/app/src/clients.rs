//! What Offsync is called at the services that people sign in to: by the settings, by the environment, or as it was built.
//!
//! None is in the code: whoever gives Offsync away registers it (docs/sign-in.md).

use std::collections::BTreeMap;
use std::path::Path;

use offsync_adapters::cloud::{Client, Protocol};
use serde::{Deserialize, Serialize};

use crate::failure::{AppError, Result};
use crate::settings_file;

/// A registration, as the settings have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Registered {
    id: String,
    #[serde(default)]
    secret: Option<String>,
}

/// Gives the client id for a service.
pub(crate) fn client_of(config_dir: &Path, protocol: Protocol, service: &str) -> Result<Client> {
    let file = config_dir.join("clients.toml");
    let mut registered: BTreeMap<String, Registered> = settings_file::load(&file)?;
    if let Some(Registered { id, secret }) = registered.remove(protocol.scheme()) {
        return Ok(Client { id, secret });
    }
    let variable = format!("OFFSYNC_CLIENT_{}", protocol.scheme().to_uppercase());
    let built_in = match protocol {
        Protocol::Gdrive => option_env!("OFFSYNC_CLIENT_GDRIVE"),
        Protocol::Dropbox => option_env!("OFFSYNC_CLIENT_DROPBOX"),
        Protocol::Onedrive => option_env!("OFFSYNC_CLIENT_ONEDRIVE"),
        _ => None,
    };
    let said = std::env::var(&variable).ok().or_else(|| built_in.map(str::to_owned));
    let Some(said) = said.filter(|said| !said.is_empty()) else {
        return Err(AppError::failed(
            "not_registered",
            format!("This Offsync is not registered with {service}, so nobody can sign in to it there."),
            format!(
                "Register it (docs/sign-in.md says how, in ten minutes), and set {variable}, or write it into {}.",
                file.display()
            ),
        ));
    };
    let (id, secret) = match said.split_once(':') {
        Some((id, secret)) => (id.to_owned(), Some(secret.to_owned())),
        None => (said, None),
    };
    Ok(Client { id, secret })
}
