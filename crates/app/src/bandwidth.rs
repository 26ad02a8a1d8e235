//! How much goes over the line to accounts at most: a setting of this computer, shown and changed.
//!
//! A folder is no matter of it: what carries that elsewhere has settings of its own.

use std::path::PathBuf;

use offsync_adapters::cloud::{BYTES_PER_SECOND_MIN, Bandwidth};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::settings_file;
use crate::size;

/// What `bandwidth` asks for: only what is named changes, and nothing if nothing is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BandwidthRequest {
    /// So many bytes a second at most to accounts.
    pub up: Option<u64>,
    /// So many bytes a second at most from accounts.
    pub down: Option<u64>,
    /// As much as the line carries, where no other word is said.
    pub unlimited: bool,
}

/// What holds now, in bytes a second; as much as the line carries where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandwidthView {
    /// To accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_bytes_per_second: Option<u64>,
    /// From accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_bytes_per_second: Option<u64>,
}

impl App {
    /// Tells how much goes to accounts and comes from them at most, and changes that if that is asked for.
    ///
    /// A sync that is under way goes on as it began; the next one takes the new setting.
    pub fn bandwidth(&self, request: &BandwidthRequest) -> std::result::Result<BandwidthView, AppError> {
        if let Some(rate) = [request.up, request.down]
            .into_iter()
            .flatten()
            .find(|rate| *rate < BYTES_PER_SECOND_MIN)
        {
            return Err(AppError::new(
                ExitClass::Usage,
                "bad_bandwidth",
                format!(
                    "{} a second are less than a service waits for. Nothing was changed.",
                    size(rate)
                ),
                format!("Give at least {} a second.", size(BYTES_PER_SECOND_MIN)),
            ));
        }
        if *request != BandwidthRequest::default() {
            self.make_config_dir()?;
            settings_file::change(&self.bandwidth_file(), |kept: &mut BandwidthView| {
                if request.unlimited {
                    *kept = BandwidthView::default();
                }
                kept.up_bytes_per_second = request.up.or(kept.up_bytes_per_second);
                kept.down_bytes_per_second = request.down.or(kept.down_bytes_per_second);
            })?;
        }
        settings_file::load(&self.bandwidth_file())
    }

    pub(crate) fn kept_bandwidth(&self) -> Result<Bandwidth> {
        let kept: BandwidthView = settings_file::load(&self.bandwidth_file())?;
        Ok(Bandwidth {
            up: kept.up_bytes_per_second,
            down: kept.down_bytes_per_second,
        })
    }

    fn bandwidth_file(&self) -> PathBuf {
        self.config_dir().join("bandwidth.toml")
    }
}
