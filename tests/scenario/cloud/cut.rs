//! A line that breaks in the middle, whatever is spoken on it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// After how many bytes towards the server a connection of a number breaks; `None`: never.
type Rule = Box<dyn Fn(usize) -> Option<usize> + Send + Sync>;

/// The line.
pub(super) struct CutLine {
    pub(super) port: u16,
    seen: Arc<AtomicUsize>,
    rule: Arc<Mutex<Rule>>,
}

impl CutLine {
    /// Begins to listen; nothing breaks yet.
    pub(super) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let seen = Arc::new(AtomicUsize::new(0));
        let (counted, asked) = (seen.clone(), rule.clone());
        // It listens until the tests' process ends, which holds one port longer than needed.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let after = (asked.lock().expect("nobody panics with it"))(number);
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    join(client, server, after);
                }
            }
        });
        Self { port, seen, rule }
    }

    /// Breaks connections from now on as a rule says, which is given the number of each, from 0 on.
    pub(super) fn cut(&self, rule: impl Fn(usize) -> Option<usize> + Send + Sync + 'static) {
        self.seen.store(0, Ordering::SeqCst);
        *self.rule.lock().expect("nobody panics with it") = Box::new(rule);
    }

    /// Gives how many connections came since the last rule.
    pub(super) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

fn join(client: TcpStream, server: TcpStream, after: Option<usize>) {
    let copies = client.try_clone().and_then(|client| Ok((client, server.try_clone()?)));
    let Ok((client_too, server_too)) = copies else { return };
    std::thread::spawn(move || pass(client, server, after));
    std::thread::spawn(move || pass(server_too, client_too, None));
}

/// Passes bytes on until a side hangs up, or so many were passed.
fn pass(mut from: TcpStream, mut to: TcpStream, mut left: Option<usize>) {
    let mut bytes = [0; 4096];
    while let Ok(read) = from.read(&mut bytes) {
        let passed = left.map_or(read, |left| read.min(left));
        left = left.map(|left| left - passed);
        if read == 0 || to.write_all(&bytes[..passed]).is_err() || left == Some(0) {
            break;
        }
    }
    // Who hung up already is not told again.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
