//! Families of channels: `{family}.snapshot` and `{family}.publication` are the schemas of what a
//! subscriber gets. A channel is of the family that [`family_of`] says, and a new one does not
//! compile without.

use serde_json::{Value, json};

use super::definitions::{Definitions, object, refer};
use crate::audience::{
    AnyChannel, Body, Channel, EphemeralChannel, LiveBody, LiveRowKind, SlotsBody, body::RowKind,
};

/// What is told of channels that differ only in what they are about.
#[derive(Debug)]
pub struct Family {
    pub name: &'static str,
    /// The channel's name, with what it is about in braces.
    pub address: &'static str,
    pub summary: &'static str,
    pub readers: &'static str,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Changes to numbers.
    Counts,
    /// Rows of these kinds; `stamped` with who did it and by which command.
    Rows {
        kinds: &'static [RowKind],
        stamped: bool,
    },
    /// Rows of these kinds, of which the newest counts: without offset, epoch and recovery.
    Live { kinds: &'static [LiveRowKind] },
}

macro_rules! families {
    ($($channel:pat => $family:expr),* $(,)?) => {
        /// All families.
        pub const FAMILIES: &[Family] = &[$($family),*];

        /// The address of the family that a channel is of.
        pub fn family_of(channel: &AnyChannel) -> &'static str {
            match channel { $($channel => { const FAMILY: Family = $family; FAMILY.address },)* }
        }
    };
}

families! {
    AnyChannel::Durable(Channel::Slots { .. }) => Family {
        name: "slots",
        address: "slots:{zone}:{date}",
        summary: "Free cleaners by service and start. Add the changes up and take the whole part \
            of free divided by the service's crew size; a start never mentioned has none.",
        readers: "anybody, signed in or not",
        content: Content::Counts,
    },
    AnyChannel::Durable(Channel::Booking(_)) => Family {
        name: "booking",
        address: "booking:{booking}",
        summary: "A booking, how the work stands, and who comes.",
        readers: "its customer, staff",
        content: Content::Rows { kinds: &[RowKind::Booking, RowKind::Visit], stamped: false },
    },
    AnyChannel::Durable(Channel::Customer(_)) => Family {
        name: "customer",
        address: "customer:{customer}",
        summary: "A customer's details, properties, bookings and live holds.",
        readers: "that customer, staff",
        content: Content::Rows {
            kinds: &[RowKind::Customer, RowKind::Property, RowKind::Hold, RowKind::Booking],
            stamped: false,
        },
    },
    AnyChannel::Durable(Channel::Agenda(_)) => Family {
        name: "agenda",
        address: "agenda:{cleaner}",
        summary: "A cleaner's duty, shifts with their templates, time off and own jobs in full.",
        readers: "that cleaner, staff",
        content: Content::Rows {
            kinds: &[
                RowKind::Cleaner,
                RowKind::Shift,
                RowKind::ShiftTemplate,
                RowKind::TimeOff,
                RowKind::AgendaJob,
            ],
            stamped: false,
        },
    },
    AnyChannel::Durable(Channel::Board(_)) => Family {
        name: "board",
        address: "board:{zone}",
        summary: "Jobs with open seats, without the address.",
        readers: "cleaners of that zone, staff",
        content: Content::Rows { kinds: &[RowKind::OpenJob], stamped: false },
    },
    AnyChannel::Durable(Channel::Control { .. }) => Family {
        name: "control",
        address: "control:{zone}:{date}",
        summary: "The day of a zone: cleaners with their shifts and time off, all jobs and their alerts.",
        readers: "staff",
        content: Content::Rows {
            kinds: &[
                RowKind::Cleaner,
                RowKind::Shift,
                RowKind::TimeOff,
                RowKind::Job,
                RowKind::Alert,
            ],
            stamped: true,
        },
    },
    AnyChannel::Ephemeral(EphemeralChannel::Positions(_)) => Family {
        name: "positions",
        address: "positions:{zone}",
        summary: "Where the cleaners of a zone are. Nothing is kept of it.",
        readers: "staff",
        content: Content::Live { kinds: &[LiveRowKind::Position] },
    },
    AnyChannel::Ephemeral(EphemeralChannel::Track(_)) => Family {
        name: "track",
        address: "track:{booking}",
        summary: "Who is on the way to a customer's door, and when they will be there.",
        readers: "its customer and staff, while the crew is on the way",
        content: Content::Live { kinds: &[LiveRowKind::Track] },
    },
    AnyChannel::Ephemeral(EphemeralChannel::Presence(_)) => Family {
        name: "presence",
        address: "presence:{zone}",
        summary: "Who is there, what dispatchers look at and which job they say to be editing: the \
            whole state each time, at most twice a second and at least every 5 s. Advice for people; \
            nothing is kept of it.",
        readers: "staff",
        content: Content::Live { kinds: &[LiveRowKind::Presence] },
    },
    AnyChannel::Ephemeral(EphemeralChannel::Ops) => Family {
        name: "ops",
        address: "ops",
        summary: "How every instance is.",
        readers: "admins",
        content: Content::Live { kinds: &[LiveRowKind::Instance] },
    },
}

impl Family {
    pub fn snapshot(&self) -> Value {
        refer(&format!("{}.snapshot", self.name))
    }

    pub fn publication(&self) -> Value {
        refer(&format!("{}.publication", self.name))
    }

    /// The schema of a channel as it is read without a socket.
    pub fn read(&self) -> Value {
        refer(&format!("{}.read", self.name))
    }

    /// What stands in the address's braces.
    pub fn parameters(&self) -> Vec<&'static str> {
        let parts = self.address.split(':');
        parts
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect()
    }
}

