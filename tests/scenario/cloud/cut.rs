//! A line that breaks in the middle, whatever is spoken on it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// After how many bytes towards the server a connection of a number breaks; `None`: never.
type Rule = Box<dyn Fn(usize) -> Option<usize> + Send + Sync>;

/// What is sent in one go is read in one: mostly that is one request.
const GO_BYTES: usize = 64 << 10;

/// The line.
pub(super) struct CutLine {
    pub(super) port: u16,
    seen: Arc<AtomicUsize>,
    rule: Arc<Mutex<Rule>>,
    goes: Arc<Goes>,
}

/// What was sent towards the server in one go each, over all connections.
#[derive(Default)]
struct Goes {
    seen: AtomicUsize,
    /// Each of so many breaks its connection; 0: none does.
    broken: AtomicUsize,
}

/// What becomes of something that is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Passed,
    /// The line breaks before it arrives.
    Lost,
    /// It arrives, and what is answered is not heard.
    Unanswered,
}

impl Goes {
    fn next(&self) -> Fate {
        let number = self.seen.fetch_add(1, Ordering::SeqCst);
        match self.broken.load(Ordering::SeqCst) {
            0 => Fate::Passed,
            n if number % n != n - 1 => Fate::Passed,
            n if (number / n).is_multiple_of(2) => Fate::Unanswered,
            _ => Fate::Lost,
        }
    }
}

impl CutLine {
    /// Begins to listen; nothing breaks yet.
    pub(super) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let seen = Arc::new(AtomicUsize::new(0));
        let goes = Arc::new(Goes::default());
        let (counted, asked, going) = (seen.clone(), rule.clone(), goes.clone());
        // It listens until the tests' process ends, which holds one port longer than needed.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let after = (asked.lock().expect("nobody panics with it"))(number);
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    join(client, server, after, going.clone());
                }
            }
        });
        Self { port, seen, rule, goes }
    }

    /// Breaks a connection from now on with each of so many things that are sent towards the server; with none for 0.
    pub(super) fn break_each(&self, n: usize) {
        self.goes.seen.store(0, Ordering::SeqCst);
        self.goes.broken.store(n, Ordering::SeqCst);
    }

    /// Gives how many things were sent towards the server since then.
    pub(super) fn sent(&self) -> usize {
        self.goes.seen.load(Ordering::SeqCst)
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

fn join(client: TcpStream, server: TcpStream, after: Option<usize>, goes: Arc<Goes>) {
    let copies = client.try_clone().and_then(|client| Ok((client, server.try_clone()?)));
    let Ok((client_too, server_too)) = copies else { return };
    std::thread::spawn(move || pass(client, server, after, Some(&goes)));
    std::thread::spawn(move || pass(server_too, client_too, None, None));
}

/// Passes bytes on until a side hangs up, or so many were passed.
fn pass(mut from: TcpStream, mut to: TcpStream, mut left: Option<usize>, goes: Option<&Goes>) {
    let mut bytes = vec![0; GO_BYTES];
    while let Ok(read) = from.read(&mut bytes) {
        let fate = goes.filter(|_| read > 0).map_or(Fate::Passed, Goes::next);
        if fate == Fate::Lost {
            break;
        }
        let passed = left.map_or(read, |left| read.min(left));
        left = left.map(|left| left - passed);
        let is_sent = read > 0 && to.write_all(&bytes[..passed]).is_ok();
        if !is_sent || left == Some(0) || fate == Fate::Unanswered {
            break;
        }
    }
    // Who hung up already is not told again.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
