//! Names that people, streets and districts of the demo have.

pub(super) const FIRST: [&str; 60] = [
    "Anna", "Olga", "Aisha", "Marta", "Irina", "Lena", "Sofia", "Nadia", "Zoe", "Mei", "Ines",
    "Freya", "Karin", "Lucia", "Rosa", "Hana", "Tara", "Vera", "Yuki", "Elif", "Amara", "Bianca",
    "Chloe", "Daria", "Esther", "Farah", "Greta", "Hilda", "Isla", "Julia", "Adam", "Boris",
    "Carlos", "David", "Emil", "Farid", "Goran", "Hugo", "Ivan", "Jonas", "Karim", "Luis", "Marek",
    "Nico", "Omar", "Pavel", "Quentin", "Rafael", "Stefan", "Tomas", "Umar", "Viktor", "Walid",
    "Xavier", "Yusuf", "Zoran", "Andrei", "Bruno", "Casper", "Dmitri",
];

pub(super) const LAST: [&str; 40] = [
    "Novak", "Silva", "Weber", "Okafor", "Haddad", "Larsen", "Kowalski", "Marin", "Popescu",
    "Tanaka", "Brandt", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Horvat", "Ivanova",
    "Jansen", "Keller", "Lopez", "Meyer", "Nguyen", "Orlov", "Petrov", "Quinn", "Rossi", "Schulz",
    "Torres", "Ueda", "Vogel", "Wagner", "Xu", "Yilmaz", "Zimmer", "Albrecht", "Bauer", "Chen",
    "Demir", "Engel",
];

pub(super) const ACCESS_NOTES: [&str; 8] = [
    "Ring twice, the bell is slow.",
    "Key box by the bicycle stand, code 4711.",
    "Second courtyard, third floor.",
    "The dog is friendly.",
    "Please mind the fresh paint in the hall.",
    "Concierge has the key.",
    "Side entrance, green door.",
    "",
];

/// Free text around a zone: districts and streets.
pub(super) struct Places {
    pub(super) districts: &'static [&'static str],
    pub(super) streets: &'static [&'static str],
}

pub(super) const BERLIN: Places = Places {
    districts: &[
        "Mitte",
        "Kreuzberg",
        "Tiergarten",
        "Moabit",
        "Prenzlauer Berg",
    ],
    streets: &[
        "Linienstraße",
        "Torstraße",
        "Oranienstraße",
        "Invalidenstraße",
        "Kastanienallee",
        "Turmstraße",
        "Gneisenaustraße",
        "Brunnenstraße",
    ],
};

pub(super) const VANCOUVER: Places = Places {
    districts: &[
        "Lower Lonsdale",
        "Central Lonsdale",
        "Lynn Valley",
        "Capilano",
        "Deep Cove",
    ],
    streets: &[
        "Lonsdale Avenue",
        "Esplanade West",
        "Keith Road",
        "Marine Drive",
        "Mountain Highway",
        "Capilano Road",
        "Lynn Valley Road",
        "Grand Boulevard",
    ],
};

pub(super) const BRISBANE: Places = Places {
    districts: &[
        "South Bank",
        "New Farm",
        "Kangaroo Point",
        "Toowong",
        "Bulimba",
    ],
    streets: &[
        "Grey Street",
        "Brunswick Street",
        "Main Street",
        "Coronation Drive",
        "Oxford Street",
        "Merthyr Road",
        "Vulture Street",
        "Boundary Street",
    ],
};
