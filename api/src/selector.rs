//! Label selectors: the string form of URLs (`app=web,tier in (a, b)`) and the object form of specs.
//!
//! Both parse into one [`Selector`], a conjunction of requirements. Field selectors are not here:
//! they depend on the kind and belong to the apiserver.

use std::collections::BTreeMap;

use crate::meta::LabelSelector;
use crate::name;

/// A conjunction of requirements; the empty selector matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    /// Parses the form of `?labelSelector=`.
    ///
    /// # Errors
    /// A sentence that names the part that does not parse.
    pub fn parse(text: &str) -> Result<Self, String> {
        let requirements = split_top_level(text)
            .into_iter()
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Requirement::parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { requirements })
    }

    /// Reads the selector of a spec.
    ///
    /// # Errors
    /// A sentence that names the operator or key that is not known.
    pub fn from_spec(spec: &LabelSelector) -> Result<Self, String> {
        let mut selector = Self::from_labels(spec.match_labels.as_ref().unwrap_or(&BTreeMap::new()));
        for expression in spec.match_expressions.as_deref().unwrap_or_default() {
            let values = expression.values.clone().unwrap_or_default();
            let test = match (expression.operator.as_str(), values.is_empty()) {
                ("In", false) => Test::In(values),
                ("NotIn", false) => Test::NotIn(values),
                ("Exists", true) => Test::Exists,
                ("DoesNotExist", true) => Test::Absent,
                ("In" | "NotIn", true) => return Err("must be specified when `operator` is 'In' or 'NotIn'".to_owned()),
                ("Exists" | "DoesNotExist", false) => {
                    return Err("may not be specified when `operator` is 'Exists' or 'DoesNotExist'".to_owned());
                }
                (other, _) => return Err(format!("{other:?} is not a valid label selector operator")),
            };
            name::check_qualified(&expression.key)?;
            selector.requirements.push(Requirement { key: expression.key.clone(), test });
        }
        Ok(selector)
    }

    /// The selector of a Service or of `matchLabels`: every label must be equal.
    #[must_use]
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Self {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement { key: key.clone(), test: Test::In(vec![value.clone()]) })
            .collect();
        Self { requirements }
    }

    /// Whether there is no requirement, so that everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether labels satisfy every requirement. Absent labels are an empty map.
    #[must_use]
    pub fn matches(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        self.matches_by(|key| labels.and_then(|labels| labels.get(key)).map(String::as_str))
    }

    /// As [`Selector::matches`], over any way to look a label up.
    pub fn matches_by<'a>(&self, get: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.requirements.iter().all(|r| r.test.holds(get(&r.key)))
    }
}

impl Test {
    /// `notin` and `!=` hold for an absent label, as in Kubernetes.
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|v| values.iter().any(|wanted| wanted == v)),
            Self::NotIn(values) => value.is_none_or(|v| values.iter().all(|unwanted| unwanted != v)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
        }
    }
}

impl Requirement {
    fn parse(text: &str) -> Result<Self, String> {
        let (key, test) = if let Some(key) = text.strip_prefix('!') {
            (key, Test::Absent)
        } else if let Some((key, value)) = text.split_once("!=") {
            (key, Test::NotIn(vec![value.trim().to_owned()]))
        } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            (key, Test::In(vec![value.trim().to_owned()]))
        } else if let Some(inner) = text.strip_suffix(')') {
            Self::parse_set(inner).ok_or_else(|| format!("unable to parse requirement: {text:?}"))?
        } else {
            (text, Test::Exists)
        };
        let key = key.trim().to_owned();
        name::check_qualified(&key).map_err(|why| format!("unable to parse requirement: {key:?}: {why}"))?;
        if let Test::In(values) | Test::NotIn(values) = &test {
            for value in values {
                name::check_label_value(value)
                    .map_err(|why| format!("unable to parse requirement: {value:?}: {why}"))?;
            }
        }
        Ok(Self { key, test })
    }

    fn parse_set(inner: &str) -> Option<(&str, Test)> {
        let (head, values) = inner.split_once('(')?;
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        match operator {
            "in" => Some((key, Test::In(values))),
            "notin" => Some((key, Test::NotIn(values))),
            _ => None,
        }
    }
}

/// Splits at commas outside parentheses.
fn split_top_level(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Selector::parse(selector).expect(selector).matches(Some(&labels))
    }

    #[test]
    fn every_form_of_requirement_is_understood() {
        let web = [("app", "web"), ("tier", "front")];
        for yes in [
            "",
            "app=web",
            "app==web",
            "app!=db",
            "app in (db, web),tier",
            "!canary",
            "zone notin (a)",
            "tier in (front)",
        ] {
            assert!(matches(yes, &web), "{yes}");
        }
        for no in ["app=db", "app!=web", "app notin (web)", "canary", "!app", "zone in (a)"] {
            assert!(!matches(no, &web), "{no}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["app in web", "app within (a)", "-a=b", "a=b c", "in (a)", "a=(b"] {
            assert!(Selector::parse(bad).is_err(), "{bad}");
        }
    }
}
