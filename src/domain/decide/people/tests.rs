use super::*;
use crate::domain::{
    Command,
    command::JobClaim,
    ids::JobId,
    testing::{ADMIN, CLEANING, DISPATCHER, MANAGER, TEN, Town, id_in, service, skills, zone_slug},
};

fn user(role: Role) -> UserSave {
    UserSave {
        account: None,
        role,
        name: "Robin".to_owned(),
        email: Some(" Robin@Example.org".to_owned()),
        password: None,
        disabled: None,
        expected_version: None,
    }
}

fn save(town: &Town, cleaner: CleanerId) -> CleanerSave {
    let row = &town.world.cleaners[&cleaner];
    CleanerSave {
        cleaner: Some(cleaner),
        name: row.name.clone(),
        phone: None,
        email: None,
        zones: row.zones.clone(),
        skills: row.skills.clone(),
        active: row.active,
        expected_version: Some(row.version),
    }
}

fn password(hash: Option<&str>) -> NewPassword {
    let mut password = NewPassword::from("correct horse".to_owned());
    password.hash = hash.map(str::to_owned);
    password
}

#[test]
fn an_account_of_a_customer_or_cleaner_has_its_row_beside_it() {
    let mut town = Town::new();
    let made = town.accept(MANAGER, &Command::SaveUser(user(Role::Cleaner)));
    let account: AccountId = id_in(&made, "account");
    assert!(town.world.cleaners.contains_key(&CleanerId(account.0)));
    assert_eq!(
        town.world.accounts[&account].email.as_deref(),
        Some("robin@example.org")
    );
    let other = UserSave {
        email: None,
        ..user(Role::Customer)
    };
    let made = town.accept(MANAGER, &Command::SaveUser(other));
    let account: AccountId = id_in(&made, "account");
    assert!(town.world.customers.contains_key(&CustomerId(account.0)));
}

#[test]
fn an_address_signs_in_to_one_account() {
    let mut town = Town::new();
    town.accept(MANAGER, &Command::SaveUser(user(Role::Dispatcher)));
    let again = Command::SaveUser(user(Role::Dispatcher));
    assert_eq!(town.reject(MANAGER, &again), Rejection::AlreadyExists);
}

#[test]
fn only_admins_make_or_change_admins() {
    let mut town = Town::new();
    let command = Command::SaveUser(user(Role::Admin));
    assert_eq!(town.run(MANAGER, &command), Err(Objection::Forbidden));
    let made = town.accept(ADMIN, &command);
    let demote = UserSave {
        account: Some(id_in(&made, "account")),
        expected_version: Some(1),
        ..user(Role::Customer)
    };
    assert_eq!(
        town.run(MANAGER, &Command::SaveUser(demote)),
        Err(Objection::Forbidden)
    );
    assert_eq!(town.run(DISPATCHER, &command), Err(Objection::Forbidden));
}

#[test]
fn nobody_disables_or_demotes_themselves() {
    let mut town = Town::new();
    let made = town.accept(ADMIN, &Command::SaveUser(user(Role::Admin)));
    let id: AccountId = id_in(&made, "account");
    let own = crate::domain::Actor {
        id,
        role: Role::Admin,
    };
    let known = UserSave {
        account: Some(id),
        expected_version: Some(1),
        ..user(Role::Admin)
    };
    let off = UserSave {
        disabled: Some(true),
        ..known.clone()
    };
    let outcome = town.run(own, &Command::SaveUser(off));
    assert!(matches!(
        outcome,
        Err(Objection::InvalidArgument {
            field: "disabled",
            ..
        })
    ));
    let less = UserSave {
        role: Role::Manager,
        ..known
    };
    let outcome = town.run(own, &Command::SaveUser(less));
    assert!(matches!(
        outcome,
        Err(Objection::InvalidArgument { field: "role", .. })
    ));
}

#[test]
fn a_password_goes_with_an_address_and_only_as_a_hash() {
    let mut town = Town::new();
    let with = |password| UserSave {
        password,
        ..user(Role::Manager)
    };
    let plain = town.run(ADMIN, &Command::SaveUser(with(Some(password(None)))));
    assert!(matches!(
        plain,
        Err(Objection::InvalidArgument {
            field: "password",
            ..
        })
    ));
    let unaddressed = UserSave {
        email: None,
        ..with(Some(password(Some("hash"))))
    };
    let outcome = town.run(ADMIN, &Command::SaveUser(unaddressed));
    assert!(matches!(
        outcome,
        Err(Objection::InvalidArgument { field: "email", .. })
    ));
    let made = town.accept(
        ADMIN,
        &Command::SaveUser(with(Some(password(Some("hash"))))),
    );
    let account = &town.world.accounts[&id_in(&made, "account")];
    assert_eq!(account.new_password_hash.as_deref(), Some("hash"));
    let text = serde_json::to_string(account).expect("plain data");
    assert!(!text.contains("hash"), "{text}");
}

