//! Who else on the machine may open an embedded database. A new one is made for its owner alone; one that is there may be
//! of an earlier build, or have been put there by somebody.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::DatabaseUrl;

/// Warns where others than its owner may read or write the file of the database.
pub fn look_at(database: &DatabaseUrl) {
    if let Some(mode) = database.file().and_then(|file| open_to_others(file, Path::new("/"))) {
        tracing::warn!(
            %database,
            mode = format!("{mode:03o}"),
            "others on this machine may open the database: run `chmod 700` on its folder, or `chmod 600` on it and on the files \
             beside it whose names begin with its own"
        );
    }
}

/// The mode of the file, where others may use it and every folder on the way to it, from that one on, lets them through.
fn open_to_others(file: &Path, from: &Path) -> Option<u32> {
    let (file, from) = (fs::canonicalize(file).ok()?, fs::canonicalize(from).ok()?);
    let mode_of = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let lets_through = |folder: &Path| mode_of(folder).is_some_and(|mode| mode & 0o011 != 0);
    let mode = mode_of(&file)?;
    let mut on_the_way = file.ancestors().skip(1).take_while(|folder| folder.starts_with(&from));
    (mode & 0o066 != 0 && on_the_way.all(lets_through)).then_some(mode)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_file_is_open_to_others_where_every_folder_on_the_way_to_it_is_too() {
        let above = tempfile::tempdir().expect("a folder");
        let folder = above.path().join("etalon-data");
        fs::create_dir(&folder).expect("made");
        let file = folder.join("etalon.db");
        assert_eq!(open_to_others(&file, above.path()), None, "there is none");
        fs::write(&file, "").expect("written");
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
        for (of_above, of_folder, mode, open) in [
            (0o755, 0o755, 0o644, Some(0o644)),
            (0o711, 0o710, 0o620, Some(0o620)),
            (0o755, 0o755, 0o600, None),
            (0o755, 0o700, 0o644, None),
            (0o700, 0o755, 0o644, None),
        ] {
            set(above.path(), of_above);
            set(&folder, of_folder);
            set(&file, mode);
            assert_eq!(open_to_others(&file, above.path()), open, "{mode:o} in {of_folder:o} in {of_above:o}");
        }
    }
}
