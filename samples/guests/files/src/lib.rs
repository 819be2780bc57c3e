//! Files over HTTP: GET, PUT and DELETE of `/PATH`, and `GET /DIR/` lists it, one name a line, sorted, folders with a
//! slash. What fails is told by the name of its errno, with 403, 404, 409, 507 or 500.

use std::fs;
use std::io::{self, ErrorKind};

use insula_sdk::http::{Bytes, Path, Refusal, Router, StatusCode};

/// The bound of a file that is put: more than a page of any test, less than the instance's memory.
const FILE_BYTES_MAX: usize = 32 << 20;

#[insula_sdk::http]
fn app() -> Router {
    Router::new().get("/{*path}", get).put("/{*path}", put).delete("/{*path}", delete)
}

async fn get(Path(path): Path<String>) -> Result<Vec<u8>, Refusal> {
    let path = format!("/{path}");
    if path.ends_with('/') { list(&path).map(String::into_bytes) } else { fs::read(&path) }.map_err(refusal)
}

async fn put(Path(path): Path<String>, body: insula_sdk::http::Body) -> Result<StatusCode, Refusal> {
    let bytes: Bytes = insula_sdk::http::read(body, FILE_BYTES_MAX).await?;
    fs::write(format!("/{path}"), bytes).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(Path(path): Path<String>) -> Result<StatusCode, Refusal> {
    fs::remove_file(format!("/{path}")).map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

fn list(path: &str) -> io::Result<String> {
    let name = |entry: fs::DirEntry| {
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        Ok(format!("{}{slash}\n", entry.file_name().to_string_lossy()))
    };
    let mut names = fs::read_dir(path)?.map(|entry| name(entry?)).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.concat())
}

fn refusal(error: io::Error) -> Refusal {
    let (status, name) = match error.kind() {
        ErrorKind::NotFound => (StatusCode::NOT_FOUND, "ENOENT"),
        // wasi-libc's number for an operation that the sandbox does not allow, as a path out of a volume.
        ErrorKind::PermissionDenied if error.raw_os_error() == Some(63) => (StatusCode::FORBIDDEN, "EPERM"),
        ErrorKind::PermissionDenied => (StatusCode::FORBIDDEN, "EACCES"),
        ErrorKind::ReadOnlyFilesystem => (StatusCode::FORBIDDEN, "EROFS"),
        ErrorKind::AlreadyExists => (StatusCode::CONFLICT, "EEXIST"),
        ErrorKind::IsADirectory => (StatusCode::CONFLICT, "EISDIR"),
        ErrorKind::NotADirectory => (StatusCode::CONFLICT, "ENOTDIR"),
        ErrorKind::DirectoryNotEmpty => (StatusCode::CONFLICT, "ENOTEMPTY"),
        ErrorKind::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "ENOSPC"),
        ErrorKind::QuotaExceeded => (StatusCode::INSUFFICIENT_STORAGE, "EDQUOT"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "other"),
    };
    Refusal::new(status, format!("{name}: {error}"))
}
