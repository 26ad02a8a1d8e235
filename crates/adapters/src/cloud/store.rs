//! An account as OpenDAL reaches it, over our own transport.

use ::opendal::{HttpTransporter, Operator};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use offsync_core::ports::MailboxErrorKind;

use super::address::{BLOBS, CloudAddress};
use super::credential::Access;
use super::protocol::Protocol;
use super::transport::Transport;
use super::trouble::Trouble;

/// What is said where an address names no region: S3's own first one, which servers that have none take, too.
const REGION: &str = "us-east-1";

/// Opens the folder of an account.
pub(crate) fn store(address: &CloudAddress, access: &Access) -> Result<Operator, Trouble> {
    if address.protocol() == Protocol::Azblob && STANDARD.decode(access.credential.secret()).is_err() {
        let why = "what was given is no access key: one has 88 letters, digits, + and /, and ends with ==";
        return Err(Trouble::new(MailboxErrorKind::SignIn, why));
    }
    // Registers the services that were built in; more than once does no harm.
    ::opendal::init_default_registry();
    let Some((service, settings)) = settings(address, access) else {
        return Err(Trouble::new(
            MailboxErrorKind::Broken,
            "it is no store that is reached so",
        ));
    };
    let operator = Operator::via_iter(service, settings)
        // What it says might hold what it was given.
        .map_err(|_| Trouble::new(MailboxErrorKind::Broken, "the account is not set up rightly"))?;
    let transport = Transport::new(address, access)?;
    let context = operator
        .base_context()
        .with_http_transport(HttpTransporter::new(transport));
    Ok(operator.with_context(context))
}

/// A service of OpenDAL, and its settings.
type Settings = (&'static str, Vec<(String, String)>);

/// Gives the service behind an account; `None` where we speak its protocol ourselves.
fn settings(address: &CloudAddress, access: &Access) -> Option<Settings> {
    let (id, secret) = (access.credential.id(), access.credential.secret());
    let (root, server) = (format!("/{}", address.root()), address.server());
    let (account, container) = address.place().split_once('/').unwrap_or_default();
    let blobs = format!("https://{account}{BLOBS}");
    let (service, settings) = match address.protocol() {
        Protocol::S3 => {
            let has_host_style = address.option("style") == Some("host");
            let settings = vec![
                ("bucket", address.place()),
                ("root", &root),
                ("region", address.option("region").unwrap_or(REGION)),
                ("access_key_id", id),
                ("secret_access_key", secret),
                // Keys of other programs on this computer are none of ours.
                ("disable_config_load", "true"),
                (
                    "enable_virtual_host_style",
                    if has_host_style { "true" } else { "false" },
                ),
                ("endpoint", address.option("endpoint").unwrap_or_default()),
            ];
            ("s3", settings)
        }
        Protocol::Azblob => {
            let settings = vec![
                ("container", container),
                ("root", &root),
                ("endpoint", address.option("endpoint").unwrap_or(&blobs)),
                ("account_name", account),
                ("account_key", secret),
            ];
            ("azblob", settings)
        }
        Protocol::Webdav | Protocol::WebdavPlain => {
            let settings = vec![
                ("endpoint", server.as_str()),
                ("root", &root),
                ("username", id),
                ("password", secret),
                // Its folder is made once, not looked for before each put.
                ("disable_create_dir", "true"),
            ];
            ("webdav", settings)
        }
        Protocol::Sftp | Protocol::Ftps | Protocol::Ftp => return None,
        // The transport puts the token in its place.
        Protocol::Gdrive | Protocol::Dropbox | Protocol::Onedrive => (
            address.protocol().scheme(),
            vec![("root", root.as_str()), ("access_token", "of-the-transport")],
        ),
    };
    let said = settings.into_iter().filter(|(_, value)| !value.is_empty());
    let owned = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some((service, owned.collect()))
}
