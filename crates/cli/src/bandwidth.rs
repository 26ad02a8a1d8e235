//! `bandwidth`: how much goes over this computer's line to accounts, shown and changed.

use offsync_app::{App, BandwidthRequest, BandwidthView, size};

use crate::arguments::Bandwidth;
use crate::outcome::{Outcome, show};

pub(crate) fn bandwidth(app: &App, asked: &Bandwidth, json: bool) -> Outcome {
    let now = app.bandwidth(&BandwidthRequest {
        up: asked.up,
        down: asked.down,
        unlimited: asked.unlimited,
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
    vec![format!("With accounts, this computer {does}.")]
}
