//! Reads templates.

use serde_json::Value;

use super::{DEPTH_MAX, Filter, Operand, Operator, Part, Path, Step, Template};

type Result<T> = std::result::Result<T, String>;

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Template> {
    let mut reader = Reader { rest: text, depth: 0 };
    let parts = reader.parts()?;
    match reader.rest {
        "" => Ok(Template(parts)),
        _ => Err("{end} without {range}".to_owned()),
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Parts until the text or a range ends; `{end}` itself is left to the caller.
    fn parts(&mut self) -> Result<Vec<Part>> {
        let mut parts = Vec::new();
        loop {
            let at = self.rest.find('{').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(at);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            self.rest = rest;
            if rest.is_empty() || self.peek_end() {
                return Ok(parts);
            }
            self.rest = &rest[1..];
            self.expression(&mut parts)?;
        }
    }

    fn peek_end(&self) -> bool {
        self.rest.strip_prefix('{').is_some_and(|rest| {
            rest.trim_start().strip_prefix("end").is_some_and(|rest| rest.trim_start().starts_with('}'))
        })
    }

    /// What stands between braces; the opening one has been read.
    fn expression(&mut self, parts: &mut Vec<Part>) -> Result<()> {
        self.space();
        if let Some(rest) = self.rest.strip_prefix("range").filter(|rest| rest.starts_with([' ', '.', '$', '@', '['])) {
            self.rest = rest;
            self.space();
            let path = self.path()?;
            self.expect("}")?;
            self.deeper()?;
            let body = self.parts()?;
            if !self.peek_end() {
                return Err("{range} without {end}".to_owned());
            }
            self.rest = self.rest.split_once('}').map_or("", |(_, rest)| rest);
            self.depth -= 1;
            parts.push(Part::Range(path, body));
            return Ok(());
        }
        loop {
            self.space();
            match self.rest.chars().next() {
                Some('}') => {
                    self.rest = &self.rest[1..];
                    return Ok(());
                }
                Some('"' | '\'') => parts.push(Part::Text(self.quoted()?)),
                Some('.' | '$' | '@' | '[') => parts.push(Part::Path(self.path()?)),
                // A bare name is a field, as in kubectl.
                Some(first) if first.is_alphanumeric() || first == '_' => {
                    let name = self.name()?;
                    let mut path = self.path()?;
                    path.steps.insert(0, Step::Field(name));
                    parts.push(Part::Path(path));
                }
                Some(other) => return Err(format!("{other:?} begins no expression")),
                None => return Err("a brace is not closed".to_owned()),
            }
        }
    }

    fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(format!("more than {DEPTH_MAX} levels")) } else { Ok(()) }
    }

    /// A path; it may have no steps.
    fn path(&mut self) -> Result<Path> {
        let from_root = self.rest.starts_with('$');
        if self.rest.starts_with(['$', '@']) {
            self.rest = &self.rest[1..];
        }
        let mut steps = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix("..") {
                self.rest = rest;
                steps.push(Step::Below);
                if !rest.starts_with(['[', '}', ' ']) {
                    steps.push(self.field()?);
                }
            } else if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                // A lone dot is the object itself.
                if !rest.is_empty() && !rest.starts_with(['}', ' ', '[', ')', '=', '!', '<', '>']) {
                    steps.push(self.field()?);
                }
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                self.rest = rest;
                steps.push(self.brackets()?);
            } else {
                return Ok(Path { from_root, steps });
            }
        }
    }

    fn field(&mut self) -> Result<Step> {
        if let Some(rest) = self.rest.strip_prefix('*') {
            self.rest = rest;
            return Ok(Step::Every);
        }
        self.name().map(Step::Field)
    }

    /// A name up to what ends it; `\.` is a dot within.
    fn name(&mut self) -> Result<String> {
        let mut name = String::new();
        let mut characters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
                '.' | '[' | ']' | '{' | '}' | '(' | ')' | ' ' | ',' | '=' | '!' | '<' | '>' | '|' | '&' | '"'
                | '\'' => {
                    end = at;
                    break;
                }
                other => name.push(other),
            }
        }
        self.rest = &self.rest[end..];
        if name.is_empty() { Err("a name is missing after a dot".to_owned()) } else { Ok(name) }
    }

    /// What stands between brackets; the opening one has been read.
    fn brackets(&mut self) -> Result<Step> {
        self.space();
        if let Some(rest) = self.rest.strip_prefix("?(") {
            self.rest = rest;
            self.deeper()?;
            let filter = self.filter()?;
            self.depth -= 1;
            self.expect(")")?;
            self.space();
            self.expect("]")?;
            return Ok(Step::Filter(Box::new(filter)));
        }
        let mut steps = Vec::new();
        loop {
            self.space();
            steps.push(self.subscript()?);
            self.space();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None => break,
            }
        }
        self.expect("]")?;
        match steps.len() {
            1 => steps.pop().ok_or_else(String::new),
            _ => Ok(Step::Union(steps)),
        }
    }

    fn subscript(&mut self) -> Result<Step> {
        match self.rest.chars().next() {
            Some('\'' | '"') => self.quoted().map(Step::Field),
            Some('*') => {
                self.rest = &self.rest[1..];
                Ok(Step::Every)
            }
            _ => self.index_or_slice(),
        }
    }

    fn index_or_slice(&mut self) -> Result<Step> {
        let end = self.rest.find([',', ']']).ok_or("a bracket is not closed")?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse::<i64>().map(Some).map_err(|_| format!("{text:?} is no index")),
        };
        let numbers = text.split(':').map(number).collect::<Result<Vec<_>>>()?;
        match numbers.as_slice() {
            [Some(index)] => Ok(Step::Index(*index)),
            [from, to] => Ok(Step::Slice { from: *from, to: *to, by: 1 }),
            [from, to, by] if by.unwrap_or(1) > 0 => Ok(Step::Slice { from: *from, to: *to, by: by.unwrap_or(1) }),
            _ => Err(format!("[{text}] is neither an index nor a slice")),
        }
    }

    fn filter(&mut self) -> Result<Filter> {
        let left = self.operand()?;
        self.space();
        const OPERATORS: [(&str, Operator); 6] = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let found = OPERATORS.iter().find_map(|(text, operator)| Some((self.rest.strip_prefix(text)?, *operator)));
        let Some((rest, operator)) = found else { return Ok(Filter { left, right: None }) };
        self.rest = rest;
        let right = self.operand()?;
        self.space();
        Ok(Filter { left, right: Some((operator, right)) })
    }

    fn operand(&mut self) -> Result<Operand> {
        self.space();
        match self.rest.chars().next() {
            Some('@' | '$' | '.' | '[') => self.path().map(Operand::Path),
            Some('\'' | '"') => self.quoted().map(|text| Operand::Value(text.into())),
            _ => self.literal().map(Operand::Value),
        }
    }

    /// `true`, `false`, a number.
    fn literal(&mut self) -> Result<Value> {
        let end = self.rest.find([')', ' ', '=', '!', '<', '>', '&', '|']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let value = serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean());
        value.ok_or_else(|| format!("{text:?} is neither a path, a quoted text, a number, true nor false"))
    }

    /// A text in quotes of either kind, with Go's escapes.
    fn quoted(&mut self) -> Result<String> {
        let mut characters = self.rest.char_indices();
        let Some((_, quote)) = characters.next() else { return Err("a quote is missing".to_owned()) };
        let mut text = String::new();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => text.push(match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(other) => other,
                    None => break,
                }),
                end if end == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                other => text.push(other),
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        self.space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(match self.rest.chars().next() {
                Some(found) => format!("{token:?} is missing before {found:?}"),
                None => format!("{token:?} is missing at the end"),
            }),
        }
    }
}
