//! Parameters of paths and queries as typed values: text to serde, without a format between.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The pairs of a query, percent-decoded.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let plus_is_space = |text: &str| decode(&text.replace('+', " "));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plus_is_space(name), plus_is_space(value)))
        .collect()
}

/// Decodes `%XX`. What is not of this form stays as it is, and bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = || {
            let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
            u8::try_from(digit(0)? * 16 + digit(1)?).ok()
        };
        match (first == b'%').then(escaped).flatten() {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one value, a tuple in order, or a struct by names.
pub(crate) fn parse<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Error> {
    T::deserialize(Pairs(pairs))
}

/// Reads a struct or map by names.
pub(crate) fn parse_named<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Error> {
    T::deserialize(map(pairs))
}

fn map<'a, 'de>(
    pairs: &'a [(String, String)],
) -> MapDeserializer<'de, impl Iterator<Item = (&'a str, Value<'a>)>, Error> {
    MapDeserializer::new(pairs.iter().map(|(name, value)| (name.as_str(), Value(value))))
}

/// What has a place as well as a name.
struct Pairs<'a>(&'a [(String, String)]);

impl<'a> Pairs<'a> {
    fn single(&self) -> Result<Value<'a>, Error> {
        match self.0 {
            [(_, value)] => Ok(Value(value)),
            others => Err(Error::custom(format!("one value is wanted, and there are {}", others.len()))),
        }
    }
}

macro_rules! of_the_single_value {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                self.single()?.$method(visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = Error;

    of_the_single_value! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_option deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        SeqDeserializer::new(self.0.iter().map(|(_, value)| Value(value))).deserialize_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Error> {
        if self.0.len() != count {
            return Err(Error::custom(format!("{count} values are wanted, and there are {}", self.0.len())));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        map(self.0).deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }
}

/// One value as text, which becomes whatever it can be read as.
struct Value<'a>(&'a str);

impl<'de> IntoDeserializer<'de, Error> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:literal;)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
                let value = self.0.parse().map_err(|_| Error::custom(format!("{:?} is not {}", self.0, $type)))?;
                visitor.$visit(value)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool "true or false";
        deserialize_i8 visit_i8 "an integer of 8 bits";
        deserialize_i16 visit_i16 "an integer of 16 bits";
        deserialize_i32 visit_i32 "an integer of 32 bits";
        deserialize_i64 visit_i64 "an integer of 64 bits";
        deserialize_u8 visit_u8 "a positive integer of 8 bits";
        deserialize_u16 visit_u16 "a positive integer of 16 bits";
        deserialize_u32 visit_u32 "a positive integer of 32 bits";
        deserialize_u64 visit_u64 "a positive integer of 64 bits";
        deserialize_f32 visit_f32 "a number";
        deserialize_f64 visit_f64 "a number";
        deserialize_char visit_char "one character";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(de::value::StrDeserializer::<Error>::new(self.0))
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_the_rest_stays() {
        for (text, decoded) in
            [("a%20b", "a b"), ("%C3%A9", "é"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decode(text), decoded);
        }
    }

    #[test]
    fn a_query_is_pairs() {
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("a=1&b&&c=x+y%2B=z"), [owned("a", "1"), owned("b", ""), owned("c", "x y+=z")]);
    }

    #[test]
    fn what_a_value_is_not_is_told() {
        let pairs = [("n".to_owned(), "many".to_owned())];
        assert_eq!(parse::<u32>(&pairs).unwrap_err().to_string(), "\"many\" is not a positive integer of 32 bits");
        let text = parse::<(u8, u8)>(&pairs).unwrap_err().to_string();
        assert_eq!(text, "2 values are wanted, and there are 1");
    }
}
