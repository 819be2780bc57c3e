//! The language, and its bounds.

use std::borrow::Cow;

use serde_json::json;

use super::*;

/// What an expression comes to over one object, as JSON, or why it does not.
fn eval(source: &str) -> Result<serde_json::Value, String> {
    let object = json!({
        "name": "web", "replicas": 3, "labels": {"app": "web", "tier-x": "a"}, "ports": [80, 443],
        "containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2"}], "nothing": null,
    });
    let program = compile(source)?;
    let variables = [("self", Value::of(&object, None))];
    let run = Run { variables: &variables, composed: None, budget: &Budget::default() };
    run.value(&program).map(|value| value.to_json()).map_err(|fault| fault.to_string())
}

#[test]
fn expressions_come_to_what_the_language_says() {
    for (source, wanted) in [
        ("self.replicas + 1", json!(4)),
        ("has(self.labels) && !has(self.absent)", json!(true)),
        ("self.labels['tier-x']", json!("a")),
        ("'app' in self.labels && 443 in self.ports", json!(true)),
        ("self.containers.all(c, c.image.contains(':'))", json!(true)),
        ("self.containers.exists_one(c, c.name == 'b')", json!(true)),
        ("self.containers.filter(c, c.name != 'a').map(c, c.image)", json!(["y:2"])),
        ("self.labels.all(k, size(k) > 2)", json!(true)),
        ("size(self.ports) + self.name.size()", json!(5)),
        ("self.ports.sum() == 523 && self.ports.max() == 443 && self.ports.min() == 80", json!(true)),
        ("self.ports.isSorted() && self.ports.indexOf(443) == 1", json!(true)),
        ("'a,b,c'.split(',').join('-').replace('-', '+')", json!("a+b+c")),
        ("' Ab '.trim().lowerAscii() + 'x'.upperAscii()", json!("abX")),
        ("'hello'.substring(1, 3) + 'hello'.charAt(4)", json!("elo")),
        ("'hello'.indexOf('l') == 2 && 'hello'.lastIndexOf('l') == 3", json!(true)),
        ("self.name.matches('^[a-z]+$')", json!(true)),
        ("'abc 123 de 45'.find('[0-9]+') + 'abc'.find('[0-9]+')", json!("123")),
        ("'a1 b22 c333'.findAll('[0-9]+')", json!(["1", "22", "333"])),
        ("'a1 b22 c333'.findAll('[0-9]+', 2) + 'x'.findAll('y', -1)", json!(["1", "22"])),
        ("semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && isSemver('1.2.3') && !isSemver('v1.2')", json!(true)),
        ("semver('v1.2', true).minor() + semver('1.2.3').compareTo(semver('1.10.0'))", json!(1)),
        ("format.dns1123Label().validate('web').hasValue()", json!(false)),
        ("size(format.named('dns1123Label').value().validate('Web').value())", json!(1)),
        ("format.named('nonsense').hasValue() || format.uri().validate('https://a.example').hasValue()", json!(false)),
        ("'%s has %d of %.1f'.format([self.name, 2, 0.25])", json!("web has 2 of 0.2")),
        ("quantity('1500m').isLessThan(quantity('2')) && quantity('1Gi').asInteger() == 1073741824", json!(true)),
        ("quantity('1').add(quantity('500m')).compareTo(quantity('1.5'))", json!(0)),
        ("url('https://a.example:8443/p?x=1&x=2').getPort()", json!("8443")),
        ("url('https://a.example/p?x=1&x=2').getQuery()['x']", json!(["1", "2"])),
        ("ip('10.1.2.3').family() == 4 && cidr('10.0.0.0/8').containsIP('10.1.2.3')", json!(true)),
        ("cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')", json!(true)),
        ("duration('1h30m').getMinutes()", json!(90)),
        ("timestamp('2026-01-01T00:00:00Z') + duration('24h') == timestamp('2026-01-02T00:00:00Z')", json!(true)),
        ("self.?absent.orValue('none') + self.?name.orValue('none')", json!("noneweb")),
        ("self.?name.optMap(n, n + '!').orValue('')", json!("web!")),
        ("[1, 2] + [3] == [1, 2, 3] && {'a': 1} == {'a': 1.0}", json!(true)),
        ("sets.contains([1, 2, 3], [3, 1]) && type(self.replicas) == int", json!(true)),
        ("int('42') + int(2.9) + int(3u)", json!(47)),
        ("false && self.absent == 1 || true", json!(true)),
        ("self.absent == 1 || true", json!(true)),
        ("self.ports.exists(p, p / (p - 80) > 0)", json!(true)),
    ] {
        assert_eq!(eval(source), Ok(wanted), "{source}");
    }
}

