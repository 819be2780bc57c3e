//! A library of its Pod: there are as many of an article as its name has letters.

wit_bindgen::generate!({ path: "wit", world: "stock" });

struct Stock;

impl exports::shop::stock::lookup::Guest for Stock {
    fn count(article: String) -> u32 {
        u32::try_from(article.chars().count()).unwrap_or(u32::MAX)
    }
}

export!(Stock);
