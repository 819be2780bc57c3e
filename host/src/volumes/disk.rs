//! The directories behind volumes: made when a container starts, brought up to date, deleted with their Pod.
//!
//! What a Pod writes lies in the host's data directory. What the control plane can send again, Secrets above all, lies
//! in memory (`/dev/shm`), so that no disk keeps it. Files are replaced all at once, as the kubelet does: a link `..data`
//! points to the directory that holds them, and moves to the next one when that is complete.
//!
//! Everything here blocks; callers move it off the event loop.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sandbox::Mount;

use super::{Content, Wanted};
use crate::files::private_dir;

/// Names the directory that holds a volume's files now.
const CURRENT: &str = "..data";
/// The same, while it is being replaced.
const NEXT: &str = "..data_tmp";
/// Where there is memory that looks like a disk, on Linux.
const MEMORY: &str = "/dev/shm";

/// Where volumes are.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    /// What Pods write.
    durable: PathBuf,
    /// What the control plane sends.
    volatile: PathBuf,
}

impl Disk {
    /// Volumes of the host whose data lies in `host_dir`. What a former process left in memory is deleted.
    pub(crate) fn open(host_dir: &Path) -> io::Result<Self> {
        private_dir(host_dir)?;
        let host_dir = fs::canonicalize(host_dir)?;
        let durable = host_dir.join("pods");
        let volatile = if Path::new(MEMORY).is_dir() {
            // One for each host of the machine.
            let name = format!("insula{}", host_dir.to_string_lossy().replace('/', "-"));
            Path::new(MEMORY).join(name)
        } else {
            tracing::warn!("there is no {MEMORY}: Secrets that Pods mount are kept on disk");
            host_dir.join("sources")
        };
        remove_all(&volatile)?;
        private_dir(&durable)?;
        private_dir(&volatile)?;
        Ok(Self { durable, volatile })
    }

    /// Makes the directories that a container is to see.
    ///
    /// # Errors
    ///
    /// The volume and what is wrong with it.
    pub(crate) fn place(&self, uid: &str, wanted: &[Wanted]) -> Result<Vec<Mount>, String> {
        let place = |wanted: &Wanted| {
            let host = self.directory(uid, wanted).map_err(|error| format!("volume {:?}: {error}", wanted.volume))?;
            Ok(Mount { host, guest: wanted.guest.clone(), access: wanted.access })
        };
        wanted.iter().map(place).collect()
    }

