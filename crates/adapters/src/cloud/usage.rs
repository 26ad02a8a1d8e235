//! How much an account holds, where its service says so.

use ::opendal::Buffer;
use futures::TryStreamExt;
use http::Request;
use offsync_core::ports::{MailboxError, MailboxErrorKind};
use serde_json::Value;

use super::address::CloudAddress;
use super::credential::Access;
use super::ftp;
use super::protocol::Protocol;
use super::provider::provider;
use super::sftp;
use super::store::store;
use super::transport::Transport;
use super::trouble::Trouble;
use super::webdav::{bad_address, properties};
use crate::waiting::wait_for;

/// So many objects at most are counted: more would take many calls.
const COUNTED_MAX: u32 = 10_000;

/// What an account holds, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Whose account it is; `None` where the service does not say.
    pub id: Option<String>,
    /// What all that is in it takes, or in a store of the folder that its address names; `None` where nobody says that.
    pub used_bytes: Option<u64>,
    /// What it may hold at most; `None` where the service does not say, or sets no limit.
    pub total_bytes: Option<u64>,
}

/// Asks an account how much it holds.
pub fn usage(address: &CloudAddress, access: &Access) -> Result<Usage, MailboxError> {
    let (address, access) = (address.clone(), access.clone());
    match address.protocol() {
        Protocol::S3 | Protocol::Azblob => wait_for(async move { Ok(counted_usage(address, access).await?) }),
        Protocol::Webdav | Protocol::WebdavPlain => wait_for(async move { Ok(webdav_usage(address, access).await?) }),
        Protocol::Sftp => wait_for(async move { Ok(disk_usage(&address, &access).await?) }),
        Protocol::Ftps | Protocol::Ftp => wait_for(async move {
            ftp::greet(&address, &access).await?;
            Ok(Usage::default())
        }),
        Protocol::Gdrive | Protocol::Dropbox | Protocol::Onedrive => {
            wait_for(async move { Ok(told_usage(address, access).await?) })
        }
    }
}

/// Counts what lies in a store that has no answer to how full it is, and no limit that a program could ask for. Of more than
/// is soon counted nothing is said.
async fn counted_usage(address: CloudAddress, access: Access) -> Result<Usage, Trouble> {
    let lister = store(&address, &access)?.lister_with("/").recursive(true).await;
    let mut lister = lister.map_err(|error| told(&error))?;
    let (mut used_bytes, mut counted) = (0, 0);
    while let Some(entry) = lister.try_next().await.map_err(|error| told(&error))? {
        used_bytes += entry.metadata().content_length();
        counted += 1;
        if counted > COUNTED_MAX {
            return Ok(Usage::default());
        }
    }
    Ok(Usage {
        used_bytes: Some(used_bytes),
        ..Usage::default()
    })
}

fn told(error: &::opendal::Error) -> Trouble {
    let unknown = || Trouble::new(MailboxErrorKind::Broken, "its list makes no sense");
    Trouble::inside(error).cloned().unwrap_or_else(unknown)
}

/// Asks a server whose files are reached: it knows of its disk, whoever fills it.
async fn disk_usage(address: &CloudAddress, access: &Access) -> Result<Usage, Trouble> {
    let room = sftp::room(address, access).await?;
    Ok(room.map_or_else(Usage::default, |room| Usage {
        id: None,
        used_bytes: Some(room.total_bytes.saturating_sub(room.unused_bytes)),
        total_bytes: Some(room.total_bytes),
    }))
}

/// Asks a service that people sign in to.
async fn told_usage(address: CloudAddress, access: Access) -> Result<Usage, Trouble> {
    let protocol = address.protocol();
    let provider = provider(protocol).ok_or_else(bad_address)?;
    let method = if protocol == Protocol::Dropbox { "POST" } else { "GET" };
    let request = Request::builder()
        .method(method)
        .uri(provider.usage)
        .body(Buffer::new());
    let transport = Transport::new(&address, &access)?;
    let answer = transport.ask(request.map_err(|_| bad_address())?).await?;
    let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    Ok(match protocol {
        Protocol::Gdrive => Usage {
            id: text(&told["user"]["emailAddress"]),
            used_bytes: number(&told["storageQuota"]["usage"]),
            // Without a limit where a company pays for as much as is used.
            total_bytes: number(&told["storageQuota"]["limit"]),
        },
        Protocol::Dropbox => Usage {
            id: dropbox_id(&transport).await,
            used_bytes: number(&told["used"]),
            total_bytes: number(&told["allocation"]["allocated"]),
        },
        _ => Usage {
            id: text(&told["owner"]["user"]["email"]).or_else(|| text(&told["owner"]["user"]["displayName"])),
            used_bytes: number(&told["quota"]["used"]),
            total_bytes: number(&told["quota"]["total"]).filter(|total| *total > 0),
        },
    })
}

/// Dropbox says elsewhere whose account it is.
async fn dropbox_id(transport: &Transport) -> Option<String> {
    let request = Request::post("https://api.dropboxapi.com/2/users/get_current_account").body(Buffer::new());
    let answer = transport.ask(request.ok()?).await.ok()?;
    let told: Value = serde_json::from_slice(answer.body()).ok()?;
    text(&told["email"])
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Reads a number, which Google writes as a text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

async fn webdav_usage(address: CloudAddress, access: Access) -> Result<Usage, Trouble> {
    let text = properties(&address, &access).await?.unwrap_or_default();
    let used_bytes = property(&text, "quota-used-bytes");
    let free_bytes = property(&text, "quota-available-bytes");
    Ok(Usage {
        id: None,
        used_bytes,
        total_bytes: used_bytes.zip(free_bytes).map(|(used, free)| used.saturating_add(free)),
    })
}

/// Reads a number among the properties of a folder, whatever its name space is called; negative ones say "unknown" or
/// "no limit" at some servers.
fn property(text: &str, name: &str) -> Option<u64> {
    text.split('<').find_map(|element| {
        let (tag, value) = element.split_once('>')?;
        let local = tag.split(char::is_whitespace).next()?.rsplit(':').next()?;
        (local == name).then(|| value.trim().parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_whatever_name_space() {
        for (text, used) in [
            ("<D:quota-used-bytes>12</D:quota-used-bytes>", Some(12)),
            ("<quota-used-bytes xmlns=\"DAV:\">12</quota-used-bytes>", Some(12)),
            ("<x:quota-used-bytes> 12 </x:quota-used-bytes>", Some(12)),
            ("<x:quota-used-bytes/><b>12</b>", None),
            ("<x:quota-used-bytes>-3</x:quota-used-bytes>", None),
            ("", None),
        ] {
            assert_eq!(property(text, "quota-used-bytes"), used, "{text}");
        }
    }
}
