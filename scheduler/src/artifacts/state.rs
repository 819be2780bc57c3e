//! What is known of images and code. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::Image;
use super::pin::Pins;
use crate::compiler::{Error, Recipe};

/// Answers of the registry that are kept; more are asked again.
const IMAGES_MAX: usize = 4096;
/// Recipes that are kept, so that code a host asks for can be made again.
const RECIPES_MAX: usize = 4096;
/// When a compilation that hit a bound may be tried again: the machine may have been busy then, but one that
/// always hits it must not cost two minutes with every push.
const BOUND_FORGIVEN_AFTER: Duration = Duration::from_secs(600);

/// What is known.
#[derive(Default)]
pub(super) struct State {
    pub(super) images: BTreeMap<String, Image>,
    pub(super) pins: Pins,
    pub(super) recipes: BTreeMap<String, Recipe>,
    /// Pushes seen so far: an answer from before one is old.
    pub(super) pushes: u64,
    failures: BTreeMap<String, Failure>,
}

/// Code that could not be made. Its key tells content and engine, so no push changes that.
#[derive(Debug)]
struct Failure {
    why: String,
    is_bound: bool,
    at: Instant,
}

/// What is known of a piece of code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing so far.
    New,
    /// It is there or under way.
    Before,
    /// It cannot be made.
    Failed(String),
}

impl State {
    /// Takes note of how code is made.
    pub(super) fn note(&mut self, key: &str, recipe: &Recipe) -> Known {
        if self.recipes.contains_key(key) {
            return self.failures.get(key).map_or(Known::Before, |failure| Known::Failed(failure.why.clone()));
        }
        if self.recipes.len() >= RECIPES_MAX {
            self.recipes.clear();
            self.failures.clear();
        }
        self.recipes.insert(key.to_owned(), recipe.clone());
        Known::New
    }

    /// Takes note that code was not made; returns whether that will stay so. Trouble of our own passes: the
    /// host asks again. What the artifact cannot do, it cannot.
    pub(super) fn failed(&mut self, key: &str, error: &Error, now: Instant) -> bool {
        let is_bound = match error {
            Error::Broken(_) => return false,
            Error::Bound(_) => true,
            Error::Refused(_) => false,
        };
        self.failures.insert(key.to_owned(), Failure { why: error.to_string(), is_bound, at: now });
        true
    }

    /// Takes over what the registry said after so many pushes. False if it has changed since: then nobody
    /// waits for this answer, and whoever wants one asks anew.
    pub(super) fn answer(&mut self, image: &str, pushes: u64, answer: Image) -> bool {
        if self.pushes != pushes {
            return false;
        }
        if self.images.len() > IMAGES_MAX {
            self.images.retain(|_, known| matches!(known, Image::Asked));
        }
        self.images.insert(image.to_owned(), answer);
        true
    }

    /// The registry has changed: what it said of tags and what it did not have is asked again.
    pub(super) fn pushed(&mut self, live: &BTreeSet<&str>, now: Instant) {
        self.pushes += 1;
        self.images.retain(|image, known| image.contains('@') && matches!(known, Image::Component(_)));
        let recipes = &mut self.recipes;
        self.failures.retain(|key, failure| {
            let is_forgiven = failure.is_bound && now.saturating_duration_since(failure.at) >= BOUND_FORGIVEN_AFTER;
            if is_forgiven {
                recipes.remove(key);
            }
            !is_forgiven
        });
        self.pins.keep(live);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::v1::Engine;

    fn recipe() -> Recipe {
        Recipe { wasm: "w".into(), linked: Vec::new(), engine: Engine::default() }
    }

    fn refused() -> Image {
        Image::Refused { reason: "ErrImagePull", message: String::new() }
    }

    #[test]
    fn an_answer_from_before_a_push_is_dropped() {
        let mut state = State::default();
        state.images.insert("web".to_owned(), Image::Asked);
        let asked_at = state.pushes;
        state.pushed(&BTreeSet::new(), Instant::now());
        assert!(!state.answer("web", asked_at, refused()), "it is not there, says who looked before it came");
        assert!(state.images.is_empty(), "who wants it asks anew");
        assert!(state.answer("web", state.pushes, refused()));
        assert!(state.images.contains_key("web"));
    }

    #[test]
    fn what_does_not_compile_is_not_tried_again_with_every_push() {
        let (mut state, now) = (State::default(), Instant::now());
        assert_eq!(state.note("bad", &recipe()), Known::New);
        assert_eq!(state.note("slow", &recipe()), Known::New);
        assert_eq!(state.note("bad", &recipe()), Known::Before);
        assert!(!state.failed("bad", &Error::Broken(String::new()), now), "our own trouble passes");
        assert!(state.failed("bad", &Error::Refused("no".to_owned()), now));
        assert!(state.failed("slow", &Error::Bound("late".to_owned()), now));
        state.pushed(&BTreeSet::new(), now);
        assert_eq!(state.note("bad", &recipe()), Known::Failed("no".to_owned()));
        assert!(matches!(state.note("slow", &recipe()), Known::Failed(_)));
        state.pushed(&BTreeSet::new(), now + BOUND_FORGIVEN_AFTER);
        assert_eq!(state.note("bad", &recipe()), Known::Failed("no".to_owned()));
        assert_eq!(state.note("slow", &recipe()), Known::New, "the machine may have been busy");
    }

    #[test]
    fn recipes_are_bounded_and_failures_with_them() {
        let (mut state, now) = (State::default(), Instant::now());
        for n in 0..=RECIPES_MAX {
            let key = n.to_string();
            assert_eq!(state.note(&key, &recipe()), Known::New);
            assert!(state.failed(&key, &Error::Refused(String::new()), now));
        }
        assert_eq!((state.recipes.len(), state.failures.len()), (1, 1));
    }
}
