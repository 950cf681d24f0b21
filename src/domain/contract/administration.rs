//! Contracts of administration.

use super::contracts;

contracts! {
    /// Makes a zone, or changes it where its version is given.
    ZoneSave -> ZoneSaved rejected as [AlreadyExists StaleVersion InUse]
    example {
        "slug": "center", "name": "Center", "time_zone": "Europe/Berlin",
        "polygon": [[13.0, 52.0], [14.0, 52.0], [14.0, 53.0], [13.0, 53.0], [13.0, 52.0]],
        "opening_hours": [
            { "opens": 480, "closes": 1200 }, { "opens": 480, "closes": 1200 },
            { "opens": 480, "closes": 1200 }, { "opens": 480, "closes": 1200 },
            { "opens": 480, "closes": 1200 }, { "opens": 540, "closes": 960 }, null
        ]
    }

    /// Makes a service, or changes it where its version is given.
    ServiceSave -> ServiceSaved rejected as [AlreadyExists StaleVersion InUse]
    example {
        "slug": "standard", "name": "Standard cleaning", "duration_minutes": 120,
        "crew_size": 1, "skills": ["cleaning"], "travel_buffer_minutes": 15,
        "lead_time_minutes": 120, "booking_window_days": 30, "slot_step_minutes": 30,
        "price_minor": 8900, "currency": "EUR", "active": true
    }

    /// Makes an account, or changes it: role, address, password, whether it may sign in.
    UserSave -> UserSaved rejected as [AlreadyExists StaleVersion InUse]
    example {
        "role": "dispatcher", "name": "Dora", "email": "dora@example.org",
        "password": "correct horse battery"
    }

    /// Makes a cleaner with an account of their own, or changes one.
    CleanerSave -> CleanerSaved rejected as [AlreadyExists StaleVersion InUse]
    example {
        "name": "Boris", "phone": "+49 30 1234567", "zones": ["center"],
        "skills": ["cleaning"], "active": true
    }

    /// Imports zones (`GeoJSON`), cleaners and shifts (CSV): all of it, or with any fault nothing. A dry
    /// run imports nothing and lists every fault with its file, line and column.
    AdminImport -> Imported rejected as [ImportFaults]
    example {
        "cleaners": "email,name,zones\nkim@example.org,Kim,center\n", "dry_run": true
    }
}
