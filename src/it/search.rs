//! Search as staff use it: half a word, a misspelled one, another script, digits of a phone, a job's
//! number; for staff only, by index, and written to no log.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    company::{Company, ZONE},
    database::TestDb,
    server::{Api, TestServer},
    socket::TestSocket,
};

/// Customers beside those that the tests look for.
const CROWD: i32 = 20_000;

/// Plausible names, addresses and phones, each its own.
async fn crowd(db: &TestDb) {
    // One connection all along, as it has the temporary table.
    let mut connection = db.pool.acquire().await.expect("a connection");
    for statement in [
        "create temporary table person as
         select n, gen_random_uuid() as id, gen_random_uuid() as home,
             gen_random_uuid() as visit,
             (array['Maria','Jonas','Lena','Paul','Sofia','Felix','Emma','Max','Nina','Tom'])[1 + n % 10]
                 || ' ' || (array['Weber','Fischer','Becker','Wagner','Koch','Richter','Klein',
                     'Wolf','Neumann','Schwarz','Braun'])[1 + n % 11]
                 || (array['','son','mann','ski','ova','berg','er'])[1 + n % 7] as name
         from generate_series(1, $1) n",
        "insert into account (id, role, name) select id, 'customer', name from person",
        "insert into customer (id, name, phone, email)
         select id, name, '+49 (30) 55-' || lpad(n::text, 6, '0'),
             replace(lower(name), ' ', '.') || n || '@mail.example' from person",
        "insert into property (id, customer_id, zone, address, district, lon, lat)
         select home, id, 'center', (array['Elm','Oak','Park','Lake','Hill','Mill'])[1 + n % 6]
             || ' Street ' || n, 'District ' || n % 12, 13.4, 52.5 from person",
        "insert into booking (id, customer_id, property_id, zone, service, starts_at, local_date,
             price_minor, currency, cancel_until_hours, status, booked_at)
         select visit, id, home, 'center', 'standard', now() - n * interval '1 hour', current_date,
             4900, 'EUR', 24, 'completed', now() from person",
        "insert into job (id, number, booking_id, zone, service, starts_at, local_date,
             duration_minutes, travel_buffer_minutes, crew_size, status)
         select gen_random_uuid(), 100000 + n, visit, 'center', 'standard',
             now() - n * interval '1 hour', current_date, 60, 15, 1, 'completed' from person",
        "analyze customer",
        "analyze booking",
        "analyze job",
        "analyze property",
    ] {
        let query = sqlx::query(statement);
        let query = if statement.contains("$1") { query.bind(CROWD) } else { query };
        query.execute(&mut *connection).await.expect(statement);
    }
}

async fn search(api: &Api, token: &str, text: &str) -> Vec<Value> {
    let mut socket = TestSocket::connect(api, Some(token)).await;
    let asked = json!({"method": "search", "data": {"text": text}});
    let answer = socket.ask("rpc", asked).await["rpc"]["data"].clone();
    socket.close().await;
    let hits = answer["hits"].as_array();
    hits.unwrap_or_else(|| panic!("{text}: {answer}")).clone()
}

/// The first hit of a kind; its place is its id.
fn first<'h>(hits: &'h [Value], kind: &str) -> Option<&'h Value> {
    hits.iter().find(|hit| hit["kind"] == kind)
}

struct Sought {
    clara: Value,
    home: Value,
    booking: Value,
    job: Value,
    number: i64,
}

/// A customer with a home and a booking.
async fn book(server: &Api, company: &Company) -> Sought {
    let (clara, home) = company.customer(server, "Clara").await;
    let details = json!({
        "name": "Щербакова Клара Øster", "phone": "+7 (916) 123-45-67", "expected_version": 2,
    });
    server
        .accepted(&clara.token, "customer.update", &details)
        .await;
    let hold = Company::hold(company.first_start());
    let hold = server.accepted(&clara.token, "hold.place", &hold).await["hold"].clone();
    let order = json!({"hold": hold, "property": home});
    let booked = server
        .accepted(&clara.token, "booking.confirm", &order)
        .await;
    let path = format!("/api/v1/channels/{}", company.control());
    let (_, day) = server.get(&path, Some(&company.dispatcher.token)).await;
    let rows = day["data"]["set"].as_array().expect("rows");
    let job = rows.iter().find(|row| row["kind"] == "job").expect("a job");
    Sought {
        clara: json!(clara.id),
        home,
        booking: booked["booking"].clone(),
        job: booked["job"].clone(),
        number: job["number"].as_i64().expect("a number"),
    }
}

#[tokio::test]
async fn staff_find_by_whatever_they_know() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let sought = book(&server, &company).await;
    let token = company.dispatcher.token.as_str();
    for text in [
        "щербак",
        "ЩЕРБАКОВА КЛАРА",
        "shcherbak",
        "oster клара",
        "Щербокова",
        "8 916 123 45 67",
        "+7916123",
        "4567",
    ] {
        let hits = search(&server, token, text).await;
        let found = first(&hits, "customer").unwrap_or_else(|| panic!("{text}: {hits:?}"));
        assert_eq!(found["id"], sought.clara, "{text}");
        let found = first(&hits, "booking").expect("with their bookings");
        assert_eq!(found["id"], sought.booking, "{text}");
    }
    for text in ["sample str", "SAMPLE berlin", "smple street"] {
        let hits = search(&server, token, text).await;
        let found = first(&hits, "property").unwrap_or_else(|| panic!("{text}: {hits:?}"));
        assert_eq!(found["id"], sought.home, "{text}");
    }
    let number = sought.number;
    let id = |id: &Value| id.as_str().expect("an id").to_owned();
    for text in [
        number.to_string(),
        format!("J-{number}"),
        format!("#{}", number / 10),
        id(&sought.booking),
        id(&sought.job),
    ] {
        let hits = search(&server, token, &text).await;
        assert_eq!(hits[0]["kind"], "booking", "{text}: {hits:?}");
        assert_eq!(hits[0]["id"], sought.booking, "{text}");
    }
    for text in ["nobody at all", "9999999", "%%", "_a", "' | &", "\\:*"] {
        assert!(search(&server, token, text).await.is_empty(), "{text}");
    }
    server.stop().await;
}

