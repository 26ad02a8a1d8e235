//! Real servers on loopback: S3 by moto and by rclone, Azure's storage by Azurite, WebDAV by WsgiDAV and by Apache.
//!
//! `.ci/setup test` installs them. Where one is not installed a test says that it was skipped; with `CI` set it fails.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to listen on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// S3 that takes each signature.
    Moto,
    /// S3 that checks signatures, over plain files.
    RcloneS3,
    /// Microsoft's own stand-in for a storage account of Azure.
    Azurite,
    /// WebDAV that says how full it is.
    WsgiDav,
    /// WebDAV that does not.
    Apache,
}

/// All of them.
pub(super) const ALL: [Kind; 5] = [Kind::Moto, Kind::RcloneS3, Kind::Azurite, Kind::WsgiDav, Kind::Apache];

/// Those that keep objects, and know no folders.
pub(super) const STORES: [Kind; 3] = [Kind::Moto, Kind::RcloneS3, Kind::Azurite];

/// Who the servers know.
pub(super) const ID: &str = "anna-of-the-tests";
/// What opens their accounts; no line that anybody reads may hold it. Azure takes what is base64 alone.
pub(super) const SECRET: &str = "hunter2/never/to/be+seen";

/// A server that runs.
pub(super) struct Server {
    pub(super) kind: Kind,
    pub(super) port: u16,
    child: std::cell::RefCell<Child>,
    base: TempDir,
}

impl Server {
    /// Starts a server; `None`, with a printed reason, where it is not installed.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, |_| {})
    }

    /// Starts WsgiDAV behind a certificate that nobody vouches for; gives the file with it, too.
    pub(super) fn start_sealed() -> Option<(Self, PathBuf)> {
        Self::start_behind("DNS:localhost,IP:127.0.0.1", "CA:FALSE")
    }

    /// The same with a certificate for other names, or one that may sign others.
    pub(super) fn start_behind(names: &str, constraints: &str) -> Option<(Self, PathBuf)> {
        let place = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let (key, certificate) = certificate_for(&place, names, constraints);
        let server = Self::start_with(Kind::WsgiDav, |settings| {
            settings["ssl_certificate"] = certificate.to_string_lossy().as_ref().into();
            settings["ssl_private_key"] = key.to_string_lossy().as_ref().into();
            settings["server"] = "cheroot".into();
        })?;
        Some((server, certificate))
    }

    /// Starts Apache so that it speaks HTTP/2, and nothing else where it is asked for that; gives the file with its certificate, too,
    /// and the one in which it writes how each request came.
    pub(super) fn start_modern() -> Option<(Self, PathBuf, PathBuf)> {
        let place = tempfile::tempdir().expect("a temporary folder can be made").keep();
        let (key, certificate) = certificate(&place);
        let log = place.join("requests");
        let server = Self::start_with(Kind::Apache, |settings| {
            let before = settings.as_str().expect("it is a text");
            let modules =
                ["ssl", "http2"].map(|name| format!("LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so\n"));
            *settings = format!(
                "{}{before}SSLEngine on\nSSLCertificateFile {}\nSSLCertificateKeyFile {}\nProtocols h2 http/1.1\n\
                 LogFormat \"%m %H\" way\nCustomLog {} way\n",
                modules.concat(),
                certificate.display(),
                key.display(),
                log.display()
            )
            .into();
        })?;
        Some((server, certificate, log))
    }

    fn start_with(kind: Kind, settle: impl Fn(&mut serde_json::Value)) -> Option<Self> {
        if let Some(missing) = missing(kind) {
            assert!(
                std::env::var_os("CI").is_none(),
                "{missing} is not installed: .ci/setup test"
            );
            println!("skipped: {missing} is not installed (.ci/setup test does that)");
            return None;
        }
        let base = tempfile::Builder::new()
            .prefix("offsync-server-")
            .tempdir()
            .expect("a temporary folder can be made");
        // Another program may take the port in between: then the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            let mut child = command(kind, port, base.path(), &settle)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("an installed server can be started");
            if listens(&mut child, port) {
                let server = Self {
                    kind,
                    port,
                    child: std::cell::RefCell::new(child),
                    base,
                };
                server.prepare();
                return Some(server);
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("{kind:?} did not begin to listen")
    }

    /// Gives the address of a folder in its account, with this port in place of its own.
    pub(super) fn url_by(&self, port: u16, folder: &str) -> String {
        match self.kind {
            Kind::Moto | Kind::RcloneS3 => format!("s3://box/{folder}?endpoint=http://127.0.0.1:{port}"),
            Kind::Azurite => format!("azblob://{ID}/box/{folder}?endpoint=http://127.0.0.1:{port}/{ID}"),
            Kind::WsgiDav | Kind::Apache => format!("webdav+http://127.0.0.1:{port}/{folder}"),
        }
    }

    /// Gives the address of a folder in its account.
    pub(super) fn url(&self, folder: &str) -> String {
        self.url_by(self.port, folder)
    }

    /// Gives the folder in which it keeps what it is given; `None` where it keeps all in memory.
    pub(super) fn kept_in(&self) -> Option<PathBuf> {
        let is_in_memory = [Kind::Moto, Kind::Azurite].contains(&self.kind);
        (!is_in_memory).then(|| self.base.path().join("kept"))
    }

    fn prepare(&self) {
        match self.kind {
            Kind::Moto => ask(self.port, "PUT /box HTTP/1.1"),
            Kind::Azurite => make_container(self.port, "box"),
            Kind::RcloneS3 => fs::create_dir_all(self.base.path().join("kept/box")).expect("a folder can be made"),
            Kind::WsgiDav | Kind::Apache => {}
        }
    }
}

