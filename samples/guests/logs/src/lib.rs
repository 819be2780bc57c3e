//! Logs through `wasi:logging`: `/LEVEL/LEVEL...` logs one record at each level it names, `trace` to `critical`.
//!
//! Each record has the target `guest`, the message `at LEVEL` and the field `number`, which counts from 1.

use insula_sdk::http::{Path, Refusal, StatusCode};
use log::{Level, LevelFilter};

const TARGET: &str = "guest";

#[insula_sdk::http]
fn app() -> insula_sdk::http::Router {
    insula_sdk::http::Router::new().get("/{*levels}", write)
}

async fn write(Path(levels): Path<String>) -> Result<String, Refusal> {
    insula_sdk::log::init(LevelFilter::Trace);
    let mut count = 0;
    for name in levels.split('/') {
        count += 1;
        match name.parse::<Level>() {
            Ok(level) => log::log!(target: TARGET, level, number = count; "at {name}"),
            Err(_) if name == "critical" => insula_sdk::log::critical(TARGET, &format!("at critical number={count}")),
            Err(_) => return Err(Refusal::new(StatusCode::BAD_REQUEST, format!("there is no level {name:?}"))),
        }
    }
    Ok(format!("logged {count}\n"))
}
