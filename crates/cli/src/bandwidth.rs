//! `bandwidth`: how much goes over this computer's line to accounts, shown and changed.

use std::time::Duration;

use clap::Args;
use offsync_app::{App, BandwidthRequest, BandwidthView, size};

use crate::outcome::{Outcome, show};
use crate::units::{parse_pause, parse_rate};

/// `bandwidth`.
#[derive(Args, Debug)]
pub(crate) struct Bandwidth {
    /// Send at most so much a second
    #[arg(long, value_name = "RATE", value_parser = parse_rate, allow_negative_numbers = true)]
    pub(crate) up: Option<u64>,
    /// Fetch at most so much a second
    #[arg(long, value_name = "RATE", value_parser = parse_rate, allow_negative_numbers = true)]
    pub(crate) down: Option<u64>,
    /// As much as the line carries
    #[arg(long, conflicts_with_all = ["up", "down"])]
    pub(crate) unlimited: bool,
    /// Send and fetch nothing for so long from now
    #[arg(long, value_name = "TIME", value_parser = parse_pause, allow_negative_numbers = true)]
    pub(crate) pause: Option<Duration>,
    /// End a pause
    #[arg(long, conflicts_with = "pause")]
    pub(crate) resume: bool,
}

pub(crate) fn bandwidth(app: &App, asked: &Bandwidth, json: bool) -> Outcome {
    let now = app.bandwidth(&BandwidthRequest {
        up: asked.up,
        down: asked.down,
        unlimited: asked.unlimited,
        pause: asked.pause,
        resume: asked.resume,
    })?;
    show(&now, json, told)
}

fn told(now: &BandwidthView) -> Vec<String> {
    let at_most = |rate: u64, does: &str| format!("{does} at most {} a second", size(rate));
    let said: Vec<String> = [
        now.up_bytes_per_second.map(|rate| at_most(rate, "sends")),
        now.down_bytes_per_second.map(|rate| at_most(rate, "fetches")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let does = match said.as_slice() {
        [] => "sends and fetches as much as its line carries".into(),
        said => said.join(" and "),
    };
    let mut lines = vec![format!("With accounts, this computer {does}.")];
    if let Some(until) = &now.paused_until {
        lines.push(format!(
            "It does nothing of that until {until}; `offsync bandwidth --resume` ends the pause."
        ));
    }
    lines
}
