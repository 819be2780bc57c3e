//! The next steps of a StatefulSet: fill, shrink, roll, in this order, each only when those before need nothing.

use super::look::{Look, Member};
use crate::pod::Named;
use crate::{Plan, creation, object};

/// One step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Make the Pod of an ordinal.
    Create(i32),
    /// Stop a Pod.
    Delete(Named<'a>),
}

/// Whether what comes after may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    GoOn,
    Wait,
}

impl<'a> Look<'a> {
    /// What is to be done now. A plan is asked to wake for what time alone will allow.
    pub(super) fn steps(&self, plan: &mut Plan) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        if self.fill(&mut steps, plan) == Then::Wait || self.shrink(&mut steps) == Then::Wait || !self.is_rolling() {
            return steps;
        }
        self.roll(&mut steps);
        steps
    }

    /// Every wanted ordinal has a Pod, and in an ordered set one that is available.
    fn fill(&self, steps: &mut Vec<Step<'a>>, plan: &mut Plan) -> Then {
        let active = object::count(self.members.len());
        let room = creation::batch(self.replicas(), active);
        let mut made = 0;
        for ordinal in self.ordinals() {
            let Some(member) = self.members.get(&ordinal) else {
                if self.is_taken(ordinal) {
                    // The status says so; nothing can be made before the other is gone.
                    if self.is_ordered() {
                        return Then::Wait;
                    }
                    continue;
                }
                steps.push(Step::Create(ordinal));
                made += 1;
                if self.is_ordered() {
                    return Then::Wait;
                }
                if made >= room {
                    break;
                }
                continue;
            };
            let is_held = self.revive(ordinal, member, steps, plan);
            if is_held && self.is_ordered() {
                return Then::Wait;
            }
        }
        Then::GoOn
    }

    /// Replaces a Pod that has ended, or that is broken and outdated; returns whether it is not available.
    fn revive(&self, ordinal: i32, member: &Member<'a>, steps: &mut Vec<Step<'a>>, plan: &mut Plan) -> bool {
        if member.is_terminating() {
            return true;
        }
        if member.is_finished() {
            let at = creation::replaced_at(member.named.1);
            if at <= self.snapshot.now || self.is_outdated(ordinal, member) {
                steps.push(Step::Delete(member.named));
            } else {
                plan.wake(at);
            }
            return true;
        }
        if !member.is_ready() && self.is_outdated(ordinal, member) {
            steps.push(Step::Delete(member.named));
        }
        !member.is_available()
    }

    /// No other ordinal has a Pod; an ordered set stops one at a time, the highest first.
    fn shrink(&self, steps: &mut Vec<Step<'a>>) -> Then {
        for member in self.condemned() {
            if !member.is_terminating() {
                steps.push(Step::Delete(member.named));
            }
            if self.is_ordered() {
                return Then::Wait;
            }
        }
        Then::GoOn
    }

    /// Stops Pods of other revisions, the highest first, as many as may be unavailable.
    fn roll(&self, steps: &mut Vec<Step<'a>>) {
        let available = self.wanted().filter(|(_, member)| member.is_available()).count();
        let unavailable = self.replicas().saturating_sub(object::count(available));
        let mut room = self.unavailable_max().saturating_sub(unavailable);
        for (ordinal, member) in self.wanted().rev() {
            if room <= 0 {
                return;
            }
            // One that is not ready has been replaced already.
            if self.is_outdated(*ordinal, member) && member.is_ready() && !member.is_terminating() {
                steps.push(Step::Delete(member.named));
                room -= 1;
            }
        }
    }
}
