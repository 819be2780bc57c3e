//! The directories behind volumes: made when a container starts, brought up to date, deleted with their Pod.
//!
//! What a Pod writes lies in the host's data directory. What the control plane can send again, Secrets above all, lies
//! in memory (`/dev/shm`), so that no disk keeps it. Files are replaced all at once, as the kubelet does: a link `..data`
//! points to the directory that holds them, and moves to the next one when that is complete.
//!
//! Everything here blocks; callers move it off the event loop.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sandbox::Mount;

use super::{Content, Wanted};
use crate::files::private_dir;

/// Names the directory that holds a volume's files now.
const CURRENT: &str = "..data";
/// The same, while it is being replaced.
const NEXT: &str = "..data_tmp";
/// What is to be deleted.
const TRASH: &str = "..trash";
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
        remove_all(&durable.join(TRASH))?;
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

    /// Puts aside what a Pod had, for [`Self::empty_trash`].
    pub(crate) fn remove(&self, uid: &str) -> io::Result<()> {
        self.roots().iter().try_for_each(|root| put_aside(root, uid.as_ref()))
    }

    /// Puts aside what all but these Pods had.
    pub(crate) fn retain(&self, uids: &BTreeSet<String>) -> io::Result<()> {
        for root in self.roots() {
            for entry in fs::read_dir(root)? {
                let name = entry?.file_name();
                if name != TRASH && !name.to_str().is_some_and(|name| uids.contains(name)) {
                    put_aside(root, &name)?;
                }
            }
        }
        Ok(())
    }

    /// Deletes what was put aside.
    pub(crate) fn empty_trash(&self) -> io::Result<()> {
        self.roots().iter().try_for_each(|root| remove_all(&root.join(TRASH)))
    }

    fn roots(&self) -> [&PathBuf; 2] {
        [&self.durable, &self.volatile]
    }
}

/// Moves `name` of a root to its trash, under a name that nothing has there.
fn put_aside(root: &Path, name: &OsStr) -> io::Result<()> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let trash = root.join(TRASH);
    private_dir(&trash)?;
    loop {
        let aside = trash.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        match fs::rename(root.join(name), &aside) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !root.join(name).exists() => return Ok(()),
            // Left by an earlier process, or the trash has just been emptied.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => private_dir(&trash)?,
            Err(error) => return Err(error),
        }
    }
}

fn is_directory(path: PathBuf) -> io::Result<PathBuf> {
    if fs::metadata(&path)?.is_dir() {
        Ok(path)
    } else {
        Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no directory, and guests can be given no other"))
    }
}

/// Deletes a directory and what is in it. Links are deleted and not followed.
///
/// Guests nest directories as deep as they like, far deeper than a path or a stack is long. So what is inside a
/// directory is moved up first, and nothing is ever deeper than two.
fn remove_all(path: &Path) -> io::Result<()> {
    let mut number = 0_u64;
    loop {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut found = false;
        for entry in entries {
            let entry = entry?;
            found = true;
            if !entry.file_type()?.is_dir() {
                gone(fs::remove_file(entry.path()))?;
                continue;
            }
            for inner in fs::read_dir(entry.path())? {
                let inner = inner?;
                if inner.file_type()?.is_dir() {
                    number += 1;
                    move_up(&inner.path(), path, &mut number)?;
                } else {
                    gone(fs::remove_file(inner.path()))?;
                }
            }
            gone(fs::remove_dir(entry.path()))?;
        }
        if !found {
            return gone(fs::remove_dir(path));
        }
    }
}

/// Moves a directory into `root`, under a name that nothing has there.
fn move_up(directory: &Path, root: &Path, number: &mut u64) -> io::Result<()> {
    loop {
        match fs::rename(directory, root.join(format!("..{number}"))) {
            Err(error) if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory) => {
                *number += 1;
            }
            done => return gone(done),
        }
    }
}

/// What is gone already is as it should be.
fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
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
        again.empty_trash().expect("is done");
        assert!(!empty.exists() && !again.durable.join(TRASH).exists());
        fs::remove_dir_all(&again.volatile).expect("is deleted");
    }

    // F48
    #[test]
    fn directories_nested_without_end_are_deleted_and_links_not_followed() {
        let (dir, disk) = disk();
        let root = place(&disk, wanted(Content::Empty, None)).expect("is placed");
        fs::write(dir.path().join("outside"), "x").expect("is written");
        symlink(dir.path(), root.join("link")).expect("is linked");
        // Deeper than a path may be long: each is made beside and the former moved into it.
        let (inner, outer) = (root.join("inner"), root.join("outer"));
        fs::create_dir(&inner).expect("is made");
        for _ in 0..20_000 {
            fs::create_dir(&outer).expect("is made");
            fs::rename(&inner, outer.join("inner")).expect("is moved");
            fs::rename(&outer, &inner).expect("is moved");
        }
        disk.remove("u").expect("is put aside");
        disk.empty_trash().expect("is deleted");
        assert!(!root.exists() && dir.path().join("outside").exists());
        fs::remove_dir_all(&disk.volatile).expect("is deleted");
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
