//! The services that people choose among, as data: one list for the command line, the window and the documentation.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A service that a mailbox can lie with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offering {
    /// A short word for it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What the account's address is made of; `{key}` stands for what is asked.
    pub address: String,
    /// What is asked for it.
    #[serde(default)]
    pub asks: Vec<Question>,
    /// What a family gets for nothing.
    pub free: String,
    /// What to do at the service first.
    pub help: String,
    /// What somebody can do who has an invitation and its words.
    pub stolen: String,
    /// How that is ended.
    pub revoke: String,
}

/// Something that an address is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What stands for it in the address.
    pub key: String,
    /// What people are asked for.
    pub label: String,
    /// What it looks like.
    pub example: String,
}

#[derive(Deserialize)]
struct Catalogue {
    service: Vec<Offering>,
}

/// Gives all services, those first that ask the least.
pub fn offerings() -> &'static [Offering] {
    static OFFERINGS: LazyLock<Vec<Offering>> = LazyLock::new(|| {
        let read: Catalogue = toml::from_str(include_str!("services.toml")).expect("a test reads it, too");
        read.service
    });
    &OFFERINGS
}

impl Offering {
    /// Makes the address of an account, from what was answered; `None` where something is not.
    #[must_use]
    pub fn address_with(&self, answers: &BTreeMap<String, String>) -> Option<String> {
        let mut address = self.address.clone();
        for question in &self.asks {
            let answer = answers
                .get(&question.key)
                .map(|answer| answer.trim())
                .filter(|answer| !answer.is_empty())?;
            address = address.replace(&format!("{{{}}}", question.key), answer);
        }
        Some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::MailboxUrl;

    /// Where the page lies that is made of the catalogue.
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/services.md");

    fn page() -> String {
        let mut page = String::from(
            "# Where a mailbox can lie\n\nMade of `crates/adapters/src/cloud/services.toml`; `offsync account services` tells the same. What is free is as the services said when that was written.\n",
        );
        for service in offerings() {
            page += &format!(
                "\n## {}\n\n`{}`\n\n- **Free:** {}.\n- **At the service first:** {}\n- **Who has an invitation and its words can:** {}\n- **That is ended so:** {}\n",
                service.name, service.address, service.free, service.help, service.stolen, service.revoke
            );
        }
        page
    }

    #[test]
    fn the_documentation_says_what_the_catalogue_does() {
        let written = std::fs::read_to_string(PAGE).expect("the page is there");
        assert_eq!(
            written,
            page(),
            "make it anew: cargo test -p offsync-adapters -- --ignored write_the_page"
        );
    }

    #[test]
    #[ignore = "writes docs/services.md"]
    fn write_the_page_of_services() {
        std::fs::write(PAGE, page()).expect("it can be written");
    }

    #[test]
    fn each_service_has_an_address_that_can_be_used_once_all_is_answered() {
        let mut ids = Vec::new();
        for service in offerings() {
            let examples = service
                .asks
                .iter()
                .map(|asked| (asked.key.clone(), asked.example.clone()));
            let address = service.address_with(&examples.collect()).expect("all is answered");
            assert!(!address.contains(['{', '}']), "{address}");
            let url: Result<MailboxUrl, _> = address.parse();
            assert!(url.is_ok(), "{address}: {}", url.expect_err("it is refused"));
            assert!(service.asks.is_empty() || service.address_with(&BTreeMap::new()).is_none());
            for text in [&service.free, &service.help, &service.stolen, &service.revoke] {
                assert!(!text.trim().is_empty(), "{}", service.id);
            }
            ids.push(&service.id);
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), offerings().len());
    }
}
