//! The trace context (W3C Trace Context) of what is being answered.
//!
//! It is passed on unchanged: what the component asks of others carries the `traceparent` and `tracestate` of what it
//! was asked. There are no spans here; a host that records them makes its own on both sides of the component.

use std::cell::RefCell;

/// The header, and key of metadata, that names the trace.
pub(crate) const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

thread_local! {
    // An instance answers one thing at a time: WASI 0.2 has no concurrent calls into a component.
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// A trace context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    parent: String,
    state: Option<String>,
}

impl Context {
    /// Reads it from headers or metadata; `None` if there is none, or none that is well formed.
    pub(crate) fn parse(get: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let parent = get(PARENT).filter(|text| is_parent(text))?;
        Some(Self { parent, state: get(STATE) })
    }

    /// The `traceparent`: version, trace, span and flags.
    ///
    /// ```no_run
    /// let parent = insula_sdk::trace::current().map(|context| context.parent().to_owned());
    /// # drop(parent);
    /// ```
    #[must_use]
    pub fn parent(&self) -> &str {
        &self.parent
    }

    /// The identity of the trace, 32 hexadecimal digits: what logs of one request have in common.
    ///
    /// ```no_run
    /// if let Some(context) = insula_sdk::trace::current() {
    ///     println!("trace={}", context.trace_id());
    /// }
    /// ```
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.parent.split('-').nth(1).unwrap_or_default()
    }

    /// The fields that carry it.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let state = self.state.as_deref().map(|state| (STATE, state));
        std::iter::once((PARENT, self.parent.as_str())).chain(state)
    }
}

/// The context of the request or message that is being answered, if its sender gave one.
///
/// ```no_run
/// let traced = insula_sdk::trace::current().is_some();
/// # drop(traced);
/// ```
#[must_use]
pub fn current() -> Option<Context> {
    CURRENT.with_borrow(Clone::clone)
}

/// Makes `context` the current one, until the next.
pub(crate) fn enter(context: Option<Context>) {
    CURRENT.set(context);
}

/// `version-trace-span-flags`, lower-case hexadecimal; a later version may append more.
fn is_parent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_set = |part: &str| part.bytes().any(|byte| byte != b'0');
    match parts.as_slice() {
        [version, trace, span, flags, rest @ ..] => {
            [version.len(), trace.len(), span.len(), flags.len()] == [2, 32, 16, 2]
                && [version, trace, span, flags].into_iter().all(|part| is_hex(part))
                && is_set(trace)
                && is_set(span)
                && *version != "ff"
                && (rest.is_empty() || *version != "00")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT_TEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parse(parent: &str, state: Option<&str>) -> Option<Context> {
        Context::parse(|name| if name == PARENT { Some(parent.to_owned()) } else { state.map(str::to_owned) })
    }

    #[test]
    fn a_context_is_passed_on_as_it_came() {
        let context = parse(PARENT_TEXT, Some("vendor=1")).unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.fields().collect::<Vec<_>>(), [(PARENT, PARENT_TEXT), (STATE, "vendor=1")]);
    }

    #[test]
    fn a_malformed_context_is_none() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_later_version_may_append_more() {
        assert!(parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", None).is_some());
    }
}
