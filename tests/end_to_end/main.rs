//! The real window through WebDriver and the real tray menu over D-Bus, on a desktop that nobody sees: real files move.
//!
//! Each test has a display, a session bus and a home of its own, so it touches nothing of whoever runs it, and ends
//! everything that it started. Where a needed program is missing a test says so and does nothing, except in CI.

mod accounts;
mod desktop;
mod family;
mod patience;
mod status_notifier;
mod tray;
mod webdriver;
mod window;
