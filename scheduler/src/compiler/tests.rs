//! The compiler with small shell scripts in the compiler's place.

use super::*;
use ring::rand::SystemRandom;
use std::path::Path;

fn compiler(dir: &Path, script: &str) -> Compiler {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("generates");
    let signer = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("parses");
    let command = ["/bin/sh", "-c", script, "compile"].into_iter().map(OsString::from).collect();
    Compiler::new(command, dir.join("code"), signer)
}

fn recipe(dir: &Path) -> Recipe {
    let wasm = dir.join("a.wasm");
    std::fs::write(&wasm, "wasm").expect("writes");
    let engine = Engine { version: "48".to_owned(), target: "t".to_owned(), cpu_features: vec!["x".to_owned()] };
    Recipe { wasm, linked: Vec::new(), engine }
}

#[tokio::test]
async fn code_is_made_once_signed_and_made_again_when_damaged() {
    let dir = tempfile::tempdir().expect("dir");
    let count = dir.path().join("count");
    let script = format!("/bin/echo x >> {}; /bin/cat; echo \" $*\"", count.display());
    let compiler = compiler(dir.path(), &script);
    let (key, recipe) = ("a".repeat(64), recipe(dir.path()));
    let runs = || std::fs::read_to_string(&count).map_or(0, |text| text.lines().count());
    let both = tokio::join!(compiler.ensure(&key, &recipe), compiler.ensure(&key, &recipe));
    assert_eq!(both, (Ok(()), Ok(())));
    assert_eq!(runs(), 1, "two ask, one compiles");
    let kept = compiler.kept(&key).await.expect("is kept");
    assert_eq!(&*kept.code, b"wasm --engine 48 --target t --features x\n");
    assert!(protocol::code::verify(compiler.public_key(), &key, &kept.code, &kept.signature));
    compiler.ensure(&key, &recipe).await.expect("is there");
    assert_eq!(runs(), 1);
    // F54
    std::fs::write(dir.path().join("code").join(format!("{key}.code")), "evil").expect("writes");
    assert_eq!(compiler.kept(&key).await, None);
    compiler.ensure(&key, &recipe).await.expect("is made again");
    assert_eq!(runs(), 2);
}

#[tokio::test]
async fn a_refusal_says_why_and_is_not_kept() {
    let dir = tempfile::tempdir().expect("dir");
    let compiler = compiler(dir.path(), "echo 'no such import' >&2; exit 1");
    let key = "b".repeat(64);
    let refused = compiler.ensure(&key, &recipe(dir.path())).await;
    assert_eq!(refused, Err(Error::Refused("no such import".to_owned())));
    assert_eq!(compiler.kept(&key).await, None);
    let nothing = Compiler { inner: compiler.inner.clone() };
    assert!(
        matches!(nothing.ensure(&key, &recipe(dir.path())).await, Err(Error::Refused(_))),
        "asking again tries again"
    );
}

// F45
#[tokio::test]
async fn a_compiler_that_dies_is_a_bound_not_a_crash() {
    let dir = tempfile::tempdir().expect("dir");
    let killed = compiler(dir.path(), "kill -9 $$").ensure(&"c".repeat(64), &recipe(dir.path())).await;
    assert!(matches!(killed, Err(Error::Bound(_))), "{killed:?}");
    let silent = compiler(dir.path(), "exit 0").ensure(&"d".repeat(64), &recipe(dir.path())).await;
    assert!(matches!(silent, Err(Error::Broken(_))), "{silent:?}");
}

#[test]
fn chunks_carry_everything_in_order() {
    let code: Bytes = (0..=255_u8).cycle().take(protocol::CHUNK_BYTES * 2 + 5).collect::<Vec<_>>().into();
    let signed = Signed { code: code.clone(), signature: Bytes::from_static(b"s") };
    let chunks: Vec<_> = chunks(&signed).collect();
    assert_eq!(chunks.len(), 3);
    assert_eq!((chunks[0].total_bytes, &*chunks[0].signature), (code.len() as u64, &b"s"[..]));
    assert_eq!(chunks.iter().flat_map(|c| c.bytes.iter().copied()).collect::<Vec<_>>(), code);
}