    fn directory(&self, uid: &str, wanted: &Wanted) -> io::Result<PathBuf> {
        let root = match &wanted.content {
            Content::Empty => {
                let path = self.durable.join(uid).join(&wanted.volume);
                private_dir(&path)?;
                path
            }
            Content::Host { path, create: true } => {
                fs::create_dir_all(path)?;
                path.clone()
            }
            Content::Host { path, create: false } => path.clone(),
            Content::Files(files) => {
                let path = self.volatile.join(uid).join(&wanted.volume);
                private_dir(&path)?;
                replace(&path, files)?;
                path
            }
        };
        let Some(sub_path) = &wanted.sub_path else { return is_directory(root) };
        let path = root.join(sub_path);
        if matches!(wanted.content, Content::Files(_)) {
            // By its link, which goes on to lead to what is current.
            return is_directory(path);
        }
        fs::create_dir_all(&path)?;
        // A link inside the volume must not lead out of it (F48).
        let (root, path) = (fs::canonicalize(&root)?, fs::canonicalize(&path)?);
        if !path.starts_with(&root) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "subPath leads out of the volume"));
        }
        is_directory(path)
    }

    /// Deletes what a Pod had.
    pub(crate) fn remove(&self, uid: &str) -> io::Result<()> {
        remove_all(&self.volatile.join(uid))?;
        remove_all(&self.durable.join(uid))
    }

    /// Deletes what all but these Pods had.
    pub(crate) fn retain(&self, uids: &BTreeSet<String>) -> io::Result<()> {
        for root in [&self.durable, &self.volatile] {
            for entry in fs::read_dir(root)? {
                let entry = entry?;
                if !entry.file_name().to_str().is_some_and(|name| uids.contains(name)) {
                    remove_all(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}

fn is_directory(path: PathBuf) -> io::Result<PathBuf> {
    if fs::metadata(&path)?.is_dir() {
        Ok(path)
    } else {
        Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no directory, and guests can be given no other"))
    }
}

/// Links are deleted and not followed.
fn remove_all(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes `files` the content of `root`, all at once.
fn replace(root: &Path, files: &BTreeMap<String, Bytes>) -> io::Result<()> {
    let before = fs::read_link(root.join(CURRENT)).ok();
    if before.as_ref().is_some_and(|before| holds(&root.join(before), files)) {
        return Ok(());
    }
    let number = before.as_ref().and_then(|name| name.to_str()?.strip_prefix("..")?.parse().ok()).unwrap_or(0_u64);
    let name = format!("..{}", number.wrapping_add(1));
    let fresh = root.join(&name);
    remove_all(&fresh)?;
    private_dir(&fresh)?;
    for (path, bytes) in files {
        let path = fresh.join(path);
        if let Some(parent) = path.parent() {
            private_dir(parent)?;
        }
        fs::write(path, bytes)?;
    }
    fs::remove_file(root.join(NEXT)).or_else(|error| absent_is_fine(&error))?;
    symlink(&name, root.join(NEXT))?;
    fs::rename(root.join(NEXT), root.join(CURRENT))?;
    link_names(root, files)?;
    match before {
        Some(before) => remove_all(&root.join(before)),
        None => Ok(()),
    }
}

/// The names that guests see are links into what is current.
fn link_names(root: &Path, files: &BTreeMap<String, Bytes>) -> io::Result<()> {
    let tops: BTreeSet<&str> = files.keys().filter_map(|path| path.split('/').next()).collect();
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let known = name.to_str().is_some_and(|name| name.starts_with("..") || tops.contains(name));
        if !known {
            fs::remove_file(root.join(name))?;
        }
    }
    for top in tops {
        match symlink(Path::new(CURRENT).join(top), root.join(top)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => done?,
        }
    }
    Ok(())
}

fn absent_is_fine(error: &io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(io::Error::new(error.kind(), error.to_string())) }
}

/// Whether a directory holds these files and no others.
fn holds(directory: &Path, files: &BTreeMap<String, Bytes>) -> bool {
    let mut found = 0;
    let whole = count(directory, &mut found);
    whole
        && found == files.len()
        && files.iter().all(|(path, bytes)| fs::read(directory.join(path)).is_ok_and(|b| b == **bytes))
}

fn count(directory: &Path, found: &mut usize) -> bool {
    let Ok(entries) = fs::read_dir(directory) else { return false };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if !count(&entry.path(), found) {
                    return false;
                }
            }
            Ok(_) => *found += 1,
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Access;

    fn wanted(content: Content, sub_path: Option<&str>) -> Wanted {
        let access = Access::ReadWrite;
        Wanted {
            volume: "v".to_owned(),
            content,
            sub_path: sub_path.map(PathBuf::from),
            guest: "/v".to_owned(),
            access,
        }
    }

    fn files(files: &[(&str, &str)]) -> Content {
        Content::Files(files.iter().map(|(k, v)| ((*k).to_owned(), Bytes::from((*v).to_owned()))).collect())
    }

    fn disk() -> (tempfile::TempDir, Disk) {
        let dir = tempfile::tempdir().expect("makes a directory");
        let disk = Disk::open(&dir.path().join("host")).expect("opens");
        (dir, disk)
    }

    fn place(disk: &Disk, wanted: Wanted) -> Result<PathBuf, String> {
        disk.place("u", &[wanted]).map(|mut mounts| mounts.remove(0).host)
    }

    #[test]
    fn files_are_replaced_together_and_what_is_gone_goes() {
        let (_dir, disk) = disk();
        let path = place(&disk, wanted(files(&[("a", "1"), ("b/c", "2")]), None)).expect("is placed");
        let read = |name: &str| fs::read_to_string(path.join(name)).ok();
        assert_eq!((read("a").as_deref(), read("b/c").as_deref()), (Some("1"), Some("2")));
        let current = fs::read_link(path.join(CURRENT)).expect("is a link");
        place(&disk, wanted(files(&[("a", "1"), ("b/c", "2")]), None)).expect("is placed");
        assert_eq!(fs::read_link(path.join(CURRENT)).expect("is a link"), current, "nothing has changed");
        place(&disk, wanted(files(&[("a", "new")]), None)).expect("is placed");
        assert_eq!((read("a").as_deref(), read("b/c")), (Some("new"), None));
        assert!(!path.join(&current).exists() && !path.join("b").exists(), "what is not current is deleted");
        disk.remove("u").expect("is removed");
        assert!(!path.exists());
        fs::remove_dir_all(&disk.volatile).expect("is deleted");
    }

    #[test]
    fn what_a_pod_wrote_outlives_a_restart_of_the_host_and_sources_do_not() {
        let (dir, disk) = disk();
        let empty = place(&disk, wanted(Content::Empty, None)).expect("is placed");
        fs::write(empty.join("kept"), "x").expect("is written");
        let source = place(&disk, wanted(files(&[("a", "1")]), None)).expect("is placed");
        let again = Disk::open(&dir.path().join("host")).expect("opens");
        assert!(empty.join("kept").exists() && !source.exists());
        again.retain(&BTreeSet::from(["u".to_owned()])).expect("is done");
        assert!(empty.exists());
        again.retain(&BTreeSet::new()).expect("is done");
        assert!(!empty.exists());
        fs::remove_dir_all(&again.volatile).expect("is deleted");
    }

    // F48
    #[test]
    fn a_link_inside_a_volume_does_not_lead_out_of_it() {
        let (dir, disk) = disk();
        let root = place(&disk, wanted(Content::Empty, None)).expect("is placed");
        assert!(place(&disk, wanted(Content::Empty, Some("made/here"))).expect("is placed").starts_with(&root));
        symlink(dir.path(), root.join("out")).expect("is linked");
        let refused = place(&disk, wanted(Content::Empty, Some("out"))).expect_err("is refused");
        assert!(refused.contains("leads out"), "{refused}");
        fs::write(root.join("file"), "x").expect("is written");
        let file = Content::Host { path: root.join("file"), create: false };
        assert!(place(&disk, wanted(file, None)).expect_err("is refused").contains("no directory"));
        fs::remove_dir_all(&disk.volatile).expect("is deleted");
    }
}
