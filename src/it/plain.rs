//! Booking without JavaScript, as a browser does it that follows links and sends forms.

use std::{cell::RefCell, collections::BTreeMap};

use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use serde_json::json;

use crate::support::{company::Company, database::TestDb, server::TestServer};

/// A browser without scripts: cookies and pages.
struct Browser<'a> {
    server: &'a TestServer,
    http: reqwest::Client,
    cookies: RefCell<BTreeMap<String, String>>,
    language: &'static str,
}

/// A page, or where one is sent.
struct Shown {
    status: StatusCode,
    to: Option<String>,
    text: String,
}

impl<'a> Browser<'a> {
    fn at(server: &'a TestServer) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build();
        Self {
            server,
            http: http.expect("a client"),
            cookies: RefCell::default(),
            language: "en",
        }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.server.app.public_addr)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies = self.cookies.borrow();
        let cookies: Vec<_> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        self.http
            .request(method, self.server.url(path))
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "))
    }

    fn keep(&self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            for attribute in ["Path=/plain", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            let (name, rest) = cookie.split_once('=').expect("a pair");
            let value = rest.split(';').next().expect("a value");
            let mut cookies = self.cookies.borrow_mut();
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn shown(&self, request: RequestBuilder) -> Shown {
        let response = request.send().await.expect("an answer");
        self.keep(&response);
        let status = response.status();
        let to = response.headers().get(header::LOCATION);
        let to = to.map(|to| to.to_str().expect("text").to_owned());
        let text = response.text().await.expect("text");
        if to.is_none() {
            for inline in ["<script", "<style", " style=", " onclick=", "javascript:"] {
                assert!(!text.contains(inline), "{inline} in {text}");
            }
        }
        Shown { status, to, text }
    }

    async fn open(&self, path: &str) -> Shown {
        self.shown(self.request(Method::GET, path)).await
    }

    /// Sends a form of this page, as a browser would.
    async fn send(&self, page: &Shown, path: &str, fields: &[(&str, &str)]) -> Shown {
        let sent = self.form(page, path, fields);
        self.shown(sent.header(header::ORIGIN, self.origin())).await
    }

    fn form(&self, page: &Shown, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let hidden = [("token", page.value("token")), ("made", page.value("made"))];
        let fields: Vec<_> = hidden.iter().chain(fields).copied().collect();
        self.request(Method::POST, path).form(&fields)
    }

    /// A time held, and the page to which that leads.
    async fn held(&self, start: Timestamp) -> (String, Shown) {
        let page = self.open("/plain?service=standard&zone=center").await;
        let start = start.to_string();
        let fields = [
            ("service", "standard"),
            ("zone", "center"),
            ("start", &*start),
        ];
        let sent = self.send(&page, "/plain/hold", &fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        let to = sent.to.expect("a page to go to");
        let page = self.open(&to).await;
        (to.rsplit('/').next().expect("an id").to_owned(), page)
    }

    async fn booked(&self, start: Timestamp) -> (String, Shown) {
        let (hold, page) = self.held(start).await;
        let fields = [
            ("hold", &*hold),
            ("name", "Ada <b>Byron</b>"),
            ("phone", "+49 30 1234567"),
            ("address", "1 Garden Street"),
            ("notes", ""),
        ];
        let sent = self.send(&page, "/plain/book", &fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
        // The same form again is the same order.
        let again = self.send(&page, "/plain/book", &fields).await;
        let to = sent.to.expect("a page to go to");
        assert!(again.to.is_none_or(|again| again == to));
        (to.clone(), self.open(&to).await)
    }
}

impl Shown {
    /// Of the first hidden field of this name.
    fn value(&self, name: &str) -> &str {
        let marked = format!("name=\"{name}\" value=\"");
        let at = self
            .text
            .find(&marked)
            .unwrap_or_else(|| panic!("no {name} in {}", self.text));
        let rest = &self.text[at + marked.len()..];
        &rest[..rest.find('"').expect("an end")]
    }
}

/// Minutes after the opening: beyond the time until which a visit may be cancelled.
const IN_TWO_DAYS: i64 = 48 * 60;

async fn company(db: &TestDb) -> (TestServer, Company) {
    let server = TestServer::start(db).await;
    let company = Company::found(&db.url, &server).await;
    let irina = company.hire(&db.url, &server, "Irina Petrova").await;
    let (start, end) = (
        company.after_opening(IN_TWO_DAYS),
        company.after_opening(IN_TWO_DAYS + 8 * 60),
    );
    let shift = json!({"cleaner": irina.id, "zone": "center", "start": start, "end": end});
    server
        .accepted(&company.manager.token, "shift.publish", &shift)
        .await;
    (server, company)
}

async fn count(db: &TestDb, table: &str) -> i64 {
    let query = format!("select count(*) from {table}");
    let count = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&db.pool);
    count.await.expect("a count")
}

#[tokio::test]
async fn a_visit_is_booked_followed_and_cancelled_by_links_and_forms() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let browser = Browser::at(&server);
    let first = browser.open("/plain").await;
    assert!(first.text.contains("href=\"/plain?service=standard\""));
    let second = browser.open("/plain?service=standard").await;
    assert!(
        second
            .text
            .contains("href=\"/plain?service=standard&amp;zone=center\"")
    );

    let (to, page) = browser
        .booked(company.after_opening(IN_TWO_DAYS + 15))
        .await;
    assert!(page.text.contains("1 Garden Street"), "{}", page.text);
    let list = browser.open("/plain/bookings").await;
    assert!(list.text.contains(&to));

    let id = to.rsplit('/').next().expect("an id");
    let version = page.value("version");
    let stale = [("booking", id), ("version", "999")];
    let refused = browser.send(&page, "/plain/cancel", &stale).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("This has changed in the meantime"));
    let fields = [("booking", id), ("version", version)];
    let sent = browser.send(&page, "/plain/cancel", &fields).await;
    assert_eq!(sent.to.as_deref(), Some(&*to));
    assert!(browser.open(&to).await.text.contains("Cancelled"));
    assert_eq!(count(&db, "booking").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn pages_speak_the_browsers_language() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let mut browser = Browser::at(&server);
    browser.language = "ru-RU,ru;q=0.9";
    let (_, page) = browser.held(company.first_start()).await;
    assert!(page.text.contains("<html lang=\"ru\">"));
    assert!(page.text.contains("Ваши данные"));
    server.stop().await;
}

#[tokio::test]
async fn a_form_that_is_not_from_a_page_of_ours_changes_nothing() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let (browser, other) = (Browser::at(&server), Browser::at(&server));
    let page = browser.open("/plain?service=standard&zone=center").await;
    let strange = other.open("/plain?service=standard&zone=center").await;
    let start = company.first_start().to_string();
    let fields = [
        ("service", "standard"),
        ("zone", "center"),
        ("start", &*start),
    ];
    let own = browser.origin();
    let form = |page| browser.form(page, "/plain/hold", &fields);

    let port_of_another = "http://127.0.0.1:1";
    let mut tried = vec![
        ("without an origin", form(&page)),
        (
            "of another browser",
            form(&strange).header(header::ORIGIN, &own),
        ),
        (
            "without a token",
            browser
                .request(Method::POST, "/plain/hold")
                .form(&fields)
                .header(header::ORIGIN, &own),
        ),
        (
            "without cookies",
            browser
                .http
                .post(server.url("/plain/hold"))
                .form(&[
                    ("token", page.value("token")),
                    ("made", page.value("made")),
                    fields[0],
                    fields[1],
                    fields[2],
                ])
                .header(header::ORIGIN, &own),
        ),
    ];
    for origin in [
        "https://evil.example",
        "null",
        port_of_another,
        "http://127.0.0.1",
    ] {
        tried.push((origin, form(&page).header(header::ORIGIN, origin)));
    }
    for (what, request) in tried {
        let sent = browser.shown(request).await;
        let expected = [StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST];
        assert!(expected.contains(&sent.status), "{what}: {}", sent.status);
    }
    assert_eq!(count(&db, "hold").await, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_page_from_before_the_sign_in_is_no_page_of_this_visitors_any_more() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let browser = Browser::at(&server);
    let page = browser.open("/plain?service=standard&zone=center").await;
    browser.held(company.first_start()).await;
    let start = company.after_opening(120).to_string();
    let fields = [
        ("service", "standard"),
        ("zone", "center"),
        ("start", &*start),
    ];
    let sent = browser.send(&page, "/plain/hold", &fields).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&db, "hold").await, 1);
    server.stop().await;
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_another_visitors() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let (browser, other) = (Browser::at(&server), Browser::at(&server));
    let (to, page) = browser
        .booked(company.after_opening(IN_TWO_DAYS + 15))
        .await;
    let (_, strange) = other.held(company.after_opening(120)).await;
    assert_eq!(other.open(&to).await.status, StatusCode::NOT_FOUND);
    let id = to.rsplit('/').next().expect("an id");
    let fields = [("booking", id), ("version", page.value("version"))];
    let sent = other.send(&strange, "/plain/cancel", &fields).await;
    assert_eq!(sent.status, StatusCode::NOT_FOUND);
    assert!(browser.open(&to).await.text.contains("Booked"));
    server.stop().await;
}

