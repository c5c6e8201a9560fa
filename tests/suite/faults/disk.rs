//! File systems of a scenario's own, which may be filled and lose their power.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH`: what is not on the device by now never comes there, its journal
/// included. It is a call of the kernel's that no safe function of Rust's makes.
const SHUT_DOWN: &str = "import fcntl, os, struct, sys\n\
    fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

/// A mounted file system, gone when dropped.
pub struct Disk {
    /// Holds the place where it is mounted and the image of its device, if it has one.
    folder: TempDir,
    device: Option<String>,
}

impl Disk {
    /// One in memory, of so many MiB. `None` where this process may not mount.
    pub fn in_memory(size_mib: usize) -> Option<Self> {
        let disk = Self::not_mounted();
        let size = format!("size={size_mib}m");
        done("mount", &["-t", "tmpfs", "-o", &size, "tmpfs", text(&disk.path())]).map(|_| disk)
    }

    /// One of ext4 on a loop device. `None` where this process may not make one.
    pub fn on_a_device(size_mib: usize) -> Option<Self> {
        let mut disk = Self::not_mounted();
        let image = disk.folder.path().join("image");
        File::create(&image).and_then(|file| file.set_len((size_mib as u64) << 20)).expect("an image");
        done("mkfs.ext4", &["-q", "-F", text(&image)])?;
        disk.device = Some(done("losetup", &["--find", "--show", text(&image)])?.trim().to_owned());
        disk.is_mounted().then_some(disk)
    }

    fn not_mounted() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        fs::create_dir(folder.path().join("disk")).expect("a folder");
        // PostgreSQL comes here as somebody else.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("its own folder");
        Self { folder, device: None }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn is_mounted(&self) -> bool {
        let device = self.device.as_deref().expect("it has a device");
        done("mount", &[device, text(&self.path())]).is_some()
    }

    /// What was written by now is durable, as if it had been written long ago.
    pub fn settles(&self) {
        done("sync", &["-f", text(&self.path())]).expect("sync is there");
    }

    /// From now on nothing reaches the device.
    pub fn loses_power(&self) {
        done("python3", &["-c", SHUT_DOWN, text(&self.path())]).expect("ext4 can be shut down");
    }

    /// Mounted anew, as after a start of the machine: what the device has is all there is.
    pub fn comes_back(&self) {
        done("umount", &[text(&self.path())]).expect("nobody uses it any more");
        assert!(self.is_mounted(), "the journal is replayed");
    }

    /// Takes all the room that is left.
    pub fn fills(&self) {
        let mut ballast = OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a file");
        for piece in [64 << 10, 4 << 10] {
            while ballast.write_all(&vec![0; piece]).is_ok() {}
        }
    }

    /// Gives it back.
    pub fn has_room(&self) {
        fs::remove_file(self.ballast()).expect("it was full");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Where it was never mounted, there is nothing to undo.
        done("umount", &["--lazy", text(&self.path())]);
        if let Some(device) = &self.device {
            done("losetup", &["--detach", device]);
        }
    }
}

/// What a program says that has done its work; `None` where it is not there or may not do it.
fn done(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have names in ASCII")
}
