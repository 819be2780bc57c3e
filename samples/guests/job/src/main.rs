//! A command of many verbs, for tests of commands and volumes.
//!
//! `exit N`, `spin`, `trap`, `sleep MILLIS`, `cat PATH`, `env NAME`, `write PATH TEXT`, `ls PATH` (sorted, folders with
//! a slash); any other arguments are printed, one a line. What fails is told on stderr, and the exit code is 1.

use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;
use std::{env, fs, io, thread};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["exit", code] => insula_sdk::job::exit(number(code)?),
        ["spin"] => spin(),
        ["trap"] => panic!("as asked"),
        ["sleep", millis] => thread::sleep(Duration::from_millis(number(millis)?)),
        ["cat", path] => io::stdout().write_all(&fs::read(path)?)?,
        ["env", name] => println!("{}", env::var(name).map_err(io::Error::other)?),
        ["write", path, text] => fs::write(path, text)?,
        ["ls", path] => list(path)?,
        others => others.iter().for_each(|argument| println!("{argument}")),
    }
    Ok(())
}

fn number<T: std::str::FromStr<Err = std::num::ParseIntError>>(text: &str) -> io::Result<T> {
    text.parse().map_err(io::Error::other)
}

fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn list(path: &str) -> io::Result<()> {
    let name = |entry: fs::DirEntry| {
        let slash = if entry.file_type()?.is_dir() { "/" } else { "" };
        Ok(format!("{}{slash}", entry.file_name().to_string_lossy()))
    };
    let mut names = fs::read_dir(path)?.map(|entry| name(entry?)).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
    Ok(())
}