#[tokio::test]
async fn search_is_narrowed_limited_and_for_staff_only() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    let anna = company.hire(&db.url, &server, "Anna").await;
    let (clara, _) = company.customer(&server, "Clara").await;
    company.customer(&server, "Clarissa").await;
    let ask = async |token: Option<&str>, parameters: &str| {
        let path = format!("/api/v1/queries/search?{parameters}");
        server.get(&path, token).await
    };
    let staff = [&company.dispatcher, &company.manager, &company.admin];
    for person in staff {
        let (status, found) = ask(Some(&person.token), "text=clar").await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let customers = found["hits"].as_array().expect("hits").iter();
        let names: Vec<_> = customers.filter_map(|hit| hit["name"].as_str()).collect();
        assert_eq!(names, ["Clara", "Clarissa"], "the more alike first");
    }
    for token in [&clara.token, &anna.token] {
        assert_eq!(ask(Some(token), "text=clar").await.0, StatusCode::FORBIDDEN);
    }
    assert_eq!(ask(None, "text=clar").await.0, StatusCode::UNAUTHORIZED);

    let token = Some(company.manager.token.as_str());
    let count = async |parameters: &str| {
        let (status, found) = ask(token, parameters).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        found["hits"].as_array().expect("hits").len()
    };
    assert_eq!(count("text=clar&limit=1").await, 1);
    assert_eq!(count("text=clar&kinds=property,booking").await, 0);
    assert_eq!(count("text=sample&kinds=property,customer").await, 2);
    assert_eq!(count(&format!("text=clar&zone={ZONE}")).await, 2);
    assert_eq!(count("text=clar&zone=elsewhere").await, 0);
    for (parameters, field) in [
        ("text=a", "text"),
        ("text=clar&limit=0", "limit"),
        ("text=clar&kinds=people", "kinds"),
        ("text=clar&zone=No", "zone"),
        ("", "text"),
    ] {
        let (status, problem) = ask(token, parameters).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{parameters}: {problem}");
        assert_eq!(problem["details"]["field"], field, "{parameters}");
    }
    server.stop().await;
}

/// The plan of a statement as the server sends it, parameters unknown to the planner.
async fn plan(db: &TestDb, statement: &str, types: &str, values: &str) -> String {
    let mut connection = db.pool.acquire().await.expect("a connection");
    for setup in [
        "set plan_cache_mode = force_generic_plan".to_owned(),
        format!("prepare asked ({types}) as {statement}"),
    ] {
        let setup = sqlx::raw_sql(sqlx::AssertSqlSafe(setup));
        setup.execute(&mut *connection).await.expect("a statement");
    }
    let explain = sqlx::AssertSqlSafe(format!("explain execute asked ({values})"));
    let lines: Vec<String> = sqlx::query_scalar(explain)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .expect("a plan");
    let forget = sqlx::raw_sql("deallocate asked; reset plan_cache_mode");
    forget
        .execute(&mut *connection)
        .await
        .expect("it is forgotten");
    lines.join("\n")
}

/// How long the slowest of some searches takes, all of which find somebody.
async fn slowest_search(server: &TestServer, token: &str) -> Duration {
    let mut slowest = Duration::ZERO;
    for text in [
        "щербак",
        "ma",
        "maria web",
        "+49 30 55-012345",
        "oak street 1234",
        "felix richtr",
    ] {
        let begun = Instant::now();
        let hits = search(server, token, text).await;
        let passed = begun.elapsed();
        println!("{text}: {} hits in {passed:?}", hits.len());
        slowest = slowest.max(passed);
        assert!(!hits.is_empty(), "{text}");
    }
    slowest
}

#[tokio::test]
async fn among_twenty_thousand_customers_indexes_find() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let company = Company::found(&db.url, &server).await;
    company.hire(&db.url, &server, "Anna").await;
    let sought = book(&server, &company).await;
    crowd(&db).await;
    for (statement, types, values, indexes) in [
        (
            include_str!("../store/search/customers.sql"),
            "text, text, text, uuid, text, bigint, text",
            "'clara', 'clara:*', '4567', null, null, 20, 'clara'",
            &[
                "customer_words_ix",
                "customer_trigrams_ix",
                "customer_phone_trigrams_ix",
            ][..],
        ),
        (
            include_str!("../store/search/properties.sql"),
            "text, text, uuid, text, bigint, text",
            "'sample', 'sample:*', null, null, 20, 'sample'",
            &["property_words_ix", "property_trigrams_ix"],
        ),
        (
            include_str!("../store/search/bookings.sql"),
            "int8[], int8[], uuid, uuid[], float4[], text, bigint",
            "'{1042}', '{1042}', null, '{}', '{}', null, 20",
            &[
                "job_number_uq",
                "booking_customer_ix",
                "booking_property_ix",
            ],
        ),
    ] {
        let plan = plan(&db, statement, types, values).await;
        for index in indexes {
            assert!(plan.contains(index), "{index} is not used:\n{plan}");
        }
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    let token = company.dispatcher.token.as_str();
    let slowest = slowest_search(&server, token).await;
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let hits = search(&server, token, "щербак").await;
    assert_eq!(first(&hits, "customer").expect("found")["id"], sought.clara);
    server.stop().await;
}
