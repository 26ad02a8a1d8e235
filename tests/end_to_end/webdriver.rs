//! A WebDriver client that knows what these tests need: look, press, take a picture.
//!
//! <https://www.w3.org/TR/webdriver2/>, spoken to WebKitWebDriver, which starts the app itself.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::desktop::Desktop;
use crate::patience::eventually;

/// The name of an element's id in answers, from the specification.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The page in the real window.
pub(crate) struct Page {
    agent: ureq::Agent,
    server: String,
    session: String,
}

impl Page {
    /// Starts the app on a desktop, with WebKitWebDriver between.
    pub(crate) fn open(desktop: &mut Desktop) -> Self {
        let port = free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver.arg(format!("--port={port}")).stdout(Stdio::null());
        driver
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        desktop.spawn(driver);
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let mut page = Self {
            agent: config.timeout_global(Some(ANSWER_WITHIN)).build().into(),
            server: format!("http://127.0.0.1:{port}"),
            session: String::new(),
        };
        eventually("WebKitWebDriver listens", || page.get("status").ok());
        let app = offsync_tests::program("offsync-desktop");
        let options = json!({ "webkitgtk:browserOptions": { "binary": app, "args": [] } });
        let made = page.post("session", &json!({ "capabilities": { "alwaysMatch": options } }));
        let made = made.unwrap_or_else(|error| panic!("the app does not start: {error}"));
        let id = made["sessionId"].as_str().expect("a session has an id");
        page.session = format!("session/{id}/");
        page
    }

    /// Gives the text of the first element that a CSS selector finds.
    pub(crate) fn text(&self, selector: &str) -> Option<String> {
        let element = self.find("css selector", selector)?;
        let text = self.get(&format!("{}element/{element}/text", self.session)).ok()?;
        text.as_str().map(str::to_owned)
    }

    /// Counts what a CSS selector finds.
    pub(crate) fn count(&self, selector: &str) -> usize {
        let question = json!({ "using": "css selector", "value": selector });
        let found = self.post(&format!("{}elements", self.session), &question);
        found.ok().and_then(|found| found.as_array().map(Vec::len)).unwrap_or(0)
    }

    /// Presses the button that says something, as soon as it is there.
    pub(crate) fn press(&self, name: &str) {
        let button = format!("//button[contains(normalize-space(.), \"{name}\")]");
        eventually(&format!("the button '{name}' can be pressed"), || {
            let element = self.find("xpath", &button)?;
            let pressed = self.post(&format!("{}element/{element}/click", self.session), &json!({}));
            pressed.ok()
        });
    }

    /// Types into the field with a label, as soon as it is there.
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let named = format!("//label[contains(normalize-space(.), \"{label}\")]");
        let field = format!("{named}//input | //input[@id={named}/@for]");
        eventually(&format!("the field '{label}' can be filled"), || {
            let element = self.find("xpath", &field)?;
            let typed = self.post(
                &format!("{}element/{element}/value", self.session),
                &json!({ "text": text }),
            );
            typed.ok()
        });
    }

    /// Takes a picture of the page.
    pub(crate) fn picture(&self, file: &Path) {
        let taken = self.get(&format!("{}screenshot", self.session));
        let taken = taken.unwrap_or_else(|error| panic!("no picture: {error}"));
        let text = taken.as_str().expect("a picture is text in base64");
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(text)
            .expect("it is base64");
        let folder = file.parent().expect("a picture lies in a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(file, bytes).expect("a picture can be kept");
    }

    /// Runs a script in the page and gives what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        let told = self.post(
            &format!("{}execute/sync", self.session),
            &json!({ "script": script, "args": [] }),
        );
        told.unwrap_or_else(|error| panic!("the script did not run: {error}"))
    }

    fn find(&self, using: &str, value: &str) -> Option<String> {
        let question = json!({ "using": using, "value": value });
        let found = self.post(&format!("{}element", self.session), &question).ok()?;
        found[ELEMENT].as_str().map(str::to_owned)
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let asked = self.agent.get(format!("{}/{path}", self.server)).call();
        answer(asked.map_err(|error| error.to_string())?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let asked = self.agent.post(format!("{}/{path}", self.server)).send_json(body);
        answer(asked.map_err(|error| error.to_string())?)
    }
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Value, String> {
    let mut body: Value = response.body_mut().read_json().map_err(|error| error.to_string())?;
    let value = body["value"].take();
    if response.status().is_success() {
        Ok(value)
    } else {
        Err(format!("{}: {}", value["error"], value["message"]))
    }
}

/// Asks the system for a port that nobody uses.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
