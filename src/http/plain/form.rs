//! Ids of the commands that a form stands for. A form that is sent twice is one order; one that was
//! changed in between is another.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// An id of the time of `made`, whose rest follows from what is asked for.
pub fn command_id(made: Uuid, kind: &str, parameters: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [
        made.as_bytes().as_slice(),
        kind.as_bytes(),
        parameters.as_bytes(),
    ] {
        hash.update(part);
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut bytes = *made.as_bytes();
    bytes[6..].copy_from_slice(&digest[..10]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_form_is_the_same_command_and_a_changed_one_is_not() {
        let made = Uuid::now_v7();
        let id = command_id(made, "hold.place", "{}");
        assert_eq!(id, command_id(made, "hold.place", "{}"));
        assert_ne!(id, command_id(made, "hold.release", "{}"));
        assert_ne!(id, command_id(made, "hold.place", "{ }"));
        assert_ne!(id, command_id(Uuid::now_v7(), "hold.place", "{}"));
    }

    #[test]
    fn an_id_bears_the_time_at_which_the_form_was_made() {
        let made = Uuid::now_v7();
        let id = command_id(made, "hold.place", "{}");
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.get_timestamp(), made.get_timestamp());
    }
}
