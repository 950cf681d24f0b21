//! `customer.update` → `{customer}`, `customer.create` → `{customer}`, `property.add` →
//! `{property, zone}`.
//!
//! In an update an absent field stays as it is. Name and phone may be changed but not emptied:
//! somebody may be on the way to that door. The e-mail address here is for messages; the address that
//! one signs in with belongs to the account. A property lies in the zone whose polygon holds it; where
//! zones overlap, in the first by slug.

use super::{
    Decision,
    draft::{Draft, check_version},
    text,
};
use crate::domain::{
    Event, Objection, Rejection, Role,
    command::{CustomerCreate, CustomerUpdate, PropertyAdd},
    contract::answer::{CustomerWritten, PropertyAdded},
    entity::{Account, Customer, Property, Zone},
    ids::{AccountId, CustomerId},
    limits::LIMITS,
};

pub(super) fn update(mut draft: Draft, command: &CustomerUpdate) -> Result<Decision, Objection> {
    let customer = draft.customer(command.customer)?;
    check_version(command.expected_version, customer.version)?;
    let name = match &command.name {
        None => customer.name.clone(),
        Some(name) => Some(text::required("name", name, LIMITS.name)?),
    };
    let phone = match &command.phone {
        None => customer.phone.clone(),
        Some(phone) => Some(text::phone(phone)?),
    };
    let email = text::changed(
        command.email.as_deref(),
        customer.email.clone(),
        text::email,
    )?;
    if (&name, &phone, &email) != (&customer.name, &customer.phone, &customer.email) {
        rename_account(&mut draft, customer.id, name.as_deref());
        draft.emit(Event::CustomerUpdated {
            customer: customer.id,
            name,
            phone,
            email,
        });
    }
    Ok(draft.done(CustomerWritten {
        customer: customer.id,
    }))
}

pub(super) fn create(mut draft: Draft, command: &CustomerCreate) -> Result<Decision, Objection> {
    draft.require_staff()?;
    let name = text::required("name", &command.name, LIMITS.name)?;
    let phone = text::phone(&command.phone)?;
    let email = text::changed(command.email.as_deref(), None, text::email)?;
    let account: AccountId = draft.new_id();
    let customer = CustomerId(account.0);
    draft.emit(Event::AccountSaved {
        account: Account {
            id: account,
            role: Role::Customer,
            name: name.clone(),
            disabled: false,
            email: None,
            new_password_hash: None,
            version: 1,
        },
    });
    draft.emit(Event::CustomerCreated {
        customer: Customer {
            id: customer,
            name: Some(name),
            phone: Some(phone),
            email,
            version: 1,
        },
    });
    Ok(draft.done(CustomerWritten { customer }))
}

pub(super) fn add_property(mut draft: Draft, command: &PropertyAdd) -> Result<Decision, Objection> {
    let customer = draft.customer(command.customer)?.id;
    let address = text::required("address", &command.address, LIMITS.address)?;
    let district = text::optional("district", command.district.as_deref(), LIMITS.name)?;
    let notes = text::optional("access_notes", command.access_notes.as_deref(), LIMITS.note)?;
    check_position(command.lon, command.lat)?;
    let zone = draft
        .world
        .zones
        .values()
        .find(|zone| holds_point(zone, command.lon, command.lat))
        .cloned()
        .ok_or(Rejection::OutOfArea)?;
    let property = Property {
        id: draft.new_id(),
        customer,
        zone: zone.slug.clone(),
        address,
        district: district.unwrap_or(zone.name),
        access_notes: notes.unwrap_or_default(),
        lon: command.lon,
        lat: command.lat,
        version: 1,
    };
    let result = PropertyAdded {
        property: property.id,
        zone: property.zone.clone(),
    };
    draft.emit(Event::PropertyAdded { property });
    Ok(draft.done(result))
}

/// People are greeted by their account's name.
fn rename_account(draft: &mut Draft, customer: CustomerId, name: Option<&str>) {
    let account = draft.world.accounts.get(&AccountId(customer.0));
    if let (Some(account), Some(name)) = (account, name)
        && account.name != name
    {
        let account = Account {
            name: name.to_owned(),
            version: account.version + 1,
            ..account.clone()
        };
        draft.emit(Event::AccountSaved { account });
    }
}

pub(super) fn check_position(lon: f64, lat: f64) -> Result<(), Objection> {
    if !(-180.0..=180.0).contains(&lon) {
        return Err(Objection::invalid("lon", "from -180 to 180"));
    }
    if !(-90.0..=90.0).contains(&lat) {
        return Err(Objection::invalid("lat", "from -90 to 90"));
    }
    Ok(())
}

/// Even-odd rule: a ray from the point crosses the ring an odd number of times (W. R. Franklin,
/// PNPOLY).
fn holds_point(zone: &Zone, lon: f64, lat: f64) -> bool {
    let mut inside = false;
    for (from, to) in zone.polygon.iter().zip(zone.polygon.iter().skip(1)) {
        let crosses = (from[1] > lat) != (to[1] > lat);
        if crosses && lon < (to[0] - from[0]) * (lat - from[1]) / (to[1] - from[1]) + from[0] {
            inside = !inside;
        }
    }
    inside
}

#[cfg(test)]
mod tests;