#[test]
fn a_new_cleaner_has_an_account_and_known_zones_and_skills() {
    let mut town = Town::new();
    let command = CleanerSave {
        cleaner: None,
        name: "Sasha".to_owned(),
        phone: Some("030 1234567".to_owned()),
        email: Some("sasha@example.org".to_owned()),
        zones: [zone_slug("center")].into(),
        skills: [].into(),
        active: true,
        expected_version: None,
    };
    let made = town.accept(MANAGER, &Command::SaveCleaner(command.clone()));
    let cleaner: CleanerId = id_in(&made, "cleaner");
    let account = &town.world.accounts[&AccountId(cleaner.0)];
    assert_eq!(
        (account.role, account.name.as_str()),
        (Role::Cleaner, "Sasha")
    );
    let unknown = CleanerSave {
        skills: skills(&["juggling"]),
        email: None,
        ..command
    };
    let outcome = town.run(MANAGER, &Command::SaveCleaner(unknown));
    assert!(matches!(
        outcome,
        Err(Objection::InvalidArgument {
            field: "skills",
            ..
        })
    ));
}

fn claimed(town: &mut Town, cleaner: CleanerId, service: &str) -> JobId {
    let (_, job) = town.book(service, TEN);
    town.accept(cleaner, &Command::ClaimJob(JobClaim { job }));
    job
}

#[test]
fn a_cleaner_with_assigned_work_stays_able_to_do_it() {
    let mut town = Town::new();
    town.offer(service("windows", 1, &["windows"]));
    let cleaner = town.cleaner(&["windows"]);
    claimed(&mut town, cleaner, "windows");
    let known = save(&town, cleaner);
    for change in [
        CleanerSave {
            active: false,
            ..known.clone()
        },
        CleanerSave {
            skills: [].into(),
            ..known.clone()
        },
        CleanerSave {
            zones: [].into(),
            ..known.clone()
        },
    ] {
        assert_eq!(
            town.reject(MANAGER, &Command::SaveCleaner(change)),
            Rejection::InUse
        );
    }
    let renamed = CleanerSave {
        name: "Toni".to_owned(),
        ..known
    };
    town.accept(MANAGER, &Command::SaveCleaner(renamed));
    assert_eq!(town.world.accounts[&AccountId(cleaner.0)].name, "Toni");
}

#[test]
fn promises_of_somebody_who_leaves_go_to_others_or_they_are_in_use() {
    let mut town = Town::new();
    let (x, y) = (town.cleaner(&[]), town.cleaner(&[]));
    let (_, job) = town.book(CLEANING, TEN);
    assert_eq!(town.carriers(job)[&0], x);
    let leaves = CleanerSave {
        active: false,
        ..save(&town, x)
    };
    town.accept(MANAGER, &Command::SaveCleaner(leaves));
    assert_eq!(town.carriers(job)[&0], y);
    let leaves = CleanerSave {
        active: false,
        ..save(&town, y)
    };
    assert_eq!(
        town.reject(MANAGER, &Command::SaveCleaner(leaves)),
        Rejection::InUse
    );
}

#[test]
fn an_active_cleaner_does_not_change_trades() {
    let mut town = Town::new();
    let cleaner = town.cleaner(&[]);
    let command = UserSave {
        account: Some(AccountId(cleaner.0)),
        expected_version: Some(1),
        ..user(Role::Dispatcher)
    };
    assert_eq!(
        town.reject(ADMIN, &Command::SaveUser(command)),
        Rejection::InUse
    );
}

#[test]
fn an_admin_who_once_cleaned_is_changed_by_admins_only() {
    let mut town = Town::new();
    let cleaner = town.hire(&[]);
    town.world.accounts.insert(
        AccountId(cleaner.0),
        Account {
            id: AccountId(cleaner.0),
            role: Role::Admin,
            name: "Ada".to_owned(),
            disabled: false,
            email: Some("ada@example.org".to_owned()),
            new_password_hash: None,
            version: 1,
        },
    );
    let command = Command::SaveCleaner(CleanerSave {
        email: Some("mallory@example.org".to_owned()),
        ..save(&town, cleaner)
    });
    assert_eq!(town.run(MANAGER, &command), Err(Objection::Forbidden));
    town.accept(ADMIN, &command);
}
