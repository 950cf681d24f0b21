//! What the pages say, in English and Russian: as the screens say it.

use http::{HeaderMap, header};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::domain::entity::{BookingStatus, JobStatus};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Russian,
}

impl Language {
    /// The one of ours that the browser weighs most.
    pub fn preferred(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter();
        let mut best = (Self::English, 0.0);
        for one in lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
        {
            let (tag, rest) = one.split_once(';').unwrap_or((one, ""));
            let weight = rest.trim().strip_prefix("q=");
            let weight: f32 = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "ru" => Self::Russian,
                "en" => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// Sentences of one language.
pub struct Words {
    pub language: Language,
    pub tag: &'static str,
    pub product: &'static str,
    pub title: &'static str,
    pub what: &'static str,
    pub place: &'static str,
    pub when: &'static str,
    pub change: &'static str,
    pub no_services: &'static str,
    pub full: &'static str,
    pub no_times: &'static str,
    pub nearest: &'static str,
    pub zone_time: &'static str,
    pub details: &'static str,
    pub held_until: &'static str,
    pub name: &'static str,
    pub phone: &'static str,
    pub address: &'static str,
    pub notes: &'static str,
    pub book: &'static str,
    pub release: &'static str,
    pub hold_over: &'static str,
    pub bookings: &'static str,
    pub no_bookings: &'static str,
    pub new_booking: &'static str,
    pub continue_hold: &'static str,
    pub visit: &'static str,
    pub price: &'static str,
    pub cleaner: &'static str,
    pub cancel: &'static str,
    pub reload: &'static str,
    pub screens: &'static str,
    pub cookies: &'static str,
    today: &'static str,
    weekdays: [&'static str; 7],
    months: [&'static str; 12],
}

const EN: Words = Words {
    language: Language::English,
    tag: "en",
    product: "Dispatch Hub",
    title: "Book a cleaning",
    what: "What shall we clean?",
    place: "Where?",
    when: "When?",
    change: "Change",
    no_services: "Nothing can be booked at the moment.",
    full: "full",
    no_times: "No free times on this day.",
    nearest: "The nearest free times:",
    zone_time: "Times in",
    details: "Your details",
    held_until: "Held for you until",
    name: "Name",
    phone: "Phone",
    address: "Street and number",
    notes: "How do we get in? (optional)",
    book: "Book for",
    release: "Give this time back",
    hold_over: "This time is not held for you any more.",
    bookings: "My bookings",
    no_bookings: "You have not booked anything in this browser yet.",
    new_booking: "New booking",
    continue_hold: "Continue booking",
    visit: "Your visit",
    price: "Price",
    cleaner: "Your cleaner",
    cancel: "Cancel this visit",
    reload: "Load again to see how it stands now.",
    screens: "With JavaScript, times and visits are shown live.",
    cookies: "Booking needs cookies: they tell us that the form is yours.",
    today: "today",
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
};

const RU: Words = Words {
    language: Language::Russian,
    tag: "ru",
    product: "Dispatch Hub",
    title: "Заказать уборку",
    what: "Что убрать?",
    place: "Где?",
    when: "Когда?",
    change: "Изменить",
    no_services: "Сейчас ничего нельзя заказать.",
    full: "занято",
    no_times: "В этот день свободного времени нет.",
    nearest: "Ближайшее свободное время:",
    zone_time: "Время:",
    details: "Ваши данные",
    held_until: "Время за вами до",
    name: "Имя",
    phone: "Телефон",
    address: "Улица и дом",
    notes: "Как к вам попасть? (необязательно)",
    book: "Заказать за",
    release: "Отказаться от этого времени",
    hold_over: "Это время больше не закреплено за вами.",
    bookings: "Мои заказы",
    no_bookings: "В этом браузере вы ещё ничего не заказывали.",
    new_booking: "Новый заказ",
    continue_hold: "Продолжить заказ",
    visit: "Ваша уборка",
    price: "Цена",
    cleaner: "К вам придёт",
    cancel: "Отменить уборку",
    reload: "Обновите страницу, чтобы увидеть, что происходит сейчас.",
    screens: "С JavaScript время и заказы обновляются сами.",
    cookies: "Для заказа нужны cookie: по ним мы узнаём, что форма ваша.",
    today: "сегодня",
    weekdays: ["пн", "вт", "ср", "чт", "пт", "сб", "вс"],
    months: [
        "янв.",
        "февр.",
        "марта",
        "апр.",
        "мая",
        "июня",
        "июля",
        "авг.",
        "сент.",
        "окт.",
        "нояб.",
        "дек.",
    ],
};

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &EN,
            Language::Russian => &RU,
        }
    }

    /// One of two sentences: for what is said once.
    fn say(&self, english: &'static str, russian: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Russian => russian,
        }
    }

    /// `Fri 20 Nov`
    pub fn day(&self, date: Date) -> String {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        let month = usize::try_from(date.month() - 1).unwrap_or(0);
        let (weekday, month) = (self.weekdays[weekday], self.months[month]);
        match self.language {
            Language::English => format!("{weekday} {} {month}", date.day()),
            Language::Russian => format!("{weekday}, {} {month}", date.day()),
        }
    }

    pub fn time(at: Timestamp, clock: &TimeZone) -> String {
        at.to_zoned(clock.clone()).strftime("%H:%M").to_string()
    }

    /// Day and time; of today the time alone.
    pub fn moment(&self, at: Timestamp, clock: &TimeZone, now: Timestamp) -> String {
        let date = at.to_zoned(clock.clone()).date();
        let day = if date == now.to_zoned(clock.clone()).date() {
            self.today.to_owned()
        } else {
            self.day(date)
        };
        format!("{day}, {}", Self::time(at, clock))
    }

    pub fn left(&self, n: i32) -> String {
        match self.language {
            Language::English => format!("{n} left"),
            Language::Russian => format!("ещё {n}"),
        }
    }

    /// How many times a day has.
    pub fn times(&self, n: usize) -> String {
        match self.language {
            Language::English if n == 1 => "1 time".to_owned(),
            Language::English => format!("{n} times"),
            Language::Russian => format!("мест: {n}"),
        }
    }

    pub fn duration(&self, minutes: u16) -> String {
        let (hours, rest) = (minutes / 60, minutes % 60);
        let (h, min) = (self.say("h", "ч"), self.say("min", "мин"));
        match (hours, rest) {
            (0, rest) => format!("{rest} {min}"),
            (hours, 0) => format!("{hours} {h}"),
            (hours, rest) => format!("{hours} {h} {rest} {min}"),
        }
    }

    pub fn money(&self, minor: i64, currency: &str) -> String {
        let (major, cents) = (minor / 100, minor % 100);
        let point = self.say(".", ",");
        if cents == 0 {
            format!("{major} {currency}")
        } else {
            format!("{major}{point}{cents:02} {currency}")
        }
    }

    pub fn cancel_free(&self, until: &str) -> String {
        match self.language {
            Language::English => format!("Cancelling is free until {until}."),
            Language::Russian => format!("Отмена бесплатна до: {until}."),
        }
    }

    pub fn cancel_late(&self, until: &str) -> String {
        match self.language {
            Language::English => format!("Free cancellation ended {until}. Please call us."),
            Language::Russian => {
                format!("Время бесплатной отмены истекло: {until}. Позвоните нам, пожалуйста.")
            }
        }
    }

    pub fn status(&self, status: BookingStatus) -> &'static str {
        match status {
            BookingStatus::Confirmed => self.say("Booked", "Заказано"),
            BookingStatus::InService => self.say("Under way", "Выполняется"),
            BookingStatus::Completed => self.say("Done", "Выполнено"),
            BookingStatus::Closed => self.say("Closed", "Закрыто"),
            BookingStatus::Cancelled => self.say("Cancelled", "Отменено"),
            BookingStatus::NotServed => self.say("Not served", "Не выполнено"),
        }
    }

