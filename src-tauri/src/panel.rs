//! Whether this desktop shows tray icons at all: where none does, nothing may hide behind one.

/// Asks the desktop. May take a moment; never called on the thread that draws.
#[cfg(target_os = "linux")]
pub(crate) fn shows_icons() -> bool {
    let asked = zbus::blocking::Connection::session().and_then(|bus| {
        let reply = bus.call_method(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus"),
            "NameHasOwner",
            &("org.kde.StatusNotifierWatcher",),
        )?;
        reply.body().deserialize::<bool>()
    });
    asked.unwrap_or(false)
}

/// macOS and Windows always do.
#[cfg(not(target_os = "linux"))]
pub(crate) fn shows_icons() -> bool {
    true
}
