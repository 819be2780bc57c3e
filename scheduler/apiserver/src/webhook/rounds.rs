//! In which order mutating webhooks are asked, and which of them again. Pure.

use std::collections::BTreeSet;

/// One round through all of them, and one more through those that want to see what later ones did.
#[derive(Debug)]
pub(super) struct Rounds {
    /// Yet to be asked in this round.
    left: BTreeSet<usize>,
    /// Asked in the first round, and want to be asked again if something changes.
    wishing: BTreeSet<usize>,
    /// To be asked in the second.
    again: BTreeSet<usize>,
    round: usize,
}

impl Rounds {
    /// Of so many webhooks.
    pub(super) fn new(count: usize) -> Self {
        Self { left: (0..count).collect(), wishing: BTreeSet::new(), again: BTreeSet::new(), round: 0 }
    }

    /// Which round it is, from 0.
    pub(super) fn round(&self) -> usize {
        self.round
    }

    /// The next to be asked.
    pub(super) fn next(&mut self) -> Option<usize> {
        if self.left.is_empty() && self.round == 0 {
            self.round = 1;
            self.left = std::mem::take(&mut self.again);
        }
        self.left.pop_first()
    }

    /// One has answered. What it changes itself is no reason to ask it again, and what the second round changes is
    /// none for anyone.
    pub(super) fn answered(&mut self, at: usize, changed: bool, wants_again: bool) {
        if self.round > 0 {
            return;
        }
        if changed {
            self.again.extend(&self.wishing);
        }
        if wants_again {
            self.wishing.insert(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is asked, given who changes something and who wants to be asked again.
    fn asked(count: usize, changing: &[usize], wishing: &[usize]) -> Vec<usize> {
        let mut rounds = Rounds::new(count);
        let mut asked = Vec::new();
        while let Some(at) = rounds.next() {
            asked.push(at);
            rounds.answered(at, changing.contains(&at), wishing.contains(&at));
        }
        asked
    }

    #[test]
    fn those_who_wish_see_once_what_later_ones_changed() {
        assert_eq!(asked(0, &[], &[]), [0_usize; 0]);
        assert_eq!(asked(3, &[0, 1, 2], &[]), [0, 1, 2], "nobody wishes");
        assert_eq!(asked(3, &[0], &[0]), [0, 1, 2], "its own change is none for it");
        assert_eq!(asked(3, &[2], &[0, 2]), [0, 1, 2, 0]);
        assert_eq!(asked(3, &[0, 1, 2], &[0, 1, 2]), [0, 1, 2, 0, 1], "and the second round is the last");
        assert_eq!(asked(3, &[1], &[2]), [0, 1, 2], "it has seen that");
    }
}
