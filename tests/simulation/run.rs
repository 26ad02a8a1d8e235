//! Running seeds: many for a profile, or one that is told step by step.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use offsync_core::ports::IndexStore;

use crate::guard::Off;
use crate::profile::{Profile, named};
use crate::sweep::sweep;
use crate::world::{Bad, World};

/// Runs a profile's seeds; fails with all that did not hold.
pub(crate) fn hold(name: &str) {
    let profile = named(name);
    let (first, count) = (
        number("OFFSYNC_FIRST_SEED").unwrap_or(0),
        number("OFFSYNC_SEEDS").unwrap_or(profile.seeds),
    );
    let mut bad: BTreeMap<String, Vec<(u64, Bad)>> = BTreeMap::new();
    for seed in first..first + count {
        if let Err(what) = one(seed, &profile, Off::Nothing) {
            let kind = what.split(':').next().unwrap_or_default().chars().take(60).collect();
            bad.entry(kind).or_default().push((seed, what));
        }
    }
    let mut text = String::new();
    for (kind, found) in &bad {
        let seeds: Vec<_> = found.iter().take(12).map(|(seed, _)| seed).collect();
        let (seed, what) = &found[0];
        let what: String = what.chars().take(700).collect();
        text += &format!(
            "{:>5} x {kind}: seeds {seeds:?}\n        seed {seed}: {what}\n",
            found.len()
        );
        text += &format!(
            "        OFFSYNC_SEED={seed} OFFSYNC_PROFILE={name} cargo test -p offsync-tests --test simulation replay -- --nocapture\n"
        );
    }
    let failed: usize = bad.values().map(Vec::len).sum();
    assert!(
        bad.is_empty(),
        "{failed} of {count} schedules of '{name}' broke a promise\n{text}"
    );
}

/// Runs one schedule; a panic is a broken promise too.
pub(crate) fn one(seed: u64, profile: &Profile, off: Off) -> Result<(), Bad> {
    let run = AssertUnwindSafe(|| match profile.name {
        "sweep" => sweep(seed, profile, off).map_err(|(nth, what)| format!("{what} (crash after call {nth})")),
        _ => World::new(seed, profile, off, false).run(),
    });
    catch_unwind(run).unwrap_or_else(|panic| Err(format!("panic: {}", panic_text(&*panic))))
}

/// Tells one schedule step by step, if the environment names one.
#[allow(clippy::print_stdout, reason = "a replay is read by the person who asked for it")]
pub(crate) fn replay() {
    let (Some(seed), Ok(name)) = (number("OFFSYNC_SEED"), std::env::var("OFFSYNC_PROFILE")) else {
        return;
    };
    let mut world = World::new(
        if name == "sweep" { seed / 7 } else { seed },
        &named(&name),
        Off::Nothing,
        true,
    );
    let run = AssertUnwindSafe(|| match number("OFFSYNC_CALL") {
        Some(nth) => world.die_at(nth).map(drop),
        None => world.run(),
    });
    let result = catch_unwind(run).unwrap_or_else(|panic| Err(format!("panic: {}", panic_text(&*panic))));
    world.trace.iter().for_each(|line| println!("{line}"));
    for home in &world.homes {
        println!("home {}:", home.at);
        let people = home.index.notes("person/").unwrap_or_default();
        for (name, note) in people {
            let person = postcard::from_bytes::<offsync_engine::CachedPerson>(&note).ok();
            let (key, succeeds) = person.map(|person| (person.key, person.succeeds)).unzip();
            println!("  {name} signs by {key:?}, succeeds {succeeds:?}");
        }
        for prefix in ["membership/", "keyed/", "strangers"] {
            let notes = home.index.notes(prefix).unwrap_or_default();
            notes.iter().for_each(|(name, _)| println!("  said {name}"));
        }
        println!("  counts {:?}", world.shared.watch.notes().counts);
        for (key, siblings) in home.index.all_entries() {
            siblings.iter().for_each(|(dot, version)| {
                println!(
                    "  entry {key:?} {dot:?} {} {:?} {}",
                    version.value.path, version.value.content, version.history
                )
            });
        }
        for (key, place) in home.index.all_places() {
            let refs = place.shown.as_ref().map(|shown| &shown.refs);
            println!(
                "  place {key:?} {:?} changed {} shows {refs:?}",
                place.on_disk().map(|value| &value.content),
                place.is_changed()
            );
        }
    }
    println!("mailbox: {:#?}", world.mailbox.listing());
    if let Err(what) = result {
        panic!("{name} {seed}: {what}");
    }
}

/// Seeds among which a guard that is off must be noticed.
const RED_SEEDS: u64 = 400;

/// Switches a guard off; fails unless the oracle notices.
pub(crate) fn turns_red(off: Off, name: &str) {
    turns_red_from(0, off, name);
}

/// The same, from a seed on: one of `sweep` takes seconds, so its search begins near the first that was found.
#[allow(clippy::print_stdout, reason = "how soon it is noticed is worth reading")]
pub(crate) fn turns_red_from(first: u64, off: Off, name: &str) {
    let profile = named(name);
    let red = (first..first + RED_SEEDS).find_map(|seed| Some((seed, one(seed, &profile, off).err()?)));
    let (seed, what) =
        red.unwrap_or_else(|| panic!("{off:?} is off and nobody notices in {RED_SEEDS} schedules of '{name}'"));
    let what: String = what.chars().take(120).collect();
    println!("{off:?} off: '{name}' turns red at seed {seed}: {what}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}
