//! What is particular about the services that people sign in to in their browser.

use super::protocol::Protocol;

/// Where a service takes sign-ins, and what for.
pub(super) struct Provider {
    pub(super) authorize: &'static str,
    pub(super) token: &'static str,
    /// The least that a mailbox needs.
    pub(super) scopes: &'static [&'static str],
    /// What else it has to be asked so that a sign-in lasts.
    pub(super) more: &'static [(&'static str, &'static str)],
    /// The host of the address that it sends the browser back to.
    pub(super) back_to: &'static str,
    /// The ports of that address, one as good as the other, where the service knows them beforehand; none: any port.
    pub(super) ports: &'static [u16],
    /// Where a program finds how full the account is.
    pub(super) usage: &'static str,
}

/// Google: an app's own files alone, and no others.
const GDRIVE: Provider = Provider {
    authorize: "https://accounts.google.com/o/oauth2/v2/auth",
    token: "https://oauth2.googleapis.com/token",
    scopes: &["https://www.googleapis.com/auth/drive.file"],
    // Without asking for consent anew, a second sign-in of the same person brings no refresh token.
    more: &[("access_type", "offline"), ("prompt", "consent")],
    back_to: "127.0.0.1",
    ports: &[],
    usage: "https://www.googleapis.com/drive/v3/about?fields=user(emailAddress),storageQuota(limit,usage)",
};

/// Dropbox: the app's own folder. The address to come back to is one of those that are registered, with its port: these
/// lie below all that systems hand out to outgoing connections (from 32,768 on), or one of those might hold it.
const DROPBOX: Provider = Provider {
    authorize: "https://www.dropbox.com/oauth2/authorize",
    token: "https://api.dropboxapi.com/oauth2/token",
    scopes: &[
        "files.content.read",
        "files.content.write",
        "files.metadata.read",
        "account_info.read",
    ],
    more: &[("token_access_type", "offline"), ("force_reauthentication", "false")],
    back_to: "localhost",
    ports: &[17_682, 17_683, 17_684],
    usage: "https://api.dropboxapi.com/2/users/get_space_usage",
};

/// Microsoft: the app's own folder.
const ONEDRIVE: Provider = Provider {
    authorize: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    token: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    scopes: &["Files.ReadWrite.AppFolder", "offline_access"],
    more: &[],
    back_to: "localhost",
    ports: &[],
    usage: "https://graph.microsoft.com/v1.0/me/drive?$select=quota,owner",
};

/// Gives the service behind a protocol, if people sign in to it in their browser.
pub(super) fn provider(protocol: Protocol) -> Option<&'static Provider> {
    match protocol {
        Protocol::Gdrive => Some(&GDRIVE),
        Protocol::Dropbox => Some(&DROPBOX),
        Protocol::Onedrive => Some(&ONEDRIVE),
        Protocol::S3
        | Protocol::Azblob
        | Protocol::Webdav
        | Protocol::WebdavPlain
        | Protocol::Sftp
        | Protocol::Ftps
        | Protocol::Ftp => None,
    }
}