#[tokio::test]
async fn a_time_that_went_says_so_and_offers_the_nearest() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let (quick, slow) = (Browser::at(&server), Browser::at(&server));
    let page = slow.open("/plain?service=standard&zone=center").await;
    let start = company.first_start();
    quick.held(start).await;
    let start = start.to_string();
    let fields = [
        ("service", "standard"),
        ("zone", "center"),
        ("start", &*start),
    ];
    let sent = slow.send(&page, "/plain/hold", &fields).await;
    assert_eq!(sent.status, StatusCode::CONFLICT);
    assert!(
        sent.text.contains("This time has just been taken"),
        "{}",
        sent.text
    );
    assert!(sent.text.contains("The nearest free times"));
    let nearest = sent.value("start").to_owned();
    let fields = [
        ("service", "standard"),
        ("zone", "center"),
        ("start", &*nearest),
    ];
    let sent = slow.send(&sent, "/plain/hold", &fields).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    server.stop().await;
}

#[tokio::test]
async fn a_form_that_lacks_something_comes_back_as_it_was_filled_in() {
    let db = TestDb::new().await;
    let (server, company) = company(&db).await;
    let browser = Browser::at(&server);
    let (hold, page) = browser.held(company.first_start()).await;
    let fields = [
        ("hold", &*hold),
        ("name", "Ada <b>Byron</b>"),
        ("phone", "+49 30 1234567"),
        ("address", " "),
    ];
    let sent = browser.send(&page, "/plain/book", &fields).await;
    assert_eq!(sent.status, StatusCode::BAD_REQUEST);
    assert!(sent.text.contains("Give the street and number."));
    assert!(
        sent.text.contains("value=\"Ada &lt;b&gt;Byron&lt;/b&gt;\""),
        "{}",
        sent.text
    );
    assert_eq!(count(&db, "property").await, 0);
    server.stop().await;
}

#[tokio::test]
async fn guests_of_these_pages_count_as_all_who_sign_in() {
    let db = TestDb::new().await;
    let few = [("limits.sign_ins_per_minute", "1")];
    let server = TestServer::with(&db, &few).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Irina Petrova").await;
    Browser::at(&server).held(company.first_start()).await;
    let late = Browser::at(&server);
    let page = late.open("/plain?service=standard&zone=center").await;
    let start = company.after_opening(120).to_string();
    let fields = [
        ("service", "standard"),
        ("zone", "center"),
        ("start", &*start),
    ];
    let sent = late.send(&page, "/plain/hold", &fields).await;
    assert_eq!(sent.status, StatusCode::TOO_MANY_REQUESTS);
    server.stop().await;
}
