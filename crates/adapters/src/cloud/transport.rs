//! The one HTTP transport under all services, in the name of one account.
//!
//! Tells asking to wait, a full account, a refused sign-in and a permission that lacks apart, and answers with that in place of
//! what a service's own code would make of it.

use std::sync::Arc;

use ::opendal::{Buffer, HttpBody, HttpTransport};
use http::{Request, Response, header};
use offsync_core::ports::MailboxErrorKind;

use super::address::CloudAddress;
use super::credential::Access;
use super::dialect::Dialect;
use super::line::{Line, whole};
use super::token::{SharedTokens, Tokens};
use super::trouble::Trouble;

/// Sends requests for one account.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    line: Line,
    tokens: Option<SharedTokens>,
}

impl Transport {
    /// Sends what is signed by the service's own code, or by a token of a sign-in.
    pub(super) fn new(address: &CloudAddress, access: &Access) -> Result<Self, Trouble> {
        let protocol = address.protocol();
        let is_signed_in = protocol.is_signed_in();
        Ok(Self {
            line: Line::new(Dialect::Of(protocol), address.root(), access.traffic.clone())?,
            tokens: is_signed_in.then(|| Arc::new(Tokens::new(protocol, access.clone()))),
        })
    }

    /// Sends a request of our own, and reads the whole answer.
    pub(super) async fn ask(&self, request: Request<Buffer>) -> Result<Response<Vec<u8>>, Trouble> {
        whole(self.exchange(request).await?).await
    }

    /// Sends a request, and once more if the line or the service fails it: some services take five for one call of a mailbox,
    /// which would never come to its end on a line that fails one in five. What is asked twice comes to the same as once.
    async fn exchange(&self, request: Request<Buffer>) -> Result<Response<HttpBody>, Trouble> {
        let send = || self.line.patiently(|| self.send_signed(request.clone()));
        match send().await {
            Err(trouble) if trouble.is_worth_another() => send().await,
            done => done,
        }
    }

    /// Sends a request in the account's name; once more with a new token where the service did not take the old one.
    async fn send_signed(&self, mut request: Request<Buffer>) -> Result<Response<HttpBody>, Trouble> {
        let Some(tokens) = &self.tokens else {
            return self.line.send(request).await;
        };
        let token = tokens.token(None).await?;
        sign(&mut request, &token);
        match self.line.send(request.clone()).await {
            Err(trouble) if trouble.kind == MailboxErrorKind::SignIn => {
                let renewed = tokens.token(Some(&token)).await?;
                sign(&mut request, &renewed);
                self.line.send(request).await
            }
            done => done,
        }
    }
}

impl HttpTransport for Transport {
    async fn fetch(&self, request: Request<Buffer>) -> ::opendal::Result<Response<HttpBody>> {
        self.exchange(request).await.map_err(Trouble::carried)
    }
}

fn sign(request: &mut Request<Buffer>, token: &str) {
    let said = zeroize::Zeroizing::new(format!("Bearer {token}"));
    // A token that is no header is refused as a missing one is.
    if let Ok(mut value) = http::HeaderValue::from_str(&said) {
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
}
