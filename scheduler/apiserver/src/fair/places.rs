//! Places for what lasts: watches, logs that are followed, forwarded ports. Counted in all and for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::auth::User;
use crate::status::Status;

/// So many places. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    /// What they are for, in the words of a refusal.
    what: &'static str,
    max: usize,
    of_one_max: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_user: HashMap<String, usize>,
}

/// One place, until this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    user: String,
}

impl Places {
    pub(crate) fn new(what: &'static str, max: usize, of_one_max: usize) -> Self {
        Self { taken: Arc::default(), what, max, of_one_max }
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for a user. Members of `system:masters` are bounded by the whole alone.
    ///
    /// # Errors
    /// 429: all are taken, or this user has its share.
    pub(crate) fn take(&self, user: Option<&User>) -> Result<Place, Status> {
        let name = user.map(|user| user.name.clone()).unwrap_or_default();
        let of_one_max = if user.is_some_and(User::is_master) { self.max } else { self.of_one_max };
        let mut taken = self.lock();
        if taken.all >= self.max {
            return Err(Status::too_many_requests(format!("too many {} are open; please try again later", self.what)));
        }
        let of_one = taken.by_user.entry(name.clone()).or_default();
        if *of_one >= of_one_max {
            let why = format!("user {name:?} has {of_one_max} {} open, and may have no more", self.what);
            return Err(Status::too_many_requests(why));
        }
        *of_one += 1;
        taken.all += 1;
        Ok(Place { places: self.clone(), user: name })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(of_one) = taken.by_user.get_mut(&self.user) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_user.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_share_and_all_have_an_end() {
        let user =
            |name: &str, group: &str| User { name: name.to_owned(), groups: vec![group.to_owned()], ..User::default() };
        let (ann, bob, master) = (user("ann", "devs"), user("bob", "devs"), user("admin", "system:masters"));
        let places = Places::new("watches", 3, 1);
        let first = places.take(Some(&ann)).expect("there is room");
        let refused = places.take(Some(&ann)).expect_err("she has her share");
        assert!(refused.message.contains("\"ann\" has 1 watches open"), "{}", refused.message);
        let others = [places.take(Some(&master)), places.take(Some(&master))];
        assert!(others.iter().all(Result::is_ok));
        let refused = places.take(Some(&bob)).expect_err("all are taken");
        assert!(refused.message.contains("too many watches are open"), "{}", refused.message);
        drop((first, others));
        assert!(places.take(Some(&ann)).is_ok() && places.lock().by_user.is_empty());
    }
}
