//! Reaching a server by name and port, and what is said where none is reached.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use offsync_core::ports::MailboxErrorKind;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::trouble::Trouble;

/// How long one of a server's addresses may take to answer at all.
pub(super) const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// What listens, and where it does if an address does not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener {
    pub(super) speaks: &'static str,
    pub(super) port: u16,
}

impl Listener {
    /// Splits the place of an address into host and port.
    pub(super) fn host_and_port<'p>(&self, place: &'p str) -> (&'p str, u16) {
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(self.port)),
            _ => (place, self.port),
        };
        (host.trim_start_matches('[').trim_end_matches(']'), port)
    }

    /// Reaches a server at the first of its addresses that answers.
    pub(super) async fn reach(&self, place: &str) -> Result<TcpStream, Trouble> {
        let (host, port) = self.host_and_port(place);
        let found = timeout(ANSWER_WAIT, tokio::net::lookup_host((host, port))).await;
        let found = found.ok().and_then(Result::ok);
        let found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
        let mut wrong = away(format!(
            "no computer called '{host}' is found: the name may be wrong, or this computer has no network"
        ));
        for at in found {
            wrong = match timeout(ANSWER_WAIT, TcpStream::connect(at)).await {
                Ok(Ok(socket)) => {
                    // What is small goes at once; where that cannot be set, it is slower.
                    let _ = socket.set_nodelay(true);
                    return Ok(socket);
                }
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => away(format!(
                    "'{host}' is there, but nothing listens at its port {port}: {} may not be switched on, or have another port",
                    self.speaks
                )),
                _ => Trouble::silent(),
            };
        }
        Err(wrong)
    }
}

fn away(why: String) -> Trouble {
    Trouble::new(MailboxErrorKind::Away, why).lasting()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        let listener = Listener {
            speaks: "FTP",
            port: 21,
        };
        for (place, host, port) in [
            ("nas.local", "nas.local", 21),
            ("nas.local:2121", "nas.local", 2121),
            ("[::1]", "::1", 21),
            ("[::1]:2121", "::1", 2121),
        ] {
            assert_eq!(listener.host_and_port(place), (host, port), "{place}");
        }
    }
}
