//! The token that lasts an hour, made from the sign-in that lasts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, RefreshToken, TokenResponse, TokenUrl};
use offsync_core::ports::MailboxErrorKind;
use zeroize::Zeroizing;

use super::credential::{Access, Credential};
use super::dialect::Dialect;
use super::line::Line;
use super::protocol::Protocol;
use super::provider::provider;
use super::trouble::Trouble;

/// How long before its end a token is not used any more.
const SPARE: Duration = Duration::from_secs(120);
/// How long one lasts where a service does not say.
const LASTS: Duration = Duration::from_secs(600);

/// Gives tokens of one account.
#[derive(Debug)]
pub(super) struct Tokens {
    protocol: Protocol,
    access: Access,
    /// Waits for whoever refreshes: one does, for all.
    turn: tokio::sync::Mutex<()>,
    now: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    secret: Zeroizing<String>,
    ends: Instant,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Tokens {
    pub(super) fn new(protocol: Protocol, access: Access) -> Self {
        Self {
            protocol,
            access,
            turn: tokio::sync::Mutex::new(()),
            now: Mutex::new(None),
        }
    }

    /// Gives a token that is good, and is not `refused`, which the service did not take.
    pub(super) async fn token(&self, refused: Option<&str>) -> Result<Zeroizing<String>, Trouble> {
        let _turn = self.turn.lock().await;
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_good = |token: &Token| token.ends > Instant::now() && Some(token.secret.as_str()) != refused;
        if let Some(token) = now.filter(is_good) {
            return Ok(token.secret);
        }
        let token = self.refresh().await?;
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token.secret)
    }

    async fn refresh(&self) -> Result<Token, Trouble> {
        // Another program of this computer may have used the sign-in since it was read, and got a new one for it.
        let keeper = self.access.keeper.clone();
        let kept = tokio::task::spawn_blocking(move || keeper.map(|keeper| (keeper.turn(), keeper.read())));
        let kept = kept
            .await
            .map_err(|_| Trouble::new(MailboxErrorKind::Broken, "the keystore gave no answer"))?;
        let (_turn, kept) = kept.map_or((None, None), |(turn, kept)| (Some(turn), kept));
        let credential = kept.unwrap_or_else(|| self.access.credential.clone());
        let (token, renewed) = ask(self.protocol, &credential).await?;
        if let (Some(renewed), Some(keeper)) = (renewed, self.access.keeper.clone()) {
            let kept = tokio::task::spawn_blocking(move || keeper.write(&renewed)).await;
            if !matches!(kept, Ok(Ok(()))) {
                return Err(Trouble::new(
                    MailboxErrorKind::Broken,
                    "the service renewed the sign-in, and this computer's keystore could not keep it",
                ));
            }
        }
        Ok(token)
    }
}

/// Asks for a token; gives the credential, too, if the service put another in its place.
async fn ask(protocol: Protocol, credential: &Credential) -> Result<(Token, Option<Credential>), Trouble> {
    let (Some(provider), Some(client)) = (provider(protocol), credential.client()) else {
        return Err(Trouble::new(
            MailboxErrorKind::SignIn,
            "this computer is not signed in to it",
        ));
    };
    // Not stopped by anybody: with the answer, what the service put in the old one's place would be lost.
    let line = Line::new(Dialect::Tokens, "", Arc::default())?;
    let mut asked = BasicClient::new(ClientId::new(client.id.clone()))
        .set_token_uri(TokenUrl::new(provider.token.into()).expect("it is a URL"))
        .set_auth_type(AuthType::RequestBody);
    if let Some(secret) = &client.secret {
        asked = asked.set_client_secret(ClientSecret::new(secret.clone()));
    }
    let old = RefreshToken::new(credential.secret().to_owned());
    let got = asked
        .exchange_refresh_token(&old)
        .request_async(&line)
        .await
        .map_err(|error| refused(&error))?;
    let lasts = got.expires_in().unwrap_or(LASTS);
    let token = Token {
        secret: Zeroizing::new(got.access_token().secret().clone()),
        ends: Instant::now() + lasts.saturating_sub(SPARE),
    };
    let renewed = got.refresh_token().map(|renewed| renewed.secret().as_str());
    let renewed = renewed.filter(|renewed| *renewed != credential.secret());
    let renewed = renewed.map(|renewed| Credential::signed_in(credential.id(), renewed, client.clone()));
    Ok((token, renewed))
}

/// What a token endpoint that refuses comes to, in words of ours: its own may repeat what it was sent.
pub(super) fn refused<T>(error: &oauth2::RequestTokenError<Trouble, T>) -> Trouble
where
    T: oauth2::ErrorResponse + 'static,
{
    match error {
        oauth2::RequestTokenError::Request(trouble) => trouble.clone(),
        oauth2::RequestTokenError::ServerResponse(_) => Trouble::signed_out(),
        _ => Trouble::new(
            MailboxErrorKind::Away,
            "the service's answer to the sign-in makes no sense",
        ),
    }
}

/// Shared by all calls of one account.
pub(super) type SharedTokens = Arc<Tokens>;
