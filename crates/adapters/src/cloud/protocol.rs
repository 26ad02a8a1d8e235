//! The protocols that accounts speak: what an address says in each, and what they ask people for.

/// How a mailbox in an account is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// Object stores that speak Amazon's S3.
    S3,
    /// Microsoft's Azure Blob Storage.
    Azblob,
    /// Files over HTTPS: Nextcloud, ownCloud, Koofr, pCloud, Yandex Disk, a NAS.
    Webdav,
    /// The same without encryption of the line, for a NAS at home.
    WebdavPlain,
    /// Files over SSH: a NAS, any server.
    Sftp,
    /// Files over FTP with TLS around it: a router's stick, a NAS, web space.
    Ftps,
    /// The same without encryption of the line, for what stays at home.
    Ftp,
    /// Google Drive.
    Gdrive,
    /// Dropbox.
    Dropbox,
    /// Microsoft OneDrive.
    Onedrive,
}

/// What an account's protocol asks a person for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Two things to type.
    Typed {
        /// What names the account: "User", "Access key id".
        id: &'static str,
        /// What opens it: "Password", "Secret access key".
        secret: &'static str,
    },
    /// Who the account is of, and to let a key in that is made here.
    Key {
        /// What names the account: "User".
        id: &'static str,
    },
    /// To sign in in the browser.
    Browser {
        /// What people call the service.
        service: &'static str,
    },
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::S3,
        Self::Azblob,
        Self::Webdav,
        Self::WebdavPlain,
        Self::Sftp,
        Self::Ftps,
        Self::Ftp,
        Self::Gdrive,
        Self::Dropbox,
        Self::Onedrive,
    ];

    /// Gives the protocol of an address that begins with `scheme://`, also under the names by which other programs know it.
    #[must_use]
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "s3" => Some(Self::S3),
            "azblob" => Some(Self::Azblob),
            "webdav" | "webdavs" | "webdav+https" | "davs" | "https" => Some(Self::Webdav),
            "webdav+http" | "dav" | "http" => Some(Self::WebdavPlain),
            "sftp" | "ssh" => Some(Self::Sftp),
            "ftps" | "ftpes" => Some(Self::Ftps),
            "ftp" => Some(Self::Ftp),
            "gdrive" => Some(Self::Gdrive),
            "dropbox" => Some(Self::Dropbox),
            "onedrive" => Some(Self::Onedrive),
            _ => None,
        }
    }

    /// Gives what its addresses begin with.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Azblob => "azblob",
            Self::Webdav => "webdav",
            Self::WebdavPlain => "webdav+http",
            Self::Sftp => "sftp",
            Self::Ftps => "ftps",
            Self::Ftp => "ftp",
            Self::Gdrive => "gdrive",
            Self::Dropbox => "dropbox",
            Self::Onedrive => "onedrive",
        }
    }

    /// Gives an address as an example.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::S3 => "s3://my-bucket/offsync?endpoint=https://s3.example.org&region=eu-central-1",
            Self::Azblob => "azblob://myaccount/my-container/offsync",
            Self::Webdav => "webdav://cloud.example.org/remote.php/dav/files/anna/offsync",
            Self::WebdavPlain => "webdav+http://nas.local:5005/offsync",
            Self::Sftp => "sftp://anna@nas.local/offsync",
            Self::Ftps => "ftps://anna@nas.example.org/offsync",
            Self::Ftp => "ftp://anna@fritz.box/offsync",
            Self::Gdrive => "gdrive://Offsync",
            Self::Dropbox => "dropbox://Offsync",
            Self::Onedrive => "onedrive://Offsync",
        }
    }

    /// Gives the options that may follow a `?` in its addresses.
    #[must_use]
    pub fn options(self) -> &'static [&'static str] {
        match self {
            Self::S3 => &["endpoint", "region", "style"],
            Self::Azblob => &["endpoint"],
            Self::Sftp => &["hostkey"],
            Self::Webdav
            | Self::WebdavPlain
            | Self::Ftps
            | Self::Ftp
            | Self::Gdrive
            | Self::Dropbox
            | Self::Onedrive => &[],
        }
    }

    /// Gives what it asks people for.
    #[must_use]
    pub fn asks(self) -> Asked {
        match self {
            Self::S3 => Asked::Typed {
                id: "Access key id",
                secret: "Secret access key",
            },
            Self::Azblob => Asked::Typed {
                id: "Storage account",
                secret: "Access key",
            },
            Self::Webdav | Self::WebdavPlain | Self::Ftps | Self::Ftp => Asked::Typed {
                id: "User",
                secret: "Password",
            },
            Self::Sftp => Asked::Key { id: "User" },
            Self::Gdrive => Asked::Browser {
                service: "Google Drive",
            },
            Self::Dropbox => Asked::Browser { service: "Dropbox" },
            Self::Onedrive => Asked::Browser { service: "OneDrive" },
        }
    }

    /// Tells whether people sign in to it in their browser: then its addresses name folders alone, and no server.
    #[must_use]
    pub fn is_signed_in(self) -> bool {
        matches!(self, Self::Gdrive | Self::Dropbox | Self::Onedrive)
    }

    /// Tells whether it is WebDAV, over whatever line.
    #[must_use]
    pub fn is_webdav(self) -> bool {
        matches!(self, Self::Webdav | Self::WebdavPlain)
    }

    /// Tells whether it is a store of objects, which know names alone: what stands for a folder there is an object.
    #[must_use]
    pub fn is_store(self) -> bool {
        matches!(self, Self::S3 | Self::Azblob)
    }

    /// Tells whether one address leads each person to something else. The name of a bucket leads all to the same.
    #[must_use]
    pub fn is_personal(self) -> bool {
        !self.is_store()
    }

    /// Tells whether its files are reached over a line of their own, and not by requests over HTTP.
    #[must_use]
    pub fn has_line(self) -> bool {
        matches!(self, Self::Sftp | Self::Ftps | Self::Ftp)
    }

    /// Tells whether a folder has to be there before anything is put into it.
    #[must_use]
    pub fn wants_folders(self) -> bool {
        self.is_webdav() || self.has_line()
    }

    /// Tells whether its services know folders.
    #[must_use]
    pub fn has_folders(self) -> bool {
        !self.is_store()
    }

    /// Tells whether what is sent, the secret among it, can be read by whoever is on the line.
    #[must_use]
    pub fn is_plain(self) -> bool {
        matches!(self, Self::WebdavPlain | Self::Ftp)
    }
}
