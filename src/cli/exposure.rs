//! Who else on the machine may open an embedded database. A new one is made for its owner alone; one that is there may be
//! of an earlier build, or have been put there by somebody.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::DatabaseUrl;
use crate::whole_file::folder_of;

/// Warns where others than its owner may read or write the file of the database.
pub fn look_at(database: &DatabaseUrl) {
    if let Some(mode) = database.file().and_then(open_to_others) {
        tracing::warn!(
            %database,
            mode = format!("{mode:03o}"),
            "others on this machine may open the database: run `chmod 700` on its folder, or `chmod 600` on it and on the files \
             beside it whose names begin with its own"
        );
    }
}

/// The mode of the file, where others may use it and its folder lets them through.
fn open_to_others(file: &Path) -> Option<u32> {
    let file = fs::canonicalize(file).ok()?;
    let mode_of = |path: &Path| Some(fs::metadata(path).ok()?.permissions().mode() & 0o777);
    let (mode, of_folder) = (mode_of(&file)?, mode_of(folder_of(&file))?);
    (mode & 0o066 != 0 && of_folder & 0o011 != 0).then_some(mode)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_file_is_open_to_others_where_its_folder_is_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("etalon.db");
        assert_eq!(open_to_others(&file), None, "there is none");
        fs::write(&file, "").expect("written");
        let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
        for (of_folder, mode, open) in
            [(0o755, 0o644, Some(0o644)), (0o710, 0o620, Some(0o620)), (0o755, 0o600, None), (0o700, 0o644, None)]
        {
            set(folder.path(), of_folder);
            set(&file, mode);
            assert_eq!(open_to_others(&file), open, "{mode:o} in {of_folder:o}");
        }
    }
}
