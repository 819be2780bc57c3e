//! `wasi:filesystem`: a guest sees the directories that are mounted, and nothing beyond them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use http::{Method, Request};
use sandbox::{Access, Mount, Workload};

use super::harness::{full, read, workload, workload_with};

fn guest(root: &Path) -> Workload {
    let mount = |name: &str, access| Mount { host: root.join(name), guest: format!("/{name}"), access };
    for name in ["rw", "ro"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    workload_with("files", |config| {
        config.mounts = vec![mount("rw", Access::ReadWrite), mount("ro", Access::ReadOnly)];
    })
}

async fn call(guest: &Workload, method: Method, path: &str, body: &'static str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("host", "guest.test").body(full(body)).unwrap();
    let (status, text) = read(guest.call(request).await.unwrap()).await;
    (status.as_u16(), text)
}

#[tokio::test]
async fn files_are_read_written_and_listed_where_that_is_allowed() {
    let root = tempfile::tempdir().unwrap();
    let guest = guest(root.path());
    fs::write(root.path().join("ro/config"), "from the host").unwrap();
    assert_eq!(call(&guest, Method::GET, "/ro/config", "").await, (200, "from the host".to_owned()));
    assert!(call(&guest, Method::PUT, "/rw/new", "from the guest").await.0 < 300);
    assert_eq!(fs::read_to_string(root.path().join("rw/new")).unwrap(), "from the guest");
    assert_eq!(call(&guest, Method::GET, "/rw/", "").await.1, "new\n");
    assert!(call(&guest, Method::DELETE, "/rw/new", "").await.0 < 300);
    assert_eq!(call(&guest, Method::GET, "/rw/new", "").await.0, 404);
    // A link to what is current, as volumes of ConfigMaps have it.
    fs::create_dir(root.path().join("ro/..1")).unwrap();
    fs::write(root.path().join("ro/..1/key"), "current").unwrap();
    symlink("..1", root.path().join("ro/..data")).unwrap();
    symlink("..data/key", root.path().join("ro/key")).unwrap();
    assert_eq!(call(&guest, Method::GET, "/ro/key", "").await, (200, "current".to_owned()));
}

// F48
#[tokio::test]
async fn no_path_and_no_link_leads_out_of_a_mount() {
    let root = tempfile::tempdir().unwrap();
    let guest = guest(root.path());
    fs::write(root.path().join("outside"), "secret").unwrap();
    symlink("../outside", root.path().join("rw/relative")).unwrap();
    symlink(root.path().join("outside"), root.path().join("rw/absolute")).unwrap();
    symlink("..", root.path().join("rw/up")).unwrap();
    for path in
        ["/rw/../outside", "/rw/relative", "/rw/absolute", "/rw/up/outside", "/etc/passwd", "/rw/%2e%2e/outside"]
    {
        let (status, text) = call(&guest, Method::GET, path, "").await;
        assert!(status >= 400 && !text.contains("secret"), "{path}: {status} {text}");
        assert!(call(&guest, Method::PUT, path, "changed").await.0 >= 400, "{path}");
    }
    assert_eq!(fs::read_to_string(root.path().join("outside")).unwrap(), "secret");
    assert!(
        call(&workload("files"), Method::GET, "/etc/passwd", "").await.0 >= 400,
        "without a mount there is nothing"
    );
}

// F48
#[tokio::test]
async fn what_is_read_only_stays_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    let guest = guest(root.path());
    fs::write(root.path().join("ro/kept"), "kept").unwrap();
    for (method, path) in [(Method::PUT, "/ro/kept"), (Method::DELETE, "/ro/kept"), (Method::PUT, "/ro/new")] {
        let (status, text) = call(&guest, method.clone(), path, "changed").await;
        assert_eq!(status, 403, "{method} {path}: {text}");
    }
    assert_eq!(fs::read_to_string(root.path().join("ro/kept")).unwrap(), "kept");
    assert!(!root.path().join("ro/new").exists());
}

// F48: the link is changed to and fro while a guest reads through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_changes_meanwhile_does_not_lead_out_either() {
    let root = tempfile::tempdir().unwrap();
    let guest = guest(root.path());
    fs::write(root.path().join("outside"), "secret").unwrap();
    fs::write(root.path().join("rw/inside"), "inside").unwrap();
    let (link, next) = (root.path().join("rw/link"), root.path().join("rw/next"));
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let stop = stop.clone();
        move || {
            let mut swaps = 0_u64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for target in ["inside", "../outside"] {
                    symlink(target, &next).unwrap();
                    fs::rename(&next, &link).unwrap();
                    swaps += 1;
                }
            }
            swaps
        }
    });
    let mut inside = 0;
    while inside < 50 {
        let (status, text) = call(&guest, Method::GET, "/rw/link", "").await;
        assert!(!text.contains("secret"), "{text}");
        inside += u32::from(status == 200);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(swapping.join().unwrap() > 100, "there was a race to win");
}
