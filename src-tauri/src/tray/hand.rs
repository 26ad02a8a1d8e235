//! Shows the tray's model: the thin hand. Only ever touched on the thread that draws.

use std::sync::{Arc, Mutex};

use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Manager, Theme, Wry, include_image};

use super::model::{Action, Sign, TrayItem, TrayModel, model};
use crate::board::held;
use crate::commands::begin_sync_of_all;
use crate::desk::Desk;
use crate::{ending, window};

/// How the ids of lines about archives begin.
const LOOK: &str = "look-";

/// What the tray lies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surroundings {
    Light,
    Dark,
}

/// The tray as it stands.
struct Hand {
    icon: TrayIcon,
    lines: Vec<MenuItem<Wry>>,
    shown: (TrayModel, Surroundings),
}

/// Puts the tray up; what it says follows the desk from then on.
pub(crate) fn put_up(handle: &AppHandle) -> tauri::Result<()> {
    let shown = wanted(handle);
    let (menu, lines) = menu(handle, &shown.0)?;
    let icon = TrayIconBuilder::with_id("offsync")
        .icon(picture(shown.0.sign, shown.1))
        .tooltip(&shown.0.tooltip)
        .menu(&menu)
        .on_menu_event(act)
        .build(handle)?;
    handle.manage(Mutex::new(Hand { icon, lines, shown }));
    Ok(())
}

/// Lets the tray say what is true now. May be called on any thread.
pub(crate) fn refresh(handle: &AppHandle) {
    let shown_by = handle.clone();
    // Refused only when the app is ending, and then nobody looks.
    let _ = handle.run_on_main_thread(move || {
        if let Some(hand) = shown_by.try_state::<Mutex<Hand>>() {
            // A tray that cannot be drawn now is drawn at the next change.
            let _ = held(&hand).show(&shown_by);
        }
    });
}

impl Hand {
    fn show(&mut self, handle: &AppHandle) -> tauri::Result<()> {
        let wanted = wanted(handle);
        if wanted == self.shown {
            return Ok(());
        }
        let (model, surroundings) = &wanted;
        if (model.sign, *surroundings) != (self.shown.0.sign, self.shown.1) {
            self.icon.set_icon(Some(picture(model.sign, *surroundings)))?;
        }
        self.icon.set_tooltip(Some(&model.tooltip))?;
        if model.archives.len() == self.shown.0.archives.len() {
            for (line, item) in self.lines.iter().zip(items(model)) {
                line.set_text(escaped(&item.text))?;
                line.set_enabled(item.enabled)?;
            }
        } else {
            let (menu, lines) = menu(handle, model)?;
            self.icon.set_menu(Some(menu))?;
            self.lines = lines;
        }
        self.shown = wanted;
        Ok(())
    }
}

fn wanted(handle: &AppHandle) -> (TrayModel, Surroundings) {
    let (overview, running) = handle.state::<Arc<Desk>>().shown();
    let window = handle.get_webview_window(window::LABEL);
    let theme = window.and_then(|window| window.theme().ok());
    let desktop = std::env::var("XDG_CURRENT_DESKTOP").ok();
    (
        model(overview.as_ref(), &running),
        surroundings(desktop.as_deref(), theme),
    )
}

/// GNOME's top bar is dark whatever the windows are; elsewhere the tray follows them.
fn surroundings(desktop: Option<&str>, theme: Option<Theme>) -> Surroundings {
    let is_gnome = desktop.is_some_and(|names| names.split(':').any(|name| name == "GNOME" || name == "Unity"));
    if is_gnome || theme == Some(Theme::Dark) {
        Surroundings::Dark
    } else {
        Surroundings::Light
    }
}

fn items(model: &TrayModel) -> impl Iterator<Item = &TrayItem> {
    model.archives.iter().chain(&model.actions)
}

