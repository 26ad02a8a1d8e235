//! Running seeds: many for a profile, or one that is told step by step.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::guard::Off;
use crate::profile::{Profile, named};
use crate::world::{Bad, World};

/// Seeds of each profile, unless the environment says otherwise.
const SEEDS: u64 = 170;

/// Seeds within which a missing guard must show.
const GUARD_SEEDS: u64 = 80;

/// Runs a profile's seeds; fails with all that did not hold.
pub(crate) fn hold(name: &str) {
    let profile = named(name);
    let (first, count) = (
        number("OFFSYNC_FIRST_SEED").unwrap_or(0),
        number("OFFSYNC_SEEDS").unwrap_or(SEEDS),
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
    let run = AssertUnwindSafe(|| World::new(seed, profile, off, false).run());
    catch_unwind(run).unwrap_or_else(|panic| Err(format!("panic: {}", panic_text(&*panic))))
}

/// Tells one schedule step by step, if the environment names one.
#[allow(clippy::print_stdout, reason = "a replay is read by the person who asked for it")]
pub(crate) fn replay() {
    let (Some(seed), Ok(name)) = (number("OFFSYNC_SEED"), std::env::var("OFFSYNC_PROFILE")) else {
        return;
    };
    let mut world = World::new(seed, &named(&name), Off::Nothing, true);
    let result = catch_unwind(AssertUnwindSafe(|| world.run()))
        .unwrap_or_else(|panic| Err(format!("panic: {}", panic_text(&*panic))));
    world.trace.iter().for_each(|line| println!("{line}"));
    for home in &world.homes {
        println!("home {}:", home.at);
        for (key, siblings) in home.index.all_entries() {
            siblings
                .iter()
                .for_each(|(dot, version)| println!("  entry {key:?} {dot:?} {:?}", version.value.content));
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
    if let Err(what) = result {
        panic!("{name} {seed}: {what}");
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// Switches guards off one by one: within some seeds, the oracle must see each missing.
pub(crate) fn see_missing_guard(notes: &'static str, profile: &str) {
    let profile = named(profile);
    let is_red = (0..GUARD_SEEDS).any(|seed| one(seed, &profile, Off::Notes(notes)).is_err());
    assert!(
        is_red,
        "without its '{notes}' notes the engine still holds every promise in {GUARD_SEEDS} schedules"
    );
}
