//! A worker that was taken over: what it tries is refused, or is its end.

use cage::News;

use super::harness::Caged;

/// What is refused, and with which error.
const REFUSED: &[(&str, &str)] = &[
    ("open", "EPERM"),
    ("open-below", "EPERM"),
    ("write-memory", "EPERM"),
    ("read-strange", "EBADF"),
    ("fork", "EPERM"),
    ("kill", "EPERM"),
    ("map-executable", "EPERM"),
    ("make-executable", "EPERM"),
    ("unlink", "EPERM"),
    ("type-for-others", "EPERM"),
];

/// What a worker does not survive.
const DEADLY: &[&str] = &["socket", "connect", "ptrace", "read-process", "exec", "chroot", "io-uring"];

// F53
#[tokio::test]
async fn what_a_taken_over_worker_tries_is_refused() {
    let caged = Caged::start();
    assert_eq!(caged.text("/try/get-pid").await, "done", "what it needs works");
    for (what, error) in REFUSED {
        assert_eq!(caged.text(&format!("/try/{what}")).await, *error, "{what}");
        assert_eq!(caged.text(&format!("/try-in-thread/{what}")).await, *error, "{what} in an older thread");
    }
    assert_eq!(caged.text("/thread").await, "a thread", "threads can still be started");
    assert_eq!(caged.text("/said").await, "config code", "and it still serves");
}

// F53
#[tokio::test]
async fn what_only_an_attacker_tries_ends_the_worker() {
    for what in DEADLY {
        for how in ["try", "try-in-thread"] {
            // Each in a worker of its own.
            let caged = Caged::start();
            let lost = caged.call(&format!("/{how}/{what}")).await.expect_err("it does not survive").to_string();
            assert!(lost.contains("a system call it must not make"), "{how} {what}: {lost}");
            assert!(matches!(caged.news().await, News::Up { .. }));
            assert!(caged.crash().await.0.contains("SIGSYS"), "{how} {what}");
        }
    }
}

// F53
#[tokio::test]
async fn a_worker_says_what_it_is_locked_behind() {
    let caged = Caged::start();
    let News::Up { walls, .. } = caged.news().await else { panic!("it does not come up") };
    assert!(walls.starts_with("a filter of system calls"), "{walls}");
    let namespaces = std::fs::read_to_string("/proc/sys/user/max_user_namespaces").is_ok_and(|max| max.trim() != "0");
    println!("locked behind {walls}; this system has namespaces for users: {namespaces}");
}

#[tokio::test]
async fn memory_beyond_the_bound_is_refused_by_the_kernel() {
    let roomy = Caged::start();
    assert_eq!(roomy.text("/big").await, (64 << 20).to_string());
    let tight = Caged::with_data(48 << 20);
    let lost = tight.call("/big").await.expect_err("it does not get that much").to_string();
    assert!(lost.contains("memory allocation of 67108864 bytes failed"), "{lost}");
}
