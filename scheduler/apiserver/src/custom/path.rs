//! Paths of JSON, `.status.conditions[?(@.type=="Ready")].status`: what definitions use for columns, selectable fields
//! and Scales. Source: Kubernetes, "JSONPath support", as far as definitions may use it.

use serde_json::Value;

/// Longest path.
const PATH_BYTES_MAX: usize = 1024;

/// A path, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonPath {
    source: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Field(String),
    Index(i64),
    All,
    /// Elements of which a field has a value.
    Where {
        field: Vec<String>,
        equal: bool,
        value: Value,
    },
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn parse(source: &str) -> Result<Self, String> {
        if source.len() > PATH_BYTES_MAX {
            return Err(format!("may not be longer than {PATH_BYTES_MAX} bytes"));
        }
        if !source.starts_with(['.', '[']) {
            return Err("must be a simple json path starting with .".to_owned());
        }
        let (mut steps, mut rest) = (Vec::new(), source);
        while !rest.is_empty() {
            let (step, after) = step(rest).ok_or_else(|| format!("is not understood at {rest:?}"))?;
            steps.extend(step);
            rest = after;
        }
        Ok(Self { source: source.to_owned(), steps })
    }

    /// Whether it is fields alone, `.spec.replicas`.
    pub(crate) fn is_plain(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::Field(_)))
    }

    /// Its fields, if it is fields alone.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let fields = self.steps.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        });
        fields.collect()
    }

    /// How selectors call it: without the dot.
    pub(crate) fn label(&self) -> &str {
        self.source.strip_prefix('.').unwrap_or(&self.source)
    }

    /// What it finds in a value.
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![value];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| step.apply(value)).collect();
        }
        found
    }
}

impl Step {
    fn apply<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Index(at), Value::Array(list)) => {
                let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let at = if *at < 0 { count + at } else { *at };
                usize::try_from(at).ok().and_then(|at| list.get(at)).into_iter().collect()
            }
            (Self::All, Value::Array(list)) => list.iter().collect(),
            (Self::All, Value::Object(members)) => members.values().collect(),
            (Self::Where { field, equal, value: wanted }, Value::Array(list)) => {
                let holds = |element: &&Value| {
                    let found = field.iter().try_fold(*element, |value, name| value.get(name));
                    (found == Some(wanted)) == *equal
                };
                list.iter().filter(holds).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// One step and what follows it.
fn step(rest: &str) -> Option<(Option<Step>, &str)> {
    if let Some(inner) = rest.strip_prefix("[?(@") {
        let (condition, after) = inner.split_once(")]")?;
        return Some((Some(condition_step(condition)?), after));
    }
    if let Some(inner) = rest.strip_prefix("['") {
        let (name, after) = inner.split_once("']")?;
        return Some((Some(Step::Field(name.to_owned())), after));
    }
    if let Some(inner) = rest.strip_prefix('[') {
        let (index, after) = inner.split_once(']')?;
        let step = if index == "*" { Step::All } else { Step::Index(index.parse().ok()?) };
        return Some((Some(step), after));
    }
    let inner = rest.strip_prefix('.')?;
    let (mut name, mut characters) = (String::new(), inner.char_indices().peekable());
    let mut end = inner.len();
    while let Some((at, c)) = characters.next() {
        match c {
            // `\.` is a dot within a name.
            '\\' => name.extend(characters.next().map(|(_, c)| c)),
            '.' | '[' => {
                end = at;
                break;
            }
            c if c.is_whitespace() || "{}()?@'\"".contains(c) => return None,
            c => name.push(c),
        }
    }
    let after = &inner[end..];
    match name.as_str() {
        "" if after.starts_with('[') => Some((None, after)),
        "" => None,
        "*" => Some((Some(Step::All), after)),
        _ => Some((Some(Step::Field(name)), after)),
    }
}

/// `.type=="Ready"`
fn condition_step(condition: &str) -> Option<Step> {
    let (field, equal, value) = match condition.split_once("==") {
        Some((field, value)) => (field, true, value),
        None => {
            let (field, value) = condition.split_once("!=")?;
            (field, false, value)
        }
    };
    let value = value.trim();
    let quoted = value.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    let value = match quoted {
        Some(text) => Value::from(text),
        None => serde_json::from_str(value).ok()?,
    };
    let field = field.trim().strip_prefix('.')?.split('.').map(str::to_owned).collect();
    Some(Step::Where { field, equal, value })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_find_what_columns_show() {
        let object = json!({
            "spec": {"replicas": 3, "a.b": "dotted", "list": [1, 2, 3]},
            "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Stalled", "status": "False"}]},
        });
        for (path, found) in [
            (".spec.replicas", json!([3])),
            (".spec.a\\.b", json!(["dotted"])),
            (".spec['a.b']", json!(["dotted"])),
            (".spec.list[-1]", json!([3])),
            (".spec.list[*]", json!([1, 2, 3])),
            (".status.conditions[?(@.type==\"Ready\")].status", json!(["True"])),
            (".status.conditions[?(@.type=='Stalled')].status", json!(["False"])),
            (".status.nothing", json!([])),
        ] {
            let parsed = JsonPath::parse(path).unwrap_or_else(|why| panic!("{path}: {why}"));
            assert_eq!(json!(parsed.find(&object)), found, "{path}");
        }
        for bad in ["spec", "", "..a", ".a[", ".a[x]", "{.a}", ".a[?(@.b)]"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}
