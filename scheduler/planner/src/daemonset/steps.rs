//! The next steps of a DaemonSet: a Pod where one is missing, none where none is wanted, then the update.

use super::look::{Daemon, Look, Post, Stand};
use crate::pod::Named;
use crate::share::{self, Round};
use crate::{Plan, creation, object, pod};

/// One step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Make a Pod for a Node.
    Create(&'a str),
    /// Stop a Pod.
    Delete(Named<'a>),
}

/// How a DaemonSet brings its Pods up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// It waits until someone deletes the old one.
    OnDelete,
    /// It stops the old one first; so many Nodes may be without.
    Stop { unavailable: i32 },
    /// It makes the new one first; so many Nodes may have both.
    Surge { surge: i32 },
}

impl<'a> Look<'a> {
    /// What is to be done now. A plan is asked to wake for what time alone will allow.
    pub(super) fn steps(&self, plan: &mut Plan) -> Vec<Step<'a>> {
        let strategy = self.strategy();
        let mut steps: Vec<_> = self.strays.iter().map(|stray| Step::Delete(*stray)).collect();
        for post in &self.posts {
            match post.stand {
                Stand::Unwanted => {
                    let told = post.daemons.iter().filter(|daemon| !pod::is_terminating(daemon.named.1));
                    steps.extend(told.map(|daemon| Step::Delete(daemon.named)));
                }
                Stand::Wanted | Stand::Kept => self.tidy(post, strategy, &mut steps, plan),
            }
        }
        match strategy {
            Strategy::OnDelete => {}
            Strategy::Stop { unavailable } => self.stop_old(unavailable, &mut steps),
            Strategy::Surge { surge } => self.surge(surge, &mut steps),
        }
        self.fill(&mut steps);
        steps
    }

    fn strategy(&self) -> Strategy {
        let strategy = self.set.spec.update_strategy.as_ref();
        if strategy.and_then(|strategy| strategy.type_.as_deref()) == Some("OnDelete") {
            return Strategy::OnDelete;
        }
        let rolling = strategy.and_then(|strategy| strategy.rolling_update.as_ref());
        let wanted = object::count(self.posts.iter().filter(|post| post.stand == Stand::Wanted).count());
        let resolve = |bound: Option<&api::IntOrString>| share::resolve(bound?, wanted, Round::Up);
        let surge = resolve(rolling.and_then(|rolling| rolling.max_surge.as_ref())).unwrap_or(0);
        let unavailable = resolve(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()));
        match surge {
            0 => Strategy::Stop { unavailable: unavailable.unwrap_or(1).max(1) },
            surge => Strategy::Surge { surge },
        }
    }

    /// Makes Pods on Nodes that have none, not even one that is on its way out.
    fn fill(&self, steps: &mut Vec<Step<'a>>) {
        let missing: Vec<_> =
            self.posts.iter().filter(|post| post.stand == Stand::Wanted && post.daemons.is_empty()).collect();
        let active = self.posts.iter().map(|post| post.active().count()).sum();
        let batch = creation::batch(object::count(missing.len()), object::count(active));
        let batch = usize::try_from(batch).unwrap_or(0);
        steps.extend(missing.iter().take(batch).map(|post| Step::Create(post.node)));
    }

    /// Removes Pods that have ended, and all but one of those that run; a surge keeps an old one and a new one.
    fn tidy(&self, post: &Post<'a>, strategy: Strategy, steps: &mut Vec<Step<'a>>, plan: &mut Plan) {
        for daemon in &post.daemons {
            let (_, pod) = daemon.named;
            if !pod::is_finished(pod) || pod::is_terminating(pod) {
                continue;
            }
            let at = creation::replaced_at(pod);
            if at <= self.snapshot.now || !daemon.is_new {
                steps.push(Step::Delete(daemon.named));
            } else {
                plan.wake(at);
            }
        }
        let is_surge = matches!(strategy, Strategy::Surge { .. });
        let kept: Vec<_> = if is_surge {
            [true, false]
                .into_iter()
                .filter_map(|is_new| best(post.active().filter(|one| one.is_new == is_new)))
                .collect()
        } else {
            best(post.active()).into_iter().collect()
        };
        let surplus = post.active().filter(|daemon| !kept.iter().any(|kept| kept.named.0 == daemon.named.0));
        steps.extend(surplus.map(|daemon| Step::Delete(daemon.named)));
    }

    /// Stops old Pods: those that do not serve at once, the others as far as the bound allows.
    fn stop_old(&self, unavailable_max: i32, steps: &mut Vec<Step<'a>>) {
        let wanted = || self.posts.iter().filter(|post| post.stand == Stand::Wanted);
        let unavailable = object::count(wanted().filter(|post| !post.is_available()).count());
        let mut room = unavailable_max.saturating_sub(unavailable);
        for post in wanted() {
            let mut active = post.active();
            let (Some(daemon), None) = (active.next(), active.next()) else { continue };
            if daemon.is_new {
                continue;
            }
            if post.is_available() {
                if room <= 0 {
                    continue;
                }
                room -= 1;
            } else if daemon.is_ready() {
                // It serves, but not for long enough to count: it is one of those that are unavailable already.
                if unavailable > unavailable_max {
                    continue;
                }
            }
            steps.push(Step::Delete(daemon.named));
        }
    }

    /// Makes new Pods beside the old ones, and stops an old one when its successor is available or it serves nobody.
    fn surge(&self, surge_max: i32, steps: &mut Vec<Step<'a>>) {
        let mut room = surge_max;
        let mut waiting = Vec::new();
        for post in self.posts.iter().filter(|post| post.stand != Stand::Unwanted) {
            let old = best(post.active().filter(|daemon| !daemon.is_new));
            let new = best(post.active().filter(|daemon| daemon.is_new));
            match (old, new) {
                (Some(old), Some(new)) => {
                    // It counts until it is really told to stop, not only until this plan says so.
                    room -= i32::from(old.is_ready());
                    if new.is_available() || !old.is_ready() {
                        steps.push(Step::Delete(old.named));
                    }
                }
                (Some(old), None) if post.stand == Stand::Wanted && post.daemons.len() == 1 => {
                    waiting.push((old, post.node));
                }
                // Two of one side, of which one is stopped now: it counts as long.
                _ => room -= i32::from(post.active().filter(|daemon| daemon.is_ready()).count() > 1),
            }
        }
        for (old, node) in waiting {
            if !old.is_ready() {
                // Nothing is lost by waiting for its successor: it serves nobody.
                steps.push(Step::Create(node));
            } else if room > 0 {
                steps.push(Step::Create(node));
                room -= 1;
            }
        }
    }
}

/// The Pod that is missed most: of those that serve best the oldest. A template that came and went leaves several.
fn best<'p, 'a: 'p>(daemons: impl Iterator<Item = &'p Daemon<'a>>) -> Option<&'p Daemon<'a>> {
    let rank = |daemon: &Daemon<'_>| (daemon.is_available(), daemon.is_ready());
    daemons.reduce(|best, next| if rank(next) > rank(best) { next } else { best })
}

/// The Pod that speaks for a Node in the counts: the oldest that runs, else the oldest.
pub(super) fn speaker<'p, 'a>(post: &'p Post<'a>) -> Option<&'p Daemon<'a>> {
    post.active().next().or_else(|| post.daemons.first())
}
