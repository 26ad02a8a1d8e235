//! The tray: it is there without a window, its menu acts, and only it ends the app.

use std::process::Command;

use crate::desktop::{Desktop, Light};
use crate::family;
use crate::patience::{becomes, eventually};
use crate::status_notifier::Panel;

#[test]
fn sync_now_in_the_tray_moves_real_files_and_quit_ends_it() {
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    family::make(&desktop);
    let panel = Panel::start(desktop.bus());
    let app = start(&mut desktop, &["--hidden"]);

    let before = sentence(&panel, |said| said.contains("not sent yet"));
    assert!(!desktop.shows_the_window(), "it started in the tray");
    assert!(!family::has_the_new_photo(&desktop, "Anna"));

    panel.press("Sync now");
    let after = sentence(&panel, |said| *said != before && !said.ends_with('…'));
    assert!(!after.contains("not sent"), "it was sent, and the tray says: {after}");
    family::sync(&desktop, "Anna");
    assert!(
        family::has_the_new_photo(&desktop, "Anna"),
        "what the tray sent arrives"
    );

    panel.press_quit();
    let status = eventually("Quit ends the app", || desktop.ended(app));
    assert!(status.success(), "it ended with {status}");
}

#[test]
fn closing_the_window_keeps_the_tray_and_a_second_start_shows_it_again() {
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    let panel = Panel::start(desktop.bus());
    let app = start(&mut desktop, &[]);
    eventually("the window opens", || desktop.shows_the_window().then_some(()));

    desktop.close_the_window();
    assert_eq!(desktop.ended(app), None, "closing the window keeps the app");
    panel.press("Open");
    eventually("the tray opens the window", || desktop.shows_the_window().then_some(()));

    desktop.close_the_window();
    let second = start(&mut desktop, &[]);
    let status = eventually("a second start ends by itself", || desktop.ended(second));
    assert!(status.success(), "it ended with {status}");
    eventually("the first one's window is shown", || {
        desktop.shows_the_window().then_some(())
    });
    assert_eq!(desktop.ended(app), None, "the first one goes on");

    panel.press_quit();
    eventually("Quit ends the app", || desktop.ended(app));
}

#[test]
fn where_no_tray_is_shown_closing_the_window_ends_the_app() {
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    let app = start(&mut desktop, &[]);
    eventually("the window opens", || desktop.shows_the_window().then_some(()));
    desktop.close_the_window();
    let status = eventually("the app ends", || desktop.ended(app));
    assert!(status.success(), "it ended with {status}");
}

fn start(desktop: &mut Desktop, arguments: &[&str]) -> usize {
    let mut command = Command::new(offsync_tests::program("offsync-desktop"));
    command.args(arguments);
    desktop.spawn(command)
}

/// Waits until the line of the sample archive is as wanted.
fn sentence(panel: &Panel, is_so: impl Fn(&String) -> bool) -> String {
    let line = || {
        let texts = panel.menu().into_iter().map(|line| line.text);
        texts
            .collect::<Vec<_>>()
            .into_iter()
            .find(|text| text.starts_with("Family photos: "))
    };
    let seen = becomes("the tray says its sentence", line, |said| {
        said.as_ref().is_some_and(&is_so)
    });
    seen.unwrap_or_default()
}
