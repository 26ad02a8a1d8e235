//! The window: what it shows is true, and what is pressed in it moves real files.

use crate::desktop::{Desktop, Light};
use crate::family;
use crate::patience::becomes;
use crate::webdriver::Page;

const SENTENCE: &str = "main h1";

#[test]
fn from_the_first_start_a_photo_travels_to_another_home() {
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    let page = Page::open(&mut desktop);

    page.press("Try it with sample homes");
    becomes(
        "three homes and a mailbox are drawn",
        || page.count("main li strong"),
        |&seen| seen == 4,
    );
    assert!(
        !family::has_the_new_photo(&desktop, "Anna"),
        "Pep's new photo was not sent yet"
    );

    let before = said(&page, |said| said.contains("not been sent"));
    page.press("Sync now");
    let after = said(&page, |said| {
        *said != before && !said.contains("on their way") && !said.contains("on its way")
    });
    assert!(
        !after.contains("not been sent"),
        "it was sent, and the window says: {after}"
    );

    for who in ["Anna", "Grandma"] {
        page.press(&format!("Plug in {who}’s drive"));
        becomes(
            "what the window sent arrives",
            || family::has_the_new_photo(&desktop, who),
            |&arrived| arrived,
        );
    }
    said(&page, |said| said.contains("safe in 3 homes"));
    drawn(&page);
    page.picture(&pictures().join("after-sync.png"));

    page.press("Remove the samples");
    page.press("Remove them");
    said(&page, |said| said.contains("safe in several homes"));
    assert!(!desktop.samples().exists(), "nothing is left of them");
}

#[test]
fn the_page_runs_under_a_strict_policy() {
    let Some(mut desktop) = Desktop::start(Light::Day) else {
        return;
    };
    let page = Page::open(&mut desktop);
    said(&page, |_| true);

    let script = "try { return new Function('return 1')() } catch (error) { return error.name }";
    assert_eq!(page.run(script), "EvalError", "no text becomes code");
    let script = "const image = document.createElement('div'); image.innerHTML = '<p style=\"color: red\">'; \
        document.body.append(image); return getComputedStyle(image.firstChild).color";
    assert_ne!(page.run(script), "rgb(255, 0, 0)", "no text becomes style");
    assert_eq!(
        page.run("return typeof window.__TAURI__"),
        "undefined",
        "the page has no more than it needs"
    );
    let ask = "return window.__TAURI_INTERNALS__.invoke('plugin:dialog|open').then(() => 'done', String)";
    let told = page.run(ask);
    assert!(
        told.as_str().is_some_and(|told| told.contains("not allowed")),
        "the page may ask for this program's own commands alone: {told}"
    );
}

#[test]
fn the_window_is_drawn_by_day() {
    draw(Light::Day, "light");
}

#[test]
fn the_window_is_drawn_by_night() {
    draw(Light::Night, "dark");
}

/// Takes the pictures of the README, large and small; people look at them.
fn draw(light: Light, name: &str) {
    let Some(mut desktop) = Desktop::start(light) else {
        return;
    };
    family::make(&desktop);
    // Anna has everything, Grandma is still away.
    for who in ["Pep", "Anna", "Pep"] {
        family::sync(&desktop, who);
    }
    let page = Page::open(&mut desktop);
    said(&page, |said| !said.is_empty());
    for (width, height, suffix) in [(1200, 800, ""), (800, 600, "-small")] {
        desktop.resize(width, height);
        let size = "return window.innerWidth + 'x' + window.innerHeight";
        becomes(
            "the page fills the window",
            || page.run(size),
            |size| *size == format!("{width}x{height}"),
        );
        drawn(&page);
        let wide = page.run("return document.documentElement.scrollWidth");
        assert_eq!(wide, width, "nothing hangs over the edge");
        page.picture(&pictures().join(format!("window-{name}{suffix}.png")));
    }
    let night = page.run("return matchMedia('(prefers-color-scheme: dark)').matches");
    assert_eq!(night, light == Light::Night, "the page follows the light");
}

/// Waits until the window's sentence is as wanted.
fn said(page: &Page, is_so: impl Fn(&String) -> bool) -> String {
    let seen = becomes(
        "the window says its sentence",
        || page.text(SENTENCE),
        |said| said.as_ref().is_some_and(&is_so),
    );
    seen.unwrap_or_default()
}

/// Waits for two frames: what the page says by then can be seen as well.
fn drawn(page: &Page) {
    page.run("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))");
}

fn pictures() -> std::path::PathBuf {
    offsync_tests::repository().join("target/screenshots")
}
