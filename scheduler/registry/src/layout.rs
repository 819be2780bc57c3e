//! Where everything lies on disk, and how it gets there whole.
//!
//! ```text
//! blobs/sha256/HEX                          content, written once
//! repositories/NAME/_blobs/HEX              NAME has this blob (empty file)
//! repositories/NAME/_manifests/HEX          NAME has this manifest (its media type)
//! repositories/NAME/_tags/TAG               the digest the tag points to
//! repositories/NAME/_referrers/HEX/HEX      the second manifest is about the first (empty file)
//! newest                                    NAME@DIGEST of the last Wasm artifact
//! uploads/                                  what is not finished
//! ```
//!
//! Every file is written under `uploads`, made durable, and renamed into place, so that a reader and a crash see all of
//! it or nothing. Names begin with a letter or digit, so no repository lies inside another's `_` folders.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::Error;
use crate::name::{Digest, Repository, Tag};

/// What a repository keeps per digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Blobs,
    Manifests,
}

impl Shelf {
    fn folder(self) -> &'static str {
        match self {
            Self::Blobs => "_blobs",
            Self::Manifests => "_manifests",
        }
    }
}

/// The folders of a registry.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    root: Arc<Path>,
}

impl Layout {
    /// Makes the folders that are missing and drops what was not finished.
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        let layout = Self { root: root.into() };
        match fs::remove_dir_all(layout.uploads()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&layout.uploads(), error)),
            _ => {}
        }
        for folder in [layout.uploads(), layout.blobs(), layout.repositories()] {
            fs::create_dir_all(&folder).map_err(|error| io_error(&folder, error))?;
        }
        Ok(layout)
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.root.join("blobs").join("sha256")
    }

    pub(crate) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(crate) fn upload(&self, id: Uuid) -> PathBuf {
        self.uploads().join(id.to_string())
    }

    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    fn repository(&self, repository: &Repository) -> PathBuf {
        self.repositories().join(repository.components().collect::<PathBuf>())
    }

    pub(crate) fn link(&self, repository: &Repository, shelf: Shelf, digest: &Digest) -> PathBuf {
        self.repository(repository).join(shelf.folder()).join(digest.hex())
    }

    pub(crate) fn manifests(&self, repository: &Repository) -> PathBuf {
        self.repository(repository).join(Shelf::Manifests.folder())
    }

    pub(crate) fn tags(&self, repository: &Repository) -> PathBuf {
        self.repository(repository).join("_tags")
    }

    pub(crate) fn tag(&self, repository: &Repository, tag: &Tag) -> PathBuf {
        self.tags(repository).join(tag.as_str())
    }

    pub(crate) fn referrers(&self, repository: &Repository, subject: &Digest) -> PathBuf {
        self.repository(repository).join("_referrers").join(subject.hex())
    }

    pub(crate) fn newest(&self) -> PathBuf {
        self.root.join("newest")
    }

    /// The size of a blob the repository has.
    pub(crate) fn has(&self, repository: &Repository, shelf: Shelf, digest: &Digest) -> Result<Option<u64>, Error> {
        if size(&self.link(repository, shelf, digest))?.is_none() {
            return Ok(None);
        }
        size(&self.blob(digest))
    }

    /// Puts a finished file, whose content was verified, in its place as a blob.
    pub(crate) fn keep_blob(&self, finished: &Path, digest: &Digest) -> Result<(), Error> {
        let path = self.blob(digest);
        File::open(finished).and_then(|file| file.sync_all()).map_err(|error| io_error(finished, error))?;
        rename(finished, &path)
    }

    /// Writes a small file whole: durable and in place, or not at all.
    pub(crate) fn write(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let draft = self.upload(Uuid::new_v4());
        let written = File::create_new(&draft).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
        let kept = written.map_err(|error| io_error(&draft, error)).and_then(|()| {
            let folder = path.parent().unwrap_or(path);
            fs::create_dir_all(folder).map_err(|error| io_error(folder, error))?;
            rename(&draft, path)
        });
        if kept.is_err() {
            discard(&draft);
        }
        kept
    }

    /// The digest a tag points to.
    pub(crate) fn read_tag(&self, repository: &Repository, tag: &Tag) -> Result<Option<Digest>, Error> {
        let path = self.tag(repository, tag);
        let Some(text) = read(&path)? else { return Ok(None) };
        let digest = String::from_utf8_lossy(&text).parse();
        digest.map(Some).map_err(|reason| Error::Damaged { what: format!("{repository}:{tag}"), reason })
    }

    /// A manifest and its media type, verified.
    pub(crate) fn read_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Option<(Vec<u8>, String)>, Error> {
        let link = self.link(repository, Shelf::Manifests, digest);
        let Some(media_type) = read(&link)? else { return Ok(None) };
        let damaged =
            |reason: &str| Error::Damaged { what: format!("{repository}@{digest}"), reason: reason.to_owned() };
        let body = read(&self.blob(digest))?.ok_or_else(|| damaged("the manifest is missing"))?;
        if Digest::of(&body) != *digest {
            return Err(damaged("its content has another digest"));
        }
        Ok(Some((body, String::from_utf8_lossy(&media_type).into_owned())))
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(|error| io_error(to, error))?;
    // The name is as durable as the content only once its folder is.
    let folder = to.parent().unwrap_or(to);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io_error(folder, error))
}

/// A file's content, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    if_there(path, fs::read(path))
}

/// A file's size, if there is one.
pub(crate) fn size(path: &Path) -> Result<Option<u64>, Error> {
    if_there(path, fs::metadata(path).map(|file| file.len()))
}

/// Removes a file. Whether there was one.
pub(crate) fn remove(path: &Path) -> Result<bool, Error> {
    Ok(if_there(path, fs::remove_file(path))?.is_some())
}

/// The names in a folder, sorted; none of a folder that is not there.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let Some(files) = if_there(folder, fs::read_dir(folder))? else { return Ok(vec![]) };
    let mut names = vec![];
    for file in files {
        names.extend(file.map_err(|error| io_error(folder, error))?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Removes what is of no use; that it stays would cost only space.
pub(crate) fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove a useless file");
    }
}

fn if_there<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(io_error(path, error)),
    }
}

pub(crate) fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
