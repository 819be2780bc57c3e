//! Names the server makes up: `generateName` and its five characters.

/// Characters of a generated suffix: no vowels and no look-alikes, as in Kubernetes.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// Length of a generated suffix.
const SUFFIX_LEN: usize = 5;
/// Longest base that is kept of `generateName`; Pod names must fit into a host name of 63.
const BASE_LEN_MAX: usize = 58;

/// A name of `base` and five characters drawn from `seed`.
pub(super) fn generate(base: &str, mut seed: u128) -> String {
    let cut = base.char_indices().map(|(at, _)| at).nth(BASE_LEN_MAX).unwrap_or(base.len());
    let mut name = base[..cut].to_owned();
    for _ in 0..SUFFIX_LEN {
        let (letter, rest) = (seed % 27, seed / 27);
        name.push(char::from(ALPHABET[usize::try_from(letter).unwrap_or_default()]));
        seed = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_differ_and_bases_are_cut() {
        assert_eq!(generate("web-", 0), "web-bbbbb");
        assert_ne!(generate("web-", 1), generate("web-", 2));
        assert_eq!(generate(&"a".repeat(100), 5).len(), 63);
    }
}
