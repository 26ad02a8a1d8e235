//! What opens an account: kept in the keystore, and handed on inside an invitation.
//!
//! Guarantees that it is wiped from memory when dropped. Never prints itself.

use std::fmt;
use std::sync::Arc;

use offsync_core::ports::SecretError;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::address::CloudAddress;
use super::traffic::Traffic;
use super::trouble::Trouble;

/// The first byte of a packed credential.
const VERSION: u8 = 1;

/// A user and a password, or what else a protocol asks for in their place; or a sign-in and the program that it was given to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Credential {
    id: String,
    secret: String,
    client: Option<Client>,
}

/// The program that people sign in to, as a service knows it: a sign-in is good for the one that it was given to alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Client {
    /// Its public name at the service.
    pub id: String,
    /// What some services ask for beside it, though a program that people have cannot keep it.
    pub secret: Option<String>,
}

impl Credential {
    /// Makes a credential of what a person said.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            client: None,
        }
    }

    /// Makes a credential of a sign-in.
    pub(super) fn signed_in(id: impl Into<String>, refresh_token: impl Into<String>, client: Client) -> Self {
        Self {
            id: id.into(),
            secret: refresh_token.into(),
            client: Some(client),
        }
    }

    /// Gives what names the account; no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives the same with what names the account, as its service says it.
    #[must_use]
    pub fn called(mut self, id: String) -> Self {
        self.id = id;
        self
    }

    /// Gives what opens it.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Gives the program that a sign-in was given to; `None` for what was typed.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// Lays it out as it is kept: a byte for the version, then all as postcard writes it.
    #[must_use]
    pub fn pack(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it at once, so that no copy stays behind where a smaller buffer was.
        let client = self.client.as_ref();
        let client = client.map_or(0, |client| {
            client.id.len() + client.secret.as_ref().map_or(0, String::len)
        });
        let mut packed = Zeroizing::new(vec![0; 1 + self.id.len() + self.secret.len() + client + 44]);
        packed[0] = VERSION;
        let used = postcard::to_slice(self, &mut packed[1..])
            .expect("four texts and their lengths fit")
            .len();
        packed.truncate(1 + used);
        packed
    }

    /// Reads one that was packed; `None` for what a newer Offsync wrote, or what makes no sense.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        (*version == VERSION).then(|| postcard::from_bytes(rest).ok()).flatten()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

/// Where a credential is kept. Some services give a new one in place of the old with each use.
pub trait Keeper: Send + Sync {
    /// Waits until no other program of this computer is about to change it; that lasts until what is given is dropped.
    fn turn(&self) -> Box<dyn Send>;
    /// Gives what is kept now.
    fn read(&self) -> Option<Credential>;
    /// Keeps another one in its place.
    fn write(&self, credential: &Credential) -> Result<(), SecretError>;
}

/// What opens an account, where that is kept as it changes, and the line to it.
#[derive(Clone)]
pub struct Access {
    pub(super) credential: Credential,
    pub(super) keeper: Option<Arc<dyn Keeper>>,
    pub(super) traffic: Arc<Traffic>,
    /// The host key by which this computer knows the account's server; no secret.
    pub(super) host_key: Option<String>,
}

impl Access {
    /// Opens an account with what is kept there.
    pub fn kept(credential: Credential, keeper: Arc<dyn Keeper>) -> Self {
        Self {
            credential,
            keeper: Some(keeper),
            traffic: Arc::default(),
            host_key: None,
        }
    }

    /// Goes over a line that others share.
    #[must_use]
    pub fn over(self, traffic: Arc<Traffic>) -> Self {
        Self { traffic, ..self }
    }

    /// Gives the same for a server that is known by a host key, whatever the address of a mailbox says.
    #[must_use]
    pub fn at_host_key(self, host_key: Option<String>) -> Self {
        Self { host_key, ..self }
    }

    /// Gives an address as those who are invited are told it: with the host key by which this computer knows the server now. That
    /// of an archive may be from before it was set up anew.
    #[must_use]
    pub fn known_by(&self, address: CloudAddress) -> CloudAddress {
        match &self.host_key {
            Some(host_key) => address.at_host_key(host_key),
            None => address,
        }
    }

    /// Waits until nothing may go to accounts any more, and gives why.
    pub(crate) async fn hindered(&self) -> Trouble {
        self.traffic.hindered().await
    }

    /// Gives what opens it, as it was when it was read.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }
}

/// Opens an account with what is kept nowhere yet.
impl From<Credential> for Access {
    fn from(credential: Credential) -> Self {
        Self {
            credential,
            keeper: None,
            traffic: Arc::default(),
            host_key: None,
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_packed_and_never_shown() {
        let long = "x".repeat(3000);
        for (id, secret) in [("anna", "hunter2"), ("", ""), ("é", long.as_str())] {
            let client = Client {
                id: "client".into(),
                secret: Some(long.clone()),
            };
            for credential in [Credential::new(id, secret), Credential::signed_in(id, secret, client)] {
                assert_eq!(Credential::unpack(&credential.pack()), Some(credential.clone()));
                assert_eq!(format!("{credential:?}"), "Credential(..)");
                assert_eq!(format!("{:?}", Access::from(credential)), "Access(..)");
            }
        }
        let packed = Credential::new("anna", "hunter2").pack();
        assert_eq!(packed.as_slice(), b"\x01\x04anna\x07hunter2\x00");
        assert_eq!(Credential::unpack(b"\x02\x04anna\x07hunter2\x00"), None);
        assert_eq!(Credential::unpack(&packed[..8]), None);
        assert_eq!(Credential::unpack(b""), None);
    }
}
