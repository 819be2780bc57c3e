//! The worlds that hosts of the ecosystem know by name, recognised by what a component exports.

use std::fmt;

use serde::Serialize;

use crate::{Description, Interface};

/// A world of WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum World {
    /// Answers HTTP by WASI 0.2.
    #[serde(rename = "wasi:http/proxy@0.2")]
    HttpProxy02,
    /// Answers HTTP by WASI 0.3, where the world is called so.
    #[serde(rename = "wasi:http/service@0.3")]
    HttpService03,
    /// Answers HTTP by WASI 0.3 and passes requests on to another handler.
    #[serde(rename = "wasi:http/middleware@0.3")]
    HttpMiddleware03,
    /// Runs and ends, by WASI 0.2.
    #[serde(rename = "wasi:cli/command@0.2")]
    CliCommand02,
    /// Runs and ends, by WASI 0.3.
    #[serde(rename = "wasi:cli/command@0.3")]
    CliCommand03,
}

impl World {
    /// The worlds a component can be run in, for what it exports. What it imports beyond such a world is a matter
    /// of what a host grants: Rust's standard library imports `wasi:cli/environment`, which no HTTP world has.
    #[must_use]
    pub fn of(description: &Description) -> Vec<Self> {
        let has = |list: &[Interface], package, name, minor| list.iter().any(|i| i.is("wasi", package, name, 0, minor));
        let Description { imports, exports, .. } = description;
        let handler = has(exports, "http", "handler", 3);
        let passes_on = has(imports, "http", "handler", 3);
        let found = [
            (Self::HttpProxy02, has(exports, "http", "incoming-handler", 2)),
            (Self::HttpService03, handler && !passes_on),
            (Self::HttpMiddleware03, handler && passes_on),
            (Self::CliCommand02, has(exports, "cli", "run", 2)),
            (Self::CliCommand03, has(exports, "cli", "run", 3)),
        ];
        found.into_iter().filter_map(|(world, is)| is.then_some(world)).collect()
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpProxy02 => "wasi:http/proxy@0.2",
            Self::HttpService03 => "wasi:http/service@0.3",
            Self::HttpMiddleware03 => "wasi:http/middleware@0.3",
            Self::CliCommand02 => "wasi:cli/command@0.2",
            Self::CliCommand03 => "wasi:cli/command@0.3",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn worlds_are_known_by_their_exports() {
        for (imports, exports, wanted) in [
            ("", "wasi:http/incoming-handler@0.2.6", "wasi:http/proxy@0.2"),
            ("wasi:http/client@0.3.0", "wasi:http/handler@0.3.0", "wasi:http/service@0.3"),
            ("wasi:http/handler@0.3.0", "wasi:http/handler@0.3.0", "wasi:http/middleware@0.3"),
            ("wasi:http/handler@0.3.0", "wasi:cli/run@0.3.0", "wasi:cli/command@0.3"),
            ("", "wasi:cli/run@0.2.0,wasi:http/incoming-handler@0.2.0", "wasi:http/proxy@0.2,wasi:cli/command@0.2"),
            ("wasi:http/types@0.2.0", "shop:prices/api@1.0.0", ""),
            ("", "wasi:http/handler@0.3.0-rc-2025-09-16", ""),
        ] {
            let ids = |list: &str| list.split(',').filter_map(|id| id.parse().ok()).collect();
            let (imports, exports) = (ids(imports), ids(exports));
            let description = Description { kind: Kind::Component, imports, exports, size_bytes: 0 };
            let found: Vec<String> = World::of(&description).iter().map(ToString::to_string).collect();
            assert_eq!(found.join(","), wanted);
            let json = serde_json::to_value(World::of(&description)).expect("is JSON");
            assert_eq!(json, serde_json::json!(found), "the names in JSON are those in text");
        }
    }
}
