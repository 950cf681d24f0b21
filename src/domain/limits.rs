//! The company's figures that are no zone's and no service's: how long, how many, how far ahead.

use jiff::SignedDuration;

/// The figures that decisions are made with.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a hold lives, and by how much it may be extended once.
    pub hold_life: SignedDuration,
    /// How long a hold may live in all.
    pub hold_life_in_all: SignedDuration,
    /// Live holds of one customer at a time.
    pub holds_per_customer: u32,
    /// Hours before the start until which a customer may cancel alone, as sold with new bookings.
    pub cancel_until_hours: u16,
    /// How long before its start the crew may depart for a job.
    pub depart_ahead: SignedDuration,
    /// How far ahead an alert may be snoozed.
    pub snooze: SignedDuration,
    /// How many slots are offered in place of one that is gone.
    pub alternatives: usize,
    /// How many nearest slots somebody may ask for.
    pub nearest: usize,
    /// How far from a slot that is gone others are looked for, either way.
    pub alternatives_within: SignedDuration,
    /// The longest path of moves that makes room for one promise.
    pub moves: usize,
    /// The longest shift.
    pub shift: SignedDuration,
    /// The longest single time off.
    pub time_off: SignedDuration,
    /// Shifts of one template on one day.
    pub shifts_per_day: usize,
    /// Templates of one cleaner that have not ended.
    pub templates_per_cleaner: usize,
    /// Dates on which a template is different.
    pub template_exceptions: usize,
    /// Days ahead that shifts are made from templates, at least.
    pub planned_least_days: i64,
    /// And how many more than the longest booking window.
    pub planned_beyond_days: i64,
    /// How far from now shifts and time off may lie.
    pub planning_horizon: SignedDuration,
    /// Positions in one report of a phone.
    pub fixes: usize,
    /// A position older than this is not worth showing.
    pub fix_age: SignedDuration,
    /// How far ahead a phone's clock may be.
    pub fix_ahead: SignedDuration,
    /// The poorest accuracy and the highest speed that are plausible.
    pub fix_accuracy_m: f64,
    pub fix_speed_mps: f64,
    /// How long before and after a shift somebody on duty is followed.
    pub tracking_around_shift: SignedDuration,
    /// How long before and after a job's time its crew is followed, while it is under way.
    pub tracking_around_job: SignedDuration,
    /// How much longer the way is by streets than straight.
    pub detour: f64,
    /// A town's usual speed from door to door.
    pub travel_speed_mps: f64,
    /// Characters of a text that is searched for.
    pub search_least: usize,
    pub search_most: usize,
    /// Hits of a search, unless the one who asks says how many, and then at most.
    pub search_hits: usize,
    pub search_hits_most: usize,
    /// Rows on a page of a list, unless the one who asks says how many, and then at most.
    pub list_rows: usize,
    pub list_rows_most: usize,
    /// The time that a list of shifts or of time off looks through at once.
    pub list_range: SignedDuration,
    /// Facts of a job's history that are told, the newest.
    pub history: usize,
    /// Zones, cleaners and shifts of one import.
    pub import_zones: u64,
    pub import_cleaners: usize,
    pub import_shifts: usize,
    /// Faults of an import that are listed; beyond, they are only counted.
    pub import_faults: usize,
    /// Letters in a name.
    pub name: usize,
    pub phone: usize,
    pub email: usize,
    pub address: usize,
    /// Letters in access notes, reasons and other free text.
    pub note: usize,
    pub password_least: usize,
    pub password_most: usize,
    /// The highest price, in minor units: what every reader of JSON counts exactly.
    pub price_minor: i64,
    /// Skills of one cleaner, or that one service asks for.
    pub skills: usize,
    /// Corners of a zone's polygon.
    pub corners: usize,
}

pub const LIMITS: Limits = Limits {
    hold_life: SignedDuration::from_mins(5),
    hold_life_in_all: SignedDuration::from_mins(15),
    holds_per_customer: 3,
    cancel_until_hours: 24,
    depart_ahead: SignedDuration::from_hours(4),
    snooze: SignedDuration::from_hours(12),
    alternatives: 3,
    nearest: 20,
    alternatives_within: SignedDuration::from_hours(48),
    moves: 4,
    shift: SignedDuration::from_hours(16),
    time_off: SignedDuration::from_hours(24 * 92),
    shifts_per_day: 3,
    templates_per_cleaner: 10,
    template_exceptions: 400,
    planned_least_days: 28,
    planned_beyond_days: 7,
    planning_horizon: SignedDuration::from_hours(24 * 366),
    fixes: 60,
    fix_age: SignedDuration::from_mins(5),
    fix_ahead: SignedDuration::from_mins(1),
    fix_accuracy_m: 10_000.0,
    fix_speed_mps: 70.0,
    tracking_around_shift: SignedDuration::from_mins(30),
    tracking_around_job: SignedDuration::from_hours(4),
    detour: 1.3,
    travel_speed_mps: 7.0,
    search_least: 2,
    search_most: 100,
    search_hits: 20,
    search_hits_most: 50,
    history: 200,
    list_rows: 50,
    list_rows_most: 200,
    list_range: SignedDuration::from_hours(24 * 92),
    import_zones: 200,
    import_cleaners: 2_000,
    import_shifts: 20_000,
    import_faults: 10_000,
    name: 200,
    phone: 40,
    email: 254,
    address: 300,
    note: 1000,
    password_least: 8,
    password_most: 200,
    price_minor: 1_000_000_000_000,
    skills: 50,
    corners: 500,
};
