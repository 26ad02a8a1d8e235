//! `offsync-desktop`: one window and one tray icon on the engine that the command line runs.
//!
//! It decides nothing: `offsync-app` does the work, the page draws it, this shell carries what
//! one says to the other. No engine work ever runs on the thread that draws.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod board;
mod browser;
mod commands;
mod desk;
mod ending;
mod events;
mod lookout;
mod notices;
mod panel;
mod refusals;
mod settings;
mod signing_in;
mod tray;
mod window;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use tauri::{AppHandle, Manager, WindowEvent};
use tauri_plugin_autostart::MacosLauncher;

use crate::board::Tell;
use crate::desk::Desk;
use crate::settings::Settings;

/// Starts without a window, as at the beginning of a session.
const HIDDEN: &str = "--hidden";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may read it, and then there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "offsync-desktop: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let app = tauri::Builder::default()
        // First of all: a second start must end before it does anything.
        .plugin(tauri_plugin_single_instance::init(|handle, _, _| window::show(handle)))
        .plugin(tauri_plugin_autostart::init(
            MacosLauncher::LaunchAgent,
            Some(vec![HIDDEN]),
        ))
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(tauri::generate_handler![
            commands::overview,
            commands::sync_now,
            commands::set_up,
            commands::try_samples,
            commands::plug_in_sample,
            commands::remove_samples,
            commands::pick_folder,
            commands::suggested_names,
            commands::answer_held,
            commands::answer_silent,
            commands::lost,
            commands::give_up,
            commands::repair,
            commands::damaged,
            commands::keep_damaged,
            commands::use_mailbox,
            commands::use_mailbox_in,
            commands::move_mailbox,
            commands::forget,
            commands::services,
            commands::accounts,
            commands::listed_accounts,
            commands::remove_account,
            commands::sign_in,
            commands::sign_in_again,
            commands::shown_server,
            commands::sign_in_by_key,
            commands::sign_in_again_by_key,
            commands::paste_address,
            commands::give_up_sign_in,
            commands::mailbox_account,
            commands::account_usage,
            commands::try_account,
            commands::move_mailbox_into,
        ])
        .on_window_event(|window, event| {
            window::on_event(window, event);
            if let WindowEvent::ThemeChanged(_) = event {
                tray::refresh(window.app_handle());
            }
        })
        .setup(|app| begin(app.handle()))
        .build(tauri::generate_context!())?;
    let settings = Settings::from_environment(app.path().app_data_dir().ok())?;
    let listener = app.handle().clone();
    let tell: Tell = Arc::new(move |event| events::forward(&listener, &event));
    app.manage(Arc::new(Desk::new(&settings, tell)?));
    app.run(|_, _| {});
    Ok(())
}

/// Puts the tray up, lets a thread look out for changes, and shows the window if it is wanted.
fn begin(handle: &AppHandle) -> Result<(), Box<dyn Error>> {
    tray::put_up(handle)?;
    lookout::begin(handle)?;
    if !std::env::args().any(|argument| argument == HIDDEN) {
        window::show(handle);
    }
    Ok(())
}