fn menu(handle: &AppHandle, model: &TrayModel) -> tauri::Result<(Menu<Wry>, Vec<MenuItem<Wry>>)> {
    let line = |(at, item): (usize, &TrayItem)| {
        let name = name(&item.action, at);
        MenuItem::with_id(handle, name, escaped(&item.text), item.enabled, None::<&str>)
    };
    let lines = items(model).enumerate().map(line).collect::<tauri::Result<Vec<_>>>()?;
    let separator = PredefinedMenuItem::separator(handle)?;
    let (looks, actions) = lines.split_at(model.archives.len());
    let mut all: Vec<&dyn IsMenuItem<Wry>> = looks.iter().map(|line| line as &dyn IsMenuItem<Wry>).collect();
    if !all.is_empty() {
        all.push(&separator);
    }
    all.extend(actions.iter().map(|line| line as &dyn IsMenuItem<Wry>));
    let menu = Menu::with_items(handle, &all)?;
    Ok((menu, lines))
}

/// Names a line. Archives are named by their place: a folder may be too long or too odd for a menu's id.
fn name(action: &Action, at: usize) -> String {
    match action {
        Action::Look(_) => format!("{LOOK}{at}"),
        Action::Open => "open".into(),
        Action::SyncNow => "sync-now".into(),
        Action::Quit => "quit".into(),
    }
}

/// Keeps an `&` in a name from becoming a shortcut.
fn escaped(text: &str) -> String {
    text.replace('&', "&&")
}

fn act(handle: &AppHandle, event: MenuEvent) {
    let desk = handle.state::<Arc<Desk>>().inner().clone();
    match event.id().as_ref() {
        "sync-now" => begin_sync_of_all(&desk),
        "quit" => ending::quit(handle),
        other => {
            window::show(handle);
            if let Some(folder) = other.strip_prefix(LOOK).and_then(|at| looked_at(handle, at)) {
                window::choose(handle, &folder);
            }
        }
    }
}

/// Finds the archive that a line of the menu speaks of.
fn looked_at(handle: &AppHandle, at: &str) -> Option<String> {
    let hand = handle.try_state::<Mutex<Hand>>()?;
    let hand = held(&hand);
    match &hand.shown.0.archives.get(at.parse::<usize>().ok()?)?.action {
        Action::Look(folder) => Some(folder.clone()),
        _ => None,
    }
}

fn picture(sign: Sign, surroundings: Surroundings) -> Image<'static> {
    use Surroundings::{Dark, Light};
    match (sign, surroundings) {
        (Sign::Idle, Light) => include_image!("../icons/tray/idle-light-44.png"),
        (Sign::Idle, Dark) => include_image!("../icons/tray/idle-dark-44.png"),
        (Sign::Syncing, Light) => include_image!("../icons/tray/syncing-light-44.png"),
        (Sign::Syncing, Dark) => include_image!("../icons/tray/syncing-dark-44.png"),
        (Sign::Attention, Light) => include_image!("../icons/tray/attention-light-44.png"),
        (Sign::Attention, Dark) => include_image!("../icons/tray/attention-dark-44.png"),
        (Sign::DriveAway, Light) => include_image!("../icons/tray/drive-away-light-44.png"),
        (Sign::DriveAway, Dark) => include_image!("../icons/tray/drive-away-dark-44.png"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tray_is_drawn_for_what_it_lies_on() {
        let check = |desktop, theme, expected| assert_eq!(surroundings(desktop, theme), expected);
        check(Some("ubuntu:GNOME"), Some(Theme::Light), Surroundings::Dark);
        check(Some("XFCE"), Some(Theme::Light), Surroundings::Light);
        check(Some("KDE"), Some(Theme::Dark), Surroundings::Dark);
        check(None, None, Surroundings::Light);
    }

    #[test]
    fn an_ampersand_in_a_name_is_shown() {
        assert_eq!(escaped("Pep & Anna"), "Pep && Anna");
    }
}
