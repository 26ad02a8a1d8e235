//! A WebDAV server for tests: one account in memory, as little of RFC 4918 as a mailbox asks for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::board::held;

/// `anna:hunter2` and `anna:hunter3`, as a header says them.
const FIRST: &str = "Basic YW5uYTpodW50ZXIy";
const SECOND: &str = "Basic YW5uYTpodW50ZXIz";

/// What lies there: content, or nothing for a folder.
type Files = BTreeMap<String, Option<Vec<u8>>>;

pub(super) struct Server {
    pub(super) port: u16,
    accepts: Arc<Mutex<&'static str>>,
    pub(super) files: Arc<Mutex<Files>>,
}

impl Server {
    /// Lets `anna` in with `hunter2`. The thread ends with the test.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
        let server = Self {
            port: listener.local_addr().expect("it listens").port(),
            accepts: Arc::new(Mutex::new(FIRST)),
            files: Arc::new(Mutex::new(BTreeMap::from([("/".to_owned(), None)]))),
        };
        let (accepts, files) = (server.accepts.clone(), server.files.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let accepted = *held(&accepts);
                // Whoever hangs up is served no more.
                let _ = serve(&stream, accepted, &files);
            }
        });
        server
    }

    /// Lets her in with `hunter3` alone from now on.
    pub(super) fn change_password(&self) {
        *held(&self.accepts) = SECOND;
    }
}

struct Asked {
    method: String,
    path: String,
    sign_in: String,
    is_deep: bool,
    body: Vec<u8>,
}

fn serve(stream: &TcpStream, accepted: &str, files: &Mutex<Files>) -> std::io::Result<()> {
    let asked = read(stream)?;
    let (status, body) = if asked.sign_in == accepted {
        answer(&asked, &mut held(files))
    } else {
        ("401 Unauthorized", Vec::new())
    };
    let mut to = stream;
    write!(
        to,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    to.write_all(&body)
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let mut asked = Asked {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        sign_in: String::new(),
        is_deep: true,
        body: Vec::new(),
    };
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "authorization" => asked.sign_in = value.to_owned(),
            "depth" => asked.is_deep = value != "0",
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body)?;
    Ok(asked)
}

fn answer(asked: &Asked, files: &mut Files) -> (&'static str, Vec<u8>) {
    let path = asked.path.trim_end_matches('/').to_owned();
    let path = if path.is_empty() { "/".to_owned() } else { path };
    match asked.method.as_str() {
        "MKCOL" if files.contains_key(&path) => ("405 Method Not Allowed", Vec::new()),
        "MKCOL" => (put(files, path, None), Vec::new()),
        "PUT" => (put(files, path, Some(asked.body.clone())), Vec::new()),
        "GET" => match files.get(&path) {
            Some(Some(content)) => ("200 OK", content.clone()),
            _ => ("404 Not Found", Vec::new()),
        },
        "DELETE" => {
            files.retain(|file, _| *file != path && !file.starts_with(&format!("{path}/")));
            ("204 No Content", Vec::new())
        }
        "PROPFIND" if files.contains_key(&path) => ("207 Multi-Status", list(files, &path, asked.is_deep).into()),
        _ => ("404 Not Found", Vec::new()),
    }
}

fn put(files: &mut Files, path: String, content: Option<Vec<u8>>) -> &'static str {
    match files.get(parent(&path)) {
        Some(None) => {
            files.insert(path, content);
            "201 Created"
        }
        _ => "409 Conflict",
    }
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((above, _)) => above,
    }
}

fn list(files: &Files, path: &str, is_deep: bool) -> String {
    let is_listed = |file: &str| file == path || (is_deep && file != "/" && parent(file) == path);
    let all = files.iter().filter(|(file, _)| is_listed(file)).map(|(file, content)| {
        let (href, kind, length) = match content {
            Some(content) => (file.clone(), "", content.len()),
            None => (format!("{}/", file.trim_end_matches('/')), "<D:collection/>", 0),
        };
        format!(
            "<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype>{kind}</D:resourcetype>\
             <D:getcontentlength>{length}</D:getcontentlength>\
             <D:getlastmodified>Mon, 12 Jan 2026 09:00:00 GMT</D:getlastmodified>\
             <D:quota-used-bytes>3000</D:quota-used-bytes><D:quota-available-bytes>7000</D:quota-available-bytes>\
             </D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        )
    });
    let all: String = all.collect();
    format!("<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">{all}</D:multistatus>")
}
