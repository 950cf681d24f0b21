//! The published contracts are whole: every schema is one, every reference leads somewhere, every
//! route is told. That they are true is shown where real outcomes and bodies are: `every_command`
//! and `folded`.

use std::{collections::BTreeSet, fs, path::Path};

use dispatch_hub::http::published::PUBLISHED;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{database::TestDb, people, schemas::assert_is, server::TestServer};
use dispatch_hub::domain::{Command, Query, Role};

/// Every `$ref` in a document.
fn references<'d>(document: &'d Value, found: &mut BTreeSet<&'d str>) {
    match document {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn assert_references_resolve(name: &str, document: &Value) {
    let mut found = BTreeSet::new();
    references(document, &mut found);
    assert!(!found.is_empty(), "{name} refers to nothing");
    for to in found {
        let pointer = to.strip_prefix('#').expect("references stay within");
        assert!(document.pointer(pointer).is_some(), "{name}: {to}");
    }
}

/// Keywords are never `null`: a tool would stumble over it.
fn assert_no_null_type(at: &str, document: &Value) {
    match document {
        Value::Object(fields) => {
            assert_ne!(fields.get("type"), Some(&Value::Null), "{at}");
            for (name, value) in fields {
                assert_no_null_type(&format!("{at}/{name}"), value);
            }
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| assert_no_null_type(at, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn documents_refer_to_what_they_have() {
    assert_references_resolve("openapi", &PUBLISHED.openapi);
    assert_references_resolve("asyncapi", &PUBLISHED.asyncapi);
    assert_no_null_type("openapi", &PUBLISHED.openapi);
    assert_no_null_type("asyncapi", &PUBLISHED.asyncapi);
}

#[test]
fn every_schema_is_one_and_every_rpc_and_channel_has_its_own() {
    let definitions = &PUBLISHED.contracts.definitions;
    let published: BTreeSet<&str> = definitions.published().collect();
    for name in &published {
        let document = definitions.document(name, "test:").expect("published");
        if let Err(fault) = jsonschema::draft202012::meta::validate(&document) {
            panic!("{name} is not a schema: {fault}");
        }
    }
    for kind in Command::KINDS {
        for part in ["parameters", "result", "outcome"] {
            let name = format!("{kind}.{part}");
            assert!(published.contains(name.as_str()), "{name}");
        }
    }
    for kind in Query::KINDS {
        for part in ["parameters", "answer"] {
            let name = format!("{kind}.{part}");
            assert!(published.contains(name.as_str()), "{name}");
        }
    }
    for query in &PUBLISHED.contracts.queries {
        assert_is(&format!("{}.parameters", query.name), &query.example);
    }
    for rpc in &PUBLISHED.contracts.rpcs {
        assert_is(&format!("{}.parameters", rpc.name), &rpc.example);
    }
}

/// A path as it may be asked for, with something in the place of every brace.
fn filled(template: &str) -> String {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, braced)) = rest.split_once('{') {
        let (name, after) = braced.split_once('}').expect("braces close");
        path.push_str(before);
        path.push_str(match name {
            "zone" => "center",
            "date" => "2026-11-20",
            "name" => "refused",
            _ => "01890a5d-ac96-774b-bcce-b302099a8057",
        });
        rest = after;
    }
    path + rest
}

#[tokio::test]
async fn every_route_that_is_told_is_there_and_answers_as_told() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let admin = people::staff(&db.url, Role::Admin, "admin@example.org").await;
    let paths = PUBLISHED.openapi["paths"].as_object().expect("paths");
    assert!(paths.len() > Command::KINDS.len());
    for (template, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let verb: Method = method.to_uppercase().parse().expect("a method");
            let request = server.request(verb, &filled(template));
            let response = request.bearer_auth(&admin.token).send().await;
            let response = response.expect("an answer");
            let status = response.status();
            assert_ne!(
                status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {template}"
            );
            let told = &operation["responses"][status.as_str()];
            assert!(
                told.is_object(),
                "{method} {template}: {status} is not told"
            );
            let media_type = response.headers().get("content-type").cloned();
            let Some(content) = told["content"].as_object() else {
                continue;
            };
            let media_type = media_type.expect("a body says what it is");
            let media_type = media_type.to_str().expect("text");
            assert!(content.contains_key(media_type), "{template}: {media_type}");
            let body: Value = response.json().await.unwrap_or(json!(null));
            if status == StatusCode::NOT_FOUND {
                // The client's files answer so for a path that is no route at all.
                let ours = template.contains('{') || template.contains("/commands/");
                assert!(ours, "{template} is not a route: {body}");
            }
        }
    }
    server.stop().await;
}

/// What is told and what is routed are one: nobody makes a route otherwise.
#[test]
fn routes_are_made_of_endpoints_only() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    let mut made = Vec::new();
    for entry in fs::read_dir(folder).expect("the module's folder") {
        let path = entry.expect("an entry").path();
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        if [".route(", ".nest(", ".route_service(", ".nest_service("]
            .iter()
            .any(|call| text.contains(call))
        {
            made.push(path.file_name().expect("a file").to_owned());
        }
    }
    made.sort();
    assert_eq!(made, ["endpoint.rs", "operations.rs"]);
}

#[tokio::test]
async fn schemas_and_documents_are_served() {
    let db = TestDb::new().await;
    let server = TestServer::start(&db).await;
    let (status, index) = server.get("/api/v1/schema", None).await;
    assert_eq!(status, StatusCode::OK);
    let address = index["hold.place.outcome"].as_str().expect("its address");
    let (status, schema) = server.get(address, None).await;
    assert_eq!(
        (status, schema["$id"].as_str()),
        (StatusCode::OK, Some(address))
    );
    assert_references_resolve(address, &schema);
    let (status, _) = server.get("/api/v1/schema/hold.place", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    for (path, key, version) in [
        ("/api/v1/openapi.json", "openapi", "3.1.0"),
        ("/api/v1/asyncapi.json", "asyncapi", "3.0.0"),
    ] {
        let (status, document) = server.get(path, None).await;
        assert_eq!((status, &document[key]), (StatusCode::OK, &json!(version)));
    }
    server.stop().await;
}

#[test]
#[should_panic(expected = "not board.publication")]
fn a_field_that_is_not_told_is_a_fault() {
    let key = json!({"kind": "open_job", "id": "1"});
    let told = json!({"at": "2026-11-20T09:00:00Z", "set": [], "unset": [key]});
    assert_is("board.publication", &told);
    let mut stamped = told;
    stamped["by"] = json!("01890a5d-ac96-774b-bcce-b302099a8057");
    assert_is("board.publication", &stamped);
}
