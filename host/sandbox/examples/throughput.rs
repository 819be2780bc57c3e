//! Requests per second of one guest on one current-thread runtime for each core, without any network.
//!
//! `cargo run --release -p sandbox --example throughput -- GUEST.wasm [seconds] [requests per instance] [tasks per runtime]`
//!
//! It is for comparing variants of this crate with each other; what a client sees is measured by `cargo xtask bench`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use sandbox::{Body, Engine, EngineConfig, Reuse, VerifiedCode, Workload, WorkloadConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let wasm = std::fs::read(args.next().ok_or("which guest?")?)?;
    let mut number = |otherwise: u64| args.next().map_or(Ok(otherwise), |arg| arg.parse());
    let (seconds, requests_max, tasks) = (number(3)?, number(1)?, number(8)?);
    let engine = Engine::new(EngineConfig::default())?;
    let identity = engine.identity();
    let code = sandbox::compile(&wasm, &identity.version, &identity.target, &identity.cpu_features)?;
    let path = std::env::temp_dir().join(format!("throughput-{}.code", std::process::id()));
    std::fs::write(&path, code)?;
    let code = engine.load(&VerifiedCode::vouched_for(&path))?;
    let mut config = WorkloadConfig::new("throughput");
    config.reuse = Reuse { requests_max, ..Reuse::default() };
    let workload = Workload::new(&engine, code, config)?;
    let done = Arc::new(AtomicU64::new(0));
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    let threads: Vec<_> = (0..std::thread::available_parallelism()?.get())
        .map(|_| {
            let (workload, done) = (workload.clone(), done.clone());
            std::thread::spawn(move || run(&workload, &done, end, tasks))
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")?;
    }
    let rate = u128::from(done.load(Ordering::Relaxed)) * 1_000_000 / begin.elapsed().as_micros().max(1);
    let mut out = std::io::stdout();
    std::io::Write::write_fmt(&mut out, format_args!("{rate} requests/s; {:?}\n", workload.stats()))?;
    Ok(std::fs::remove_file(path)?)
}

fn run(workload: &Workload, done: &Arc<AtomicU64>, end: Instant, tasks: u64) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let local: Vec<_> = (0..tasks)
        .map(|_| {
            let (workload, done) = (workload.clone(), done.clone());
            runtime.spawn(async move {
                while Instant::now() < end {
                    if let Ok(response) = workload.call(request()).await
                        && response.into_body().collect().await.is_ok()
                    {
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    drop(runtime.block_on(futures::future::join_all(local)));
}

fn request() -> Request<Body> {
    let mut request = Request::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    request.headers_mut().insert("host", http::HeaderValue::from_static("guest.test"));
    request
}
