//! How much goes over the line to accounts at most, and whether nothing goes for a while: settings of this computer, shown and
//! changed.
//!
//! A folder is no matter of it: what carries that elsewhere has settings of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offsync_adapters::cloud::{BYTES_PER_SECOND_MIN, Bandwidth, Traffic};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::failure::{AppError, ExitClass, Result};
use crate::settings_file;
use crate::size;
use crate::times::{SECOND_NS, rfc3339};

/// What `bandwidth` asks for: only what is named changes, and nothing if nothing is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BandwidthRequest {
    /// So many bytes a second at most to accounts.
    pub up: Option<u64>,
    /// So many bytes a second at most from accounts.
    pub down: Option<u64>,
    /// As much as the line carries, where no other word is said.
    pub unlimited: bool,
    /// Nothing to accounts and nothing from them for so long from now.
    pub pause: Option<Duration>,
    /// A pause is over.
    pub resume: bool,
}

/// What holds now, in bytes a second; as much as the line carries where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BandwidthView {
    /// To accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up_bytes_per_second: Option<u64>,
    /// From accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_bytes_per_second: Option<u64>,
    /// Until when nothing goes and nothing comes, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<String>,
}

/// The same as the settings keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptBandwidth {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_bytes_per_second: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    down_bytes_per_second: Option<u64>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused_until: Option<u64>,
}

impl App {
    /// Tells how much goes to accounts and comes from them at most, and changes that if that is asked for.
    ///
    /// A sync that is under way in another program goes on as it began; the next one takes the new setting.
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
            settings_file::change(&self.bandwidth_file(), |kept: &mut KeptBandwidth| {
                if request.unlimited {
                    (kept.up_bytes_per_second, kept.down_bytes_per_second) = (None, None);
                }
                kept.up_bytes_per_second = request.up.or(kept.up_bytes_per_second);
                kept.down_bytes_per_second = request.down.or(kept.down_bytes_per_second);
                if request.resume {
                    kept.paused_until = None;
                }
                let until = request
                    .pause
                    .map(|pause| (SystemTime::now() + pause).duration_since(UNIX_EPOCH));
                kept.paused_until = until
                    .map(|until| until.unwrap_or_default().as_secs())
                    .or(kept.paused_until);
            })?;
        }
        let kept = self.take_bandwidth()?;
        Ok(BandwidthView {
            up_bytes_per_second: kept.up_bytes_per_second,
            down_bytes_per_second: kept.down_bytes_per_second,
            paused_until: kept.paused_until.map(|until| rfc3339(until as i64 * SECOND_NS)),
        })
    }

    /// Lets the line to accounts be as the settings say; gives these, without what is over.
    fn take_bandwidth(&self) -> Result<KeptBandwidth> {
        let mut kept: KeptBandwidth = settings_file::load(&self.bandwidth_file())?;
        let until = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        kept.paused_until = kept.paused_until.filter(|seconds| until(*seconds) > SystemTime::now());
        self.line().limit(Bandwidth {
            up: kept.up_bytes_per_second,
            down: kept.down_bytes_per_second,
        });
        self.line().pause(kept.paused_until.map(until));
        Ok(kept)
    }

    /// Gives the line to all accounts, as the settings say that it is to be.
    pub(crate) fn traffic(&self) -> Result<Arc<Traffic>> {
        self.take_bandwidth()?;
        Ok(self.line().clone())
    }

    fn bandwidth_file(&self) -> PathBuf {
        self.config_dir().join("bandwidth.toml")
    }
}
