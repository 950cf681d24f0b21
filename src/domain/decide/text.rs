//! What people type: trimmed, and never longer than the limits say.

use crate::domain::{Objection, limits::LIMITS, scope::sign_in_address};

/// Text that must be there.
pub(super) fn required(
    field: &'static str,
    text: &str,
    letters: usize,
) -> Result<String, Objection> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Objection::invalid(field, "must not be empty"));
    }
    if text.chars().count() > letters {
        return Err(Objection::invalid(
            field,
            format!("at most {letters} letters"),
        ));
    }
    if text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n')
    {
        return Err(Objection::invalid(field, "control characters"));
    }
    Ok(text.to_owned())
}

/// Text that may be absent; empty is absent.
pub(super) fn optional(
    field: &'static str,
    text: Option<&str>,
    letters: usize,
) -> Result<Option<String>, Objection> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => required(field, text, letters).map(Some),
    }
}

/// A telephone number as people write them.
pub(super) fn phone(text: &str) -> Result<String, Objection> {
    let text = required("phone", text, LIMITS.phone)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let shaped = text
        .chars()
        .all(|letter| letter.is_ascii_digit() || "+-(). /".contains(letter));
    if !shaped || digits < 5 {
        return Err(Objection::invalid("phone", "not a telephone number"));
    }
    Ok(text)
}

/// An e-mail address, lower case; that it works only a message can tell.
pub(super) fn email(text: &str) -> Result<String, Objection> {
    let text = required("email", &sign_in_address(text), LIMITS.email)?;
    let shaped = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if !shaped || text.chars().any(char::is_whitespace) {
        return Err(Objection::invalid("email", "not an e-mail address"));
    }
    Ok(text)
}

/// A field of a row as it is to be: absent keeps it, empty clears it.
pub(super) fn changed<T>(
    given: Option<&str>,
    kept: Option<T>,
    read: impl FnOnce(&str) -> Result<T, Objection>,
) -> Result<Option<T>, Objection> {
    match given.map(str::trim) {
        None => Ok(kept),
        Some("") => Ok(None),
        Some(text) => read(text).map(Some),
    }
}
