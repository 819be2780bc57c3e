//! The query of a URL (RFC 3986).

use std::fmt::{self, Display};

/// Parameters in the order they were added; absent ones leave no trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(&'static str, String)>);

impl Query {
    /// One more parameter.
    pub(crate) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.push((name, value.to_string()));
        self
    }

    /// One more parameter, if there is a value.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// One more parameter, if it is so.
    pub(crate) fn with_if(self, condition: bool, name: &'static str, value: impl Display) -> Self {
        if condition { self.with(name, value) } else { self }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name}={}", if at == 0 { '?' } else { '&' }, encode(value))?;
        }
        Ok(())
    }
}

/// Percent-encodes a query's value, or a segment of a path.
#[must_use]
pub fn encode(value: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    value.bytes().map(|b| if keep(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_and_absent_ones_left_out() {
        let query = Query::default().with("labelSelector", "a in (b, c)").with_some("x", None::<u8>).with("limit", 5);
        assert_eq!(query.to_string(), "?labelSelector=a%20in%20%28b%2C%20c%29&limit=5");
        assert_eq!(Query::default().to_string(), "");
    }
}