    pub fn step(&self, status: JobStatus) -> &'static str {
        match status {
            JobStatus::Unassigned => self.say("Booked", "Заказано"),
            JobStatus::Assigned => self.say("Cleaner found", "Уборщик найден"),
            JobStatus::Acknowledged => self.say("Cleaner confirmed", "Уборщик подтвердил"),
            JobStatus::EnRoute => self.say("On the way to you", "Едет к вам"),
            JobStatus::Arrived => self.say("At your door", "У вашей двери"),
            JobStatus::InProgress => self.say("Cleaning", "Идёт уборка"),
            JobStatus::Paused => self.say("Paused", "Перерыв"),
            JobStatus::Completed | JobStatus::Verified => self.say("Done", "Готово"),
            JobStatus::Cancelled => self.say("Cancelled", "Отменено"),
            JobStatus::NoAccess => self.say("We could not get in", "Мы не смогли войти"),
            JobStatus::CleanerNoShow => self.say("Nobody came", "Никто не пришёл"),
        }
    }

    /// What speaks against something, by its code.
    pub fn objection(&self, code: &str) -> &'static str {
        match code {
            "slot_gone" => self.say(
                "This time has just been taken.",
                "Это время только что заняли.",
            ),
            "lead_time" | "outside_booking_window" | "not_a_slot" => {
                self.say("This time cannot be booked.", "Это время нельзя заказать.")
            }
            "hold_limit" => self.say(
                "You are holding as many times as one person can. Book or release one first.",
                "За вами уже закреплено столько времени, сколько можно одному человеку. Сначала \
                 закажите или освободите что-нибудь.",
            ),
            "hold_expired" => self.say(
                "The hold has run out. Please choose a time again.",
                "Время закрепления истекло. Выберите время ещё раз.",
            ),
            "details_missing" => self.say(
                "We need your name, your phone and an address.",
                "Нам нужны ваше имя, телефон и адрес.",
            ),
            "policy_window_closed" => self.say(
                "It is too late to change this visit online. Please call us.",
                "Изменить этот заказ через интернет уже нельзя. Позвоните нам, пожалуйста.",
            ),
            "stale_version" | "illegal_transition" => self.say(
                "This has changed in the meantime. Look at it and try again.",
                "За это время что-то изменилось. Посмотрите и попробуйте ещё раз.",
            ),
            "out_of_area" => self.say(
                "We do not clean at this place yet.",
                "Здесь мы пока не убираем.",
            ),
            "not_found" => self.say(
                "There is nothing here, or it is not yours.",
                "Здесь ничего нет, или это не ваше.",
            ),
            "rate_limited" => self.say(
                "That was a lot at once. Try again in a moment.",
                "Слишком много запросов. Попробуйте чуть позже.",
            ),
            "strange_form" => self.say(
                "This form did not come from our page, or your browser keeps no cookies. Open the \
                 page again and try once more.",
                "Эта форма не с нашей страницы, или браузер не хранит cookie. Откройте страницу \
                 заново и попробуйте ещё раз.",
            ),
            "invalid_argument" => self.say(
                "Something in the form is not right.",
                "В форме что-то не так.",
            ),
            _ => self.say(
                "That did not work. Nothing was changed; please try again.",
                "Не получилось. Ничего не изменилось, попробуйте ещё раз.",
            ),
        }
    }

    /// What is wrong with a field, where it is a field's fault.
    pub fn fault(&self, code: &str, field: &str) -> &'static str {
        match (code, field) {
            ("invalid_argument", "name") => self.say("Give a name.", "Укажите имя."),
            ("invalid_argument", "phone") => self.say(
                "Give a phone number with at least 6 digits.",
                "Укажите телефон: не меньше 6 цифр.",
            ),
            ("invalid_argument", "address") => {
                self.say("Give the street and number.", "Укажите улицу и дом.")
            }
            _ => self.objection(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use jiff::civil::date;

    #[test]
    fn the_language_is_the_one_that_the_browser_weighs_most() {
        for (sent, expected) in [
            (None, Language::English),
            (Some("ru"), Language::Russian),
            (Some("ru-RU,ru;q=0.9,en;q=0.8"), Language::Russian),
            (Some("en-GB,en;q=0.9,ru;q=0.8"), Language::English),
            (Some("de-DE,de;q=0.9,ru;q=0.3"), Language::Russian),
            (Some("de"), Language::English),
            (Some("ru;q=0"), Language::English),
            (Some("ru;q=rubbish, en;q=0.1"), Language::English),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(sent));
            }
            assert_eq!(Language::preferred(&headers), expected, "{sent:?}");
        }
    }

    #[test]
    fn days_and_money_are_written_as_they_are_read() {
        let (en, ru) = (Words::of(Language::English), Words::of(Language::Russian));
        assert_eq!(en.day(date(2026, 11, 20)), "Fri 20 Nov");
        assert_eq!(ru.day(date(2026, 3, 1)), "вс, 1 марта");
        assert_eq!(en.money(9000, "EUR"), "90 EUR");
        assert_eq!(ru.money(9050, "EUR"), "90,50 EUR");
        assert_eq!(en.duration(150), "2 h 30 min");
    }
}
