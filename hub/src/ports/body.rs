//! A JSON value relayed byte for byte.

use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

/// A JSON value that is relayed byte for byte. It holds no raw newline between tokens, so that it
/// can stand in a newline-delimited frame. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Body(Arc<RawValue>);

impl Body {
    /// Takes JSON from outside; raw newlines between tokens are removed by writing it anew.
    pub fn from_raw(raw: &RawValue) -> Result<Self, serde_json::Error> {
        if raw.get().contains(['\n', '\r']) {
            let value: serde_json::Value = serde_json::from_str(raw.get())?;
            return Self::from_value(&value);
        }
        Ok(Self(Arc::from(raw.to_owned())))
    }

    /// Parses and keeps JSON text.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        Self::from_raw(serde_json::from_str(text)?)
    }

    /// Writes a value as compact JSON.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::from(serde_json::value::to_raw_value(value)?)))
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl AsRef<RawValue> for Body {
    fn as_ref(&self) -> &RawValue {
        &self.0
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Body {}

impl Serialize for Body {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