impl Server {
    /// Lets WsgiDAV know its user by another password from now on.
    pub(super) fn change_password(&self, secret: &str) {
        assert_eq!(self.kind, Kind::WsgiDav, "no other takes one so easily");
        stop(&mut self.child.borrow_mut());
        let settings = self.base.path().join("wsgidav.json");
        let text = fs::read_to_string(&settings).expect("it was started with it");
        fs::write(&settings, text.replace(SECRET, secret)).expect("a file can be written");
        let mut command = Command::new(installed("wsgidav"));
        command.arg("--config").arg(settings).stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("an installed server can be started");
        assert!(listens(&mut child, self.port), "its port was its own until now");
        *self.child.borrow_mut() = child;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(self.child.get_mut());
    }
}

pub(super) fn stop(child: &mut Child) {
    // Apache's first process ends those that it started.
    let pid = rustix::process::Pid::from_child(child);
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        if let Ok(Some(_)) = child.try_wait() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Makes a certificate that nobody vouches for; gives the files of its key and of itself.
pub(super) fn certificate(place: &Path) -> (PathBuf, PathBuf) {
    certificate_for(place, "DNS:localhost,IP:127.0.0.1", "CA:FALSE")
}

fn certificate_for(place: &Path, names: &str, constraints: &str) -> (PathBuf, PathBuf) {
    let (key, certificate) = (place.join("key.pem"), place.join("certificate.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
    ]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        &format!("subjectAltName={names}"),
        "-addext",
        &format!("basicConstraints=critical,{constraints}"),
    ]);
    openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
    let made = openssl.output().expect("openssl can be started");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (key, certificate)
}

pub(super) fn installed(program: &str) -> PathBuf {
    offsync_tests::repository().join("target/servers/bin").join(program)
}

/// Where Debian keeps Apache and what can be loaded into it.
const APACHE: &str = "/usr/sbin/apache2";
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

fn missing(kind: Kind) -> Option<&'static str> {
    let (program, name) = match kind {
        Kind::Moto => (installed("moto_server"), "moto"),
        Kind::RcloneS3 => (installed("rclone"), "rclone"),
        Kind::Azurite => (installed("azurite-blob"), "Azurite"),
        Kind::WsgiDav => (installed("wsgidav"), "WsgiDAV"),
        Kind::Apache => (PathBuf::from(APACHE), "Apache"),
    };
    (!program.exists()).then_some(name)
}

