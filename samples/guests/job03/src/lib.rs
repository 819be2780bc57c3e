//! A command over WASI 0.3: prints its arguments, one a line, and fails if the first is `fail`.

use wasip3::cli::{environment, stdout};
use wasip3::wit_stream;

struct Job;

impl wasip3::exports::cli::run::Guest for Job {
    async fn run() -> Result<(), ()> {
        let arguments: Vec<String> = environment::get_arguments().into_iter().skip(1).collect();
        let text: String = arguments.iter().map(|argument| format!("{argument}\n")).collect();
        let (mut lines, lines_read) = wit_stream::new();
        wasip3::wit_bindgen::spawn_local(async move {
            lines.write_all(text.into_bytes()).await;
        });
        stdout::write_via_stream(lines_read).await.map_err(drop)?;
        if arguments.first().is_some_and(|first| first == "fail") { Err(()) } else { Ok(()) }
    }
}

wasip3::cli::command::export!(Job);