#[test]
fn what_goes_wrong_is_said() {
    for (source, wanted) in [
        ("self.absent", "no such key: absent"),
        ("self.ports[7]", "index out of bounds: 7"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("'a' + 1", "no such overload: +(string, int)"),
        ("quantity('x')", "quantities must match"),
        ("self.containers.all(c, c.absent == 1)", "no such key: absent"),
    ] {
        let why = eval(source).expect_err(source);
        assert!(why.contains(wanted), "{source}: {why}");
    }
}

// C10: the same expression always comes to the same end, and none hangs the server.
#[test]
fn an_expression_cannot_hang_the_server() {
    let many = format!("[{}]", vec!["1"; 500].join(","));
    let loops = format!("{many}.all(a, {many}.all(b, {many}.all(c, a + b + c > 0)))");
    assert_eq!(eval(&loops), Err("operation cancelled: actual cost limit exceeded".to_owned()));
    let growing = format!("'x'{}", ".replace('x', 'xxxxxxxxxxxxxxxx')".repeat(20));
    assert_eq!(eval(&growing), Err("operation cancelled: actual cost limit exceeded".to_owned()));
    for deep in ["(".repeat(5_000), "1+".repeat(7_000) + "1", "[".repeat(2_000), "a".repeat(20_000)] {
        assert!(compile(&deep).is_err(), "{deep:.20}");
    }
}

#[test]
fn patterns_are_of_go_and_bounded() {
    for (pattern, text, wanted) in [
        ("^[a-z]([-a-z0-9]*[a-z0-9])?$", "web-1", true),
        (r"^\d+$", "٣", false),
        ("^[[:alpha:]]+$", "abc", true),
        ("^[a&&b]+$", "&", true),
        (r"^[\w.]+$", "a_1.b", true),
        ("^a{2,3}$", "aa", true),
        (r"^\Qa.b\E$", "a.b", true),
        ("a{x}", "a{x}", true),
    ] {
        let read = Pattern::new(pattern).unwrap_or_else(|why| panic!("{pattern}: {why}"));
        assert_eq!(read.is_match(text), wanted, "{pattern} {text}");
    }
    for bad in ["(", "[a", "a{1001}", "((a{100}){100}){100}", r"(\pL{900}){9}"] {
        assert!(Pattern::new(bad).is_err(), "{bad}");
    }
    assert!(Pattern::new(&"a".repeat(5_000)).is_err());
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let inner = Typing::Object(std::sync::Arc::new(Fields { fields: [("size".to_owned(), Typing::Int)].into() }));
    let fields = [
        ("spec".to_owned(), inner),
        ("tags".to_owned(), Typing::List(Box::new(Typing::Text), Listing::Set)),
        ("a-b".to_owned(), Typing::Bool),
    ];
    let typing = Typing::Object(std::sync::Arc::new(Fields { fields: fields.into() }));
    let checked = |source: &str| {
        let program = compile(source)?;
        check(&program, &[("self", Cow::Borrowed(&typing))])
    };
    assert_eq!(checked("self.spec.size > 1 && self.a__dash__b"), Ok(Typing::Bool));
    for (source, wanted) in [
        ("self.spec.colour == 'x'", "undefined field 'colour'\n | self.spec.colour == 'x'"),
        ("other.x", "undeclared reference to 'other' (in container '')"),
        ("self.spec.size.contains('a')", "found no matching overload for 'contains' applied to '(int, string)'"),
        ("self.spec.size + 'a'", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("nonsense(self)", "undeclared reference to 'nonsense'"),
        ("self.tags.all(t, t > 1)", "found no matching overload for '_>_' applied to '(string, int)'"),
        ("self.spec.size >", "ERROR: <input>:1:"),
    ] {
        let why = checked(source).expect_err(source);
        assert!(why.contains(wanted), "{source}: {why}");
    }
}

#[test]
fn the_documentation_names_every_function() {
    let page = include_str!("../../../../docs/compatibility.md");
    let missing: Vec<_> = functions::names().into_iter().filter(|name| !page.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
