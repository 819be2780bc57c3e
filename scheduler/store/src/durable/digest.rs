//! One number over everything on the disk, so that nothing wrong is ever served as right.
//!
//! redb keeps a checksum of every page, but checks them all only when it is asked to read the whole file twice more.
//! The store reads everything once anyway, so it keeps a sum of the hashes of all rows beside them: adding a row and
//! taking it away is one addition, and a row that is lost, changed, old or not ours shows when the sum is made again.

/// Odd, and its bits look random: the golden ratio's.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sum over rows, in whatever order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest(u64);

impl Digest {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_add(hash(key, value));
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_sub(hash(key, value));
    }

    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// Every step is a bijection of the state and of the word, so two rows that differ in one word of eight bytes never
/// hash alike; others do by chance, once in 2^64. It protects from faults, not from forgers.
fn hash(key: &[u8], value: &[u8]) -> u64 {
    let mut state = 0;
    for part in [key, value] {
        state = mix(state, part.len() as u64);
        for word in part.chunks(8) {
            let mut bytes = [0; 8];
            bytes[..word.len()].copy_from_slice(word);
            state = mix(state, u64::from_le_bytes(bytes));
        }
    }
    state ^ (state >> 32)
}

fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_digest_never_changes() {
        // Stored in every file: another result is another format.
        let mut digest = Digest::default();
        digest.add(b"/registry/pods/a", b"value");
        expect_test::expect!["ea573703378f833c"].assert_eq(&format!("{:016x}", digest.number()));
    }

    #[test]
    fn what_differs_in_a_bit_differs_and_order_does_not_matter() {
        let row = (b"/registry/pods/a".to_vec(), vec![7u8; 50]);
        let whole = hash(&row.0, &row.1);
        for bit in 0..50 * 8 {
            let mut bent = row.1.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(hash(&row.0, &bent), whole, "bit {bit}");
        }
        assert_ne!(hash(b"ab", b"c"), hash(b"a", b"bc"));
        assert_ne!(hash(b"a", b""), hash(b"a", b"\0"));
        let (mut one, mut other) = (Digest::default(), Digest::default());
        one.add(b"a", b"1");
        one.add(b"b", b"2");
        other.add(b"b", b"2");
        other.add(b"c", b"3");
        other.add(b"a", b"1");
        other.remove(b"c", b"3");
        assert_eq!(one, other);
    }
}