fn command(kind: Kind, port: u16, base: &Path, settle: &impl Fn(&mut serde_json::Value)) -> Command {
    let kept = base.join("kept");
    fs::create_dir_all(&kept).expect("a folder can be made");
    let port_said = port.to_string();
    match kind {
        Kind::Moto => {
            let mut command = Command::new(installed("moto_server"));
            command.args(["-H", "127.0.0.1", "-p", &port_said]);
            command
        }
        Kind::RcloneS3 => {
            let mut command = Command::new(installed("rclone"));
            command
                .args(["serve", "s3"])
                .arg(&kept)
                .args(["--addr", &format!("127.0.0.1:{port}")])
                .args(["--auth-key", &format!("{ID},{SECRET}")])
                .args(["--config", "/dev/null", "--cache-dir"])
                .arg(base.join("cache"));
            command
        }
        Kind::Azurite => {
            let mut command = Command::new(installed("azurite-blob"));
            command
                .args(["--blobHost", "127.0.0.1", "--blobPort", &port_said])
                .args(["--inMemoryPersistence", "--disableTelemetry", "--silent"])
                .env("AZURITE_ACCOUNTS", format!("{ID}:{SECRET}"));
            command
        }
        Kind::WsgiDav => {
            let settings = base.join("wsgidav.json");
            let mut text = serde_json::json!({
                "host": "127.0.0.1",
                "port": port,
                "provider_mapping": {"/": kept},
                "simple_dc": {"user_mapping": {"*": {ID: {"password": SECRET}}}},
                "http_authenticator": {"accept_basic": true, "accept_digest": false, "default_to_digest": false},
                "lock_storage": true,
                "verbose": 0,
            });
            settle(&mut text);
            fs::write(&settings, text.to_string()).expect("a file can be written");
            let mut command = Command::new(installed("wsgidav"));
            command.arg("--config").arg(settings);
            command
        }
        Kind::Apache => {
            let settings = base.join("apache.conf");
            let users = base.join("users");
            // The plainest of the forms that it reads, "{SHA}" aside: crypt's own, which each Debian knows.
            fs::write(&users, format!("{ID}:{}\n", sha1_entry())).expect("a file can be written");
            let mut text = apache_settings(port, base, &kept, &users).into();
            settle(&mut text);
            let text = text.as_str().expect("it stays a text");
            fs::write(&settings, text).expect("a file can be written");
            // Whoever starts it as root has it serve as somebody else, who must get at the files.
            open_to_all(base);
            open_to_all(&kept);
            let mut command = Command::new(APACHE);
            command.args(["-X", "-f"]).arg(settings);
            command
        }
    }
}

/// Makes a container, which people do at Azure itself: a mailbox finds its own there.
fn make_container(port: u16, name: &str) {
    let mut made = Command::new(installed("python3"));
    let port = port.to_string();
    made.args(["-c", MAKE_CONTAINER, &port, name, ID, SECRET]);
    let made = made.output().expect("Python is beside the servers");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Asks as an account's owner does, with what Azure calls a shared key.
const MAKE_CONTAINER: &str = r#"
import base64, email.utils, hashlib, hmac, http.client, sys

port, name, account, key = sys.argv[1:]
path = f"/{account}/{name}"
headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2022-11-02"}
said = "".join(f"{header}:{value}\n" for header, value in sorted(headers.items()))
signed = "PUT" + "\n" * 12 + said + f"/{account}{path}\nrestype:container"
proof = base64.b64encode(hmac.digest(base64.b64decode(key), signed.encode(), hashlib.sha256)).decode()
line = http.client.HTTPConnection("127.0.0.1", int(port))
line.request("PUT", f"{path}?restype=container", headers={**headers, "Authorization": f"SharedKey {account}:{proof}"})
answer = line.getresponse()
sys.exit(None if answer.status == 201 else f"{answer.status}: {answer.read().decode()}")
"#;

/// What `htpasswd -s` would write for the password of these tests.
fn sha1_entry() -> String {
    "{SHA}WbzpVZz20gf3YUoR5kjjs/RulZM=".into()
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("a mode can be set");
}

fn apache_settings(port: u16, base: &Path, kept: &Path, users: &Path) -> String {
    let base = base.display();
    let modules: String = [
        ("mpm_event", "mpm_event"),
        ("authn_core", "authn_core"),
        ("authn_file", "authn_file"),
        ("authz_core", "authz_core"),
        ("authz_user", "authz_user"),
        ("auth_basic", "auth_basic"),
        ("dav", "dav"),
        ("dav_fs", "dav_fs"),
    ]
    .iter()
    .filter(|(_, file)| Path::new(APACHE_MODULES).join(format!("mod_{file}.so")).exists())
    .map(|(name, file)| format!("LoadModule {name}_module {APACHE_MODULES}/mod_{file}.so\n"))
    .collect();
    format!(
        "{modules}ServerName localhost\nListen 127.0.0.1:{port}\nServerRoot {base}\nPidFile {base}/apache.pid\n\
         ErrorLog {base}/apache.log\nMutex file:{base}\nDAVLockDB {base}/locks\nUser www-data\nGroup www-data\n\
         DocumentRoot {kept}\n<Directory {kept}>\n  Dav On\n  AuthType Basic\n  AuthName kept\n  AuthUserFile {users}\n  \
         Require valid-user\n</Directory>\n",
        kept = kept.display(),
        users = users.display(),
    )
}

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

pub(super) fn listens(child: &mut Child, port: u16) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        if matches!(child.try_wait(), Ok(Some(_))) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Asks a server for something without a body, and expects it to be done. One that has just begun may hang up on the first who
/// ask.
fn ask(port: u16, line: &str) {
    let request = format!("{line}\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let asked = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    let began = Instant::now();
    let answer = loop {
        match asked() {
            Ok(answer) => break answer,
            Err(error) => assert!(began.elapsed() < PATIENCE, "{line}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
}