/// What may stand in an address's braces.
pub fn parameter(name: &str) -> Value {
    match name {
        "zone" => refer("ZoneSlug"),
        "date" => json!({
            "description": "A local date of the zone.", "type": "string", "format": "date",
            "examples": ["2026-11-20"],
        }),
        _ => json!({ "type": "string", "format": "uuid" }),
    }
}

/// Defines the schemas of all channels.
pub fn define(definitions: &mut Definitions) {
    definitions.written::<Body>();
    definitions.written::<LiveBody>();
    DURABLE.tell_kinds_in_rows(definitions);
    LIVE.tell_kinds_in_rows(definitions);
    for family in FAMILIES {
        let (snapshot, publication) = match family.content {
            Content::Counts => {
                let counts = definitions.written::<SlotsBody>();
                (counts.clone(), counts)
            }
            Content::Rows { kinds, stamped } => {
                let names: Vec<Value> = kinds.iter().map(|kind| json!(kind)).collect();
                DURABLE.bodies(definitions, &names, stamped)
            }
            Content::Live { kinds } => {
                let names: Vec<Value> = kinds.iter().map(|kind| json!(kind)).collect();
                LIVE.bodies(definitions, &names, true)
            }
        };
        definitions.publish(format!("{}.snapshot", family.name), snapshot);
        definitions.publish(format!("{}.publication", family.name), publication);
        let snapshot = family.snapshot();
        definitions.publish(format!("{}.read", family.name), read(snapshot));
    }
}

/// A channel as it is read without a socket.
fn read(snapshot: Value) -> Value {
    object(&[
        ("data", snapshot),
        ("offset", json!({ "type": "integer", "minimum": 0 })),
        ("epoch", json!({ "type": "string" })),
    ])
}

/// Types of one class of channels, by the names of their definitions.
struct Shape {
    body: &'static str,
    row: &'static str,
    key: &'static str,
}

const DURABLE: Shape = Shape {
    body: "Body",
    row: "Row",
    key: "RowKey",
};

const LIVE: Shape = Shape {
    body: "LiveBody",
    row: "LiveRow",
    key: "LiveRowKey",
};

impl Shape {
    /// Writes each row's kind into its own schema, where the union of all rows has it beside:
    /// readers see one object.
    fn tell_kinds_in_rows(&self, definitions: &mut Definitions) {
        let variants = definitions.get(self.row).expect("bodies have rows")["oneOf"].clone();
        for variant in variants.as_array().expect("a union by kind") {
            let kind = variant["properties"]["kind"].clone();
            definitions.change(row_name(variant), |row| {
                row["properties"]["kind"] = kind;
                let required = row["required"].as_array_mut();
                required.expect("rows have an id").push(json!("kind"));
            });
        }
        definitions.change(self.row, |union| {
            let rows = variants.as_array().expect("a union by kind").iter();
            union["oneOf"] = rows.map(|variant| refer(row_name(variant))).collect();
        });
    }

    /// Schemas of a snapshot and of a publication with rows of these kinds only.
    fn bodies(&self, definitions: &Definitions, kinds: &[Value], stamped: bool) -> (Value, Value) {
        let all = definitions.get(self.row).expect("defined")["oneOf"].clone();
        let of_these = all.as_array().expect("a union").iter().filter(|row| {
            let row = definitions.resolve(row);
            kinds.contains(&row["properties"]["kind"]["const"])
        });
        let of_these: Vec<Value> = of_these.cloned().collect();
        assert_eq!(of_these.len(), kinds.len(), "every kind has a row");

        let mut publication = definitions.get(self.body).expect("defined").clone();
        publication["properties"]["set"]["items"] = json!({ "oneOf": of_these });
        let mut key = definitions.get(self.key).expect("defined").clone();
        key["properties"]["kind"] = json!({ "enum": kinds });
        publication["properties"]["unset"]["items"] = key;
        let mut snapshot = publication.clone();
        snapshot["properties"]["unset"] = json!({ "type": "array", "maxItems": 0 });
        unstamp(&mut snapshot);
        if !stamped {
            unstamp(&mut publication);
        }
        (snapshot, publication)
    }
}

fn row_name(variant: &Value) -> &str {
    let to = variant["$ref"]
        .as_str()
        .expect("a row is a type of its own");
    to.rsplit('/').next().expect("a name")
}

fn unstamp(body: &mut Value) {
    let fields = body["properties"].as_object_mut().expect("an object");
    fields.remove("by");
    fields.remove("command_id");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_row_is_on_some_channel() {
        let mut definitions = Definitions::default();
        define(&mut definitions);
        let shown: Vec<Value> = FAMILIES
            .iter()
            .flat_map(|family| match family.content {
                Content::Counts => Vec::new(),
                Content::Rows { kinds, .. } => kinds.iter().map(|kind| json!(kind)).collect(),
                Content::Live { kinds } => kinds.iter().map(|kind| json!(kind)).collect(),
            })
            .collect();
        let rows = [DURABLE, LIVE].map(|shape| definitions.get(shape.row).expect("defined"));
        for row in rows
            .iter()
            .flat_map(|rows| rows["oneOf"].as_array().expect("a union"))
        {
            let kind = definitions.resolve(row)["properties"]["kind"]["const"].clone();
            assert!(shown.contains(&kind), "{kind} is on no channel");
        }
    }

    #[test]
    fn every_address_is_a_channel_of_its_family() {
        for family in FAMILIES {
            let name = family
                .address
                .replace("{zone}", "center")
                .replace("{date}", "2026-11-20");
            let name = family.parameters().into_iter().fold(name, |name, braced| {
                let id = "01890a5d-ac96-774b-bcce-b302099a8057";
                name.replace(&format!("{{{braced}}}"), id)
            });
            let channel: AnyChannel = name.parse().expect(&name);
            assert_eq!(family_of(&channel), family.address);
        }
    }
}
