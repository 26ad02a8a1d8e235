//! A line to a server that fails now and then: it counts the requests that pass it, and spoils those that it is told to.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The line breaks before the server hears anything.
    Unheard,
    /// The server says that it is out of service.
    Unavailable,
    /// The server asks to wait.
    TooMany,
    /// The server does it, and the answer is lost.
    AnswerLost,
    /// The server does it, and half of the answer is lost.
    HalfAnAnswer,
    /// The server hears it, and says nothing.
    Silence,
}

/// What can happen to a request that ends.
pub(super) const FAULTS: [Fault; 5] = [
    Fault::Unheard,
    Fault::Unavailable,
    Fault::TooMany,
    Fault::AnswerLost,
    Fault::HalfAnAnswer,
];

type Rule = Box<dyn Fn(usize) -> Option<Fault> + Send + Sync>;

struct Line {
    to: u16,
    seen: AtomicUsize,
    is_over: AtomicBool,
    rule: Mutex<Rule>,
}

/// The line.
pub(super) struct Proxy {
    pub(super) port: u16,
    line: Arc<Line>,
}

impl Proxy {
    /// Begins to listen; nothing fails yet.
    pub(super) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let line = Arc::new(Line {
            to: port,
            seen: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            rule: Mutex::new(Box::new(|_| None)),
        });
        let listening = line.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if listening.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), line) = (stream, listening.clone()) else {
                    continue;
                };
                // Whoever hung up has nobody to be told.
                std::thread::spawn(move || drop(pass(&line, &stream)));
            }
        });
        Self { port: own, line }
    }

    /// Spoils requests from now on as a rule says, which is given the number of each, from 0 on.
    pub(super) fn spoil(&self, rule: impl Fn(usize) -> Option<Fault> + Send + Sync + 'static) {
        self.line.seen.store(0, Ordering::SeqCst);
        *self.line.rule.lock().expect("nobody panics with it") = Box::new(rule);
    }

    /// Gives how many requests came since the last rule.
    pub(super) fn seen(&self) -> usize {
        self.line.seen.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.is_over.store(true, Ordering::SeqCst);
        // Wakes whoever listens.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Passes one request on, and its answer back; then the connection ends.
fn pass(line: &Line, client: &TcpStream) -> io::Result<()> {
    let mut from_client = BufReader::new(client);
    let Some(request) = read_message(&mut from_client, Side::Request)? else {
        return Ok(());
    };
    let number = line.seen.fetch_add(1, Ordering::SeqCst);
    let fault = (line.rule.lock().expect("nobody panics with it"))(number);
    let fault = match fault {
        // What a service put in an old sign-in's place is lost with such an answer, and the person has to sign in anew.
        Some(Fault::AnswerLost | Fault::HalfAnAnswer) if asks_for_a_token(&request) => Some(Fault::Unheard),
        fault => fault,
    };
    let mut to_client = client;
    match fault {
        Some(Fault::Unheard) => return client.shutdown(Shutdown::Both),
        Some(Fault::Unavailable) => {
            return to_client.write_all(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
        Some(Fault::TooMany) => {
            let answer = b"HTTP/1.1 429 No\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return to_client.write_all(answer);
        }
        Some(Fault::Silence) => {
            while !line.is_over.load(Ordering::SeqCst) {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            return Ok(());
        }
        _ => {}
    }
    let mut server = TcpStream::connect(("127.0.0.1", line.to))?;
    server.write_all(&request)?;
    let answer = read_message(&mut BufReader::new(&server), Side::Answer)?.unwrap_or_default();
    match fault {
        Some(Fault::AnswerLost) => client.shutdown(Shutdown::Both),
        Some(Fault::HalfAnAnswer) => {
            to_client.write_all(&answer[..answer.len() / 2])?;
            client.shutdown(Shutdown::Both)
        }
        _ => to_client.write_all(&answer),
    }
}

fn asks_for_a_token(request: &[u8]) -> bool {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).contains("/token ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Answer,
}

/// Reads a whole message and lets it end its connection; `None` where none comes.
fn read_message(from: &mut impl BufRead, side: Side) -> io::Result<Option<Vec<u8>>> {
    let (mut head, mut size, mut is_chunked, mut has_body) = (Vec::new(), None, false, true);
    loop {
        let mut row = String::new();
        if from.read_line(&mut row)? == 0 {
            return Ok(None);
        }
        let lower = row.to_ascii_lowercase();
        if head.is_empty() && side == Side::Answer {
            let status = lower.split(' ').nth(1).unwrap_or_default();
            if status.starts_with('1') {
                // "Go on", which asks for nothing.
                while from.read_line(&mut row)? > 2 {}
                continue;
            }
            has_body = status != "204" && status != "304";
        }
        if let Some(said) = lower.strip_prefix("content-length:") {
            size = said.trim().parse::<usize>().ok();
        }
        is_chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
        if row == "\r\n" {
            head.extend_from_slice(b"Connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") && !lower.starts_with("expect:") {
            head.extend_from_slice(row.as_bytes());
        }
    }
    let mut body = Vec::new();
    match (is_chunked, size) {
        _ if !has_body => {}
        (true, _) => read_chunks(from, &mut body)?,
        (false, Some(size)) => {
            from.take(size as u64).read_to_end(&mut body)?;
        }
        (false, None) if side == Side::Answer => {
            from.read_to_end(&mut body)?;
        }
        (false, None) => {}
    }
    head.extend_from_slice(&body);
    Ok(Some(head))
}

/// Reads a body in chunks, as it stands on the line.
fn read_chunks(from: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut row = String::new();
        from.read_line(&mut row)?;
        body.extend_from_slice(row.as_bytes());
        let size = usize::from_str_radix(row.trim().split(';').next().unwrap_or_default(), 16);
        let size = size.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        from.take(size as u64 + 2).read_to_end(body)?;
        if size == 0 {
            return Ok(());
        }
    }
}
