//! How much an account holds, where its service says so.

use ::opendal::Buffer;
use base64::Engine as _;
use http::{Request, header};
use offsync_core::ports::{MailboxError, MailboxErrorKind};

use super::address::CloudAddress;
use super::credential::Credential;
use super::protocol::Protocol;
use super::transport::Transport;
use super::trouble::Trouble;
use crate::waiting::wait_for;

/// What an account holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// What all that is in it takes; `None` where the service does not say.
    pub used_bytes: Option<u64>,
    /// What it may hold at most; `None` where the service does not say, or sets no limit.
    pub total_bytes: Option<u64>,
}

/// The properties of RFC 4331.
const QUOTA_QUERY: &str = r#"<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>"#;

/// Asks an account how much it holds.
pub fn usage(address: &CloudAddress, credential: &Credential) -> Result<Usage, MailboxError> {
    match address.protocol() {
        // No store of this kind has a limit that a program could ask for.
        Protocol::S3 => Ok(Usage::default()),
        Protocol::Webdav | Protocol::WebdavPlain => {
            let asked = webdav_usage(address.clone(), credential.clone());
            wait_for(async move { Ok(asked.await?) })
        }
    }
}

async fn webdav_usage(address: CloudAddress, credential: Credential) -> Result<Usage, Trouble> {
    let scheme = if address.protocol().is_plain() { "http" } else { "https" };
    let mut url = url::Url::parse(&format!("{scheme}://{}/", address.place())).map_err(|_| bad_address())?;
    url.path_segments_mut()
        .map_err(|()| bad_address())?
        .pop_if_empty()
        .extend(address.root().split('/').filter(|folder| !folder.is_empty()))
        .push("");
    let transport = Transport::new(address.protocol())?;
    let mut sign = format!("{}:{}", credential.id(), credential.secret());
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(&sign));
    zeroize::Zeroize::zeroize(&mut sign);
    let request = Request::builder()
        .method("PROPFIND")
        .uri(url.as_str())
        .header("Depth", "0")
        .header(header::CONTENT_TYPE, "application/xml")
        .header(header::AUTHORIZATION, basic)
        .body(Buffer::from(QUOTA_QUERY))
        .map_err(|_| bad_address())?;
    let answer = transport.ask(request).await?;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let used_bytes = property(&text, "quota-used-bytes");
    let free_bytes = property(&text, "quota-available-bytes");
    Ok(Usage {
        used_bytes,
        total_bytes: used_bytes.zip(free_bytes).map(|(used, free)| used.saturating_add(free)),
    })
}

fn bad_address() -> Trouble {
    Trouble::new(MailboxErrorKind::Broken, "its address cannot be used")
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
