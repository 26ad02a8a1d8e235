//! Archives that this computer knows, found where they were not before: drives come back at other mount points.

use std::path::{Path, PathBuf};

use offsync_adapters::disk::{RealDisk, find_archive_root};
use offsync_adapters::drives::Mount;

use crate::archives::KnownArchive;
use crate::opened::read_marker;

/// Reads whose copy lies in a folder.
pub(crate) fn marker_ids(folder: &Path) -> Option<(String, String)> {
    let marker = read_marker(&RealDisk::open(folder).ok()?).ok()?;
    Some((marker.archive_id.to_string(), marker.key_name))
}

/// Finds known copies at the top of mounted drives, or one folder down, where they were not before.
pub(crate) fn find_elsewhere(mounts: &[Mount], known: &[KnownArchive]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.point != Path::new("/")) {
        let inner = std::fs::read_dir(&mount.point).into_iter().flatten().flatten();
        let folders = std::iter::once(mount.point.clone()).chain(inner.map(|entry| entry.path()));
        for folder in folders.filter(|folder| find_archive_root(folder).as_ref() == Some(folder)) {
            let ids = marker_ids(&folder);
            let is_ours = |(_, key_name): &(String, String)| known.iter().any(|archive| archive.key_name == *key_name);
            found.extend(ids.filter(is_ours).map(|(archive_id, _)| (folder, archive_id)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{App, AppOptions};
    use crate::init::InitRequest;
    use crate::keystore::KeystoreKind;

    #[test]
    fn a_known_drive_is_found_at_another_mount_point() {
        let place = tempfile::tempdir().expect("there is a place for temporary files");
        let place = std::fs::canonicalize(place.path()).expect("it is there");
        let at = |name: &str| place.join(name);
        let app = App::new(&AppOptions {
            config_dir: Some(at("config")),
            keystore: KeystoreKind::Plain,
        });
        let app = app.expect("a folder was named");
        for name in ["usb1/Photos", "usb2/Music"] {
            std::fs::create_dir_all(at(name)).expect("a folder can be made");
        }
        let made = app.init(&InitRequest {
            folder: at("usb1/Photos"),
            name: "Photos".into(),
            label: "Home".into(),
            mailbox: format!("fs://{}", at("mailbox").display()),
            ..InitRequest::default()
        });
        let made = made.expect("nothing is in the way");
        std::fs::rename(at("usb1/Photos"), at("usb2/Photos")).expect("a drive can be mounted elsewhere");
        let known = app.archives().expect("it is known").all;
        let mount = |point: PathBuf| Mount {
            point,
            source: "sdb1".into(),
            file_system: "ext4".into(),
            is_removable: true,
        };
        for point in [at("usb2"), at("usb2/Photos")] {
            let found = find_elsewhere(&[mount(point)], &known);
            assert_eq!(found, [(at("usb2/Photos"), made.archive_id.clone())]);
        }
        assert_eq!(find_elsewhere(&[mount(at("usb1"))], &known), []);
        assert_eq!(
            find_elsewhere(&[mount(at("usb2"))], &[]),
            [],
            "what is not known is left alone"
        );
    }
}
