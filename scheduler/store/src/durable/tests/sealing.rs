//! Sealed values: never in the clear on the disk, neither now nor in the past, and only with their key back again.

use std::sync::Arc;

use super::*;
use crate::conformance::{commit, list, next};

fn config(key: Option<u8>) -> Config {
    let sealed_prefixes = key.map(|_| "/registry/secrets/".to_owned()).into_iter().collect();
    let cipher = key.map(|key| Arc::new(Rot(key)) as Arc<dyn Cipher>);
    Config { cipher, sealed_prefixes, ..no_ballast() }
}

const SECRET: &str = "/registry/secrets/a/b";

// F89
#[tokio::test]
async fn a_secret_is_not_on_the_disk_and_comes_back() {
    let disk = SimDisk::new();
    let store = open_on(&disk, Origin::New, config(Some(7))).expect("opens");
    for turn in 1..=3 {
        commit(&store, [put(SECRET, &format!("hunter{turn}")), put("/registry/pods/a", "in the clear")]).await;
    }
    commit(&store, [delete(SECRET)]).await;
    drop(store);
    let content = disk.content();
    let holds = |text: &str| content.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("in the clear") && !holds("hunter"));
    let store = open_on(&disk, Origin::Existing, config(Some(7))).expect("opens");
    assert_eq!(list(&store, "/registry/secrets/", Some(2)).await, ["/registry/secrets/a/b=hunter2@2"]);
    let mut watch = store.watch("/registry/secrets/", 2).await.expect("watches");
    assert_eq!(
        next(&mut watch, 2).await,
        ["3: /registry/secrets/a/b hunter2→hunter3", "4: /registry/secrets/a/b hunter3→-"]
    );
}

/// A cipher that knows a wrong key when it sees one.
struct Strict(u8);

impl Cipher for Strict {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, String> {
        Rot(self.0).seal(context, &[&[!self.0], plain].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, String> {
        match Rot(self.0).open(context, sealed)?.split_first() {
            Some((key, plain)) if *key == !self.0 => Ok(plain.to_vec()),
            _ => Err("sealed with another key".to_owned()),
        }
    }
}

// F90
#[tokio::test]
async fn a_wrong_or_lost_key_is_refused_and_overwrites_nothing() {
    let disk = SimDisk::new();
    let strict = |key| Config { cipher: Some(Arc::new(Strict(key))), ..config(Some(key)) };
    let store = open_on(&disk, Origin::New, strict(1)).expect("opens");
    commit(&store, [put(SECRET, "hunter2")]).await;
    drop(store);
    for wrong in [strict(2), config(None)] {
        let refusal = open_on(&disk, Origin::Existing, wrong).expect_err("is refused");
        assert!(matches!(&refusal, Refusal::Sealed { key, .. } if key == SECRET), "{refusal}");
        assert!(!refusal.to_string().contains("hunter2"));
    }
    let store = open_on(&disk, Origin::Existing, strict(1)).expect("opens");
    assert_eq!(list(&store, SECRET, None).await.len(), 1);
    let unsealable = Config { cipher: None, ..config(Some(1)) };
    assert!(matches!(open_on(&SimDisk::new(), Origin::New, unsealable), Err(Refusal::NoCipher { .. })));
}
