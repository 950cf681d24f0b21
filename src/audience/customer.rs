//! `customer:{id}`: a customer's own page — who they are, where we clean, what they hold and what
//! they have booked.

use super::{
    Channel, Row,
    booking::booking_row,
    row::{CustomerRow, HoldRow, PropertyRow},
    view::Views,
};
use crate::domain::{
    World,
    entity::{Customer, Hold, HoldStatus, Property},
};

pub(super) fn project(world: &World, views: &mut Views) {
    for customer in world.customers.values() {
        let row = || Row::Customer(customer_row(customer));
        views.put(Channel::Customer(customer.id), row);
    }
    for property in world.properties.values() {
        let row = || Row::Property(property_row(property));
        views.put(Channel::Customer(property.customer), row);
    }
    for hold in world.holds.values() {
        if hold.status == HoldStatus::Active {
            let row = || Row::Hold(hold_row(hold));
            views.put(Channel::Customer(hold.customer), row);
        }
    }
    for booking in world.bookings.values() {
        views.put_if_any(Channel::Customer(booking.customer), || {
            booking_row(world, booking).map(Row::Booking)
        });
    }
}

fn customer_row(customer: &Customer) -> CustomerRow {
    CustomerRow {
        id: customer.id,
        version: customer.version,
        name: customer.name.clone(),
        phone: customer.phone.clone(),
        email: customer.email.clone(),
    }
}

fn property_row(property: &Property) -> PropertyRow {
    PropertyRow {
        id: property.id,
        version: property.version,
        zone: property.zone.clone(),
        address: property.address.clone(),
        district: property.district.clone(),
        access_notes: property.access_notes.clone(),
        lon: property.lon,
        lat: property.lat,
    }
}

fn hold_row(hold: &Hold) -> HoldRow {
    HoldRow {
        id: hold.id,
        version: hold.version,
        zone: hold.zone.clone(),
        service: hold.service.clone(),
        starts_at: hold.starts_at,
        expires_at: hold.expires_at,
        extended: hold.extended,
    }
}
