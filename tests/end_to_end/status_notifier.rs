//! A panel's side of the tray: the watcher that icons register with, and a hand that reads and presses their menus.
//!
//! <https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/> and com.canonical.dbusmenu.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use zbus::blocking::{Connection, Proxy, connection};
use zbus::message::Header;
use zbus::zvariant::{Dict, OwnedObjectPath, OwnedValue, Structure, Value};

use crate::patience::eventually;

/// Who registered an icon, and under which path.
type Item = (String, String);
/// A menu as it is sent: its revision, then (id, properties, children).
type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));

/// The panel of a desktop.
pub(crate) struct Panel {
    connection: Connection,
    items: Arc<Mutex<Vec<Item>>>,
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    id: i32,
    pub(crate) text: String,
    pub(crate) enabled: bool,
}

struct Watcher {
    items: Arc<Mutex<Vec<Item>>>,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, item: String, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        // Some send their path, some their name.
        let found = if item.starts_with('/') {
            (sender, item)
        } else {
            (item, "/StatusNotifierItem".to_owned())
        };
        self.items.lock().expect("nobody panics here").push(found);
    }

    fn register_status_notifier_host(&self, _host: String) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let items = self.items.lock().expect("nobody panics here");
        items.iter().map(|(sender, path)| format!("{sender}{path}")).collect()
    }
}

impl Panel {
    /// Begins to watch for icons.
    pub(crate) fn start(bus: &str) -> Self {
        let items = Arc::new(Mutex::new(Vec::new()));
        let watcher = Watcher { items: items.clone() };
        let connection = connection::Builder::address(bus)
            .and_then(|builder| builder.name("org.kde.StatusNotifierWatcher"))
            .and_then(|builder| builder.serve_at("/StatusNotifierWatcher", watcher))
            .and_then(connection::Builder::build)
            .expect("the bus of this desktop takes a watcher");
        Self { connection, items }
    }

    /// Reads the lines of the only icon's menu, separators left out.
    pub(crate) fn menu(&self) -> Vec<Line> {
        let menu = self.menu_proxy();
        let _: Result<bool, _> = menu.call("AboutToShow", &(0_i32,));
        let no_names: &[&str] = &[];
        let layout: zbus::Result<Layout> = menu.call("GetLayout", &(0_i32, -1_i32, no_names));
        match layout {
            Ok((_, (_, _, children))) => children.iter().filter_map(line).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// Presses a line of the menu.
    pub(crate) fn press(&self, text: &str) {
        let pressed = self.pressed(text);
        pressed.unwrap_or_else(|error| panic!("'{text}' cannot be pressed: {error}"));
    }

    /// Presses the line that ends the app, which may be gone before it answers; whether it ended is to be seen after.
    pub(crate) fn press_quit(&self) {
        let name = |error: &zbus::Error| match error {
            zbus::Error::MethodError(name, _, _) => name.as_str().to_owned(),
            other => other.to_string(),
        };
        if let Err(error) = self.pressed("Quit") {
            assert_eq!(name(&error), "org.freedesktop.DBus.Error.NoReply", "{error}");
        }
    }

    fn pressed(&self, text: &str) -> zbus::Result<()> {
        let line = eventually(&format!("the menu has '{text}' to press"), || {
            self.menu().into_iter().find(|line| line.text == text && line.enabled)
        });
        self.menu_proxy()
            .call("Event", &(line.id, "clicked", Value::from(0_i32), 0_u32))
    }

    fn menu_proxy(&self) -> Proxy<'static> {
        let (sender, path) = eventually("the tray icon registers", || {
            self.items.lock().expect("nobody panics here").last().cloned()
        });
        let icon = Proxy::new(&self.connection, sender.clone(), path, "org.kde.StatusNotifierItem");
        let icon = icon.expect("an icon has an address");
        let menu: OwnedObjectPath = icon.get_property("Menu").expect("an icon has a menu");
        Proxy::new(&self.connection, sender, menu, "com.canonical.dbusmenu").expect("a menu has an address")
    }
}

/// Reads one line: (id, properties, children).
fn line(sent: &OwnedValue) -> Option<Line> {
    let sent = Structure::try_from(sent.try_clone().ok()?).ok()?;
    let [id, properties, _] = sent.fields() else {
        return None;
    };
    let Value::Dict(properties) = properties else {
        return None;
    };
    let text: String = property(properties, "label")?;
    Some(Line {
        id: i32::try_from(id).ok()?,
        // An underscore marks a key; two of them are one.
        text: text.replace("__", "\u{0}").replace('_', "").replace('\u{0}', "_"),
        enabled: property(properties, "enabled").unwrap_or(true),
    })
}

fn property<T>(properties: &Dict<'_, '_>, name: &str) -> Option<T>
where
    T: for<'a> TryFrom<Value<'a>>,
{
    let value: Value<'_> = properties.get(&name).ok()??;
    T::try_from(value).ok()
}
