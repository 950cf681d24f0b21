//! The reference as a page: every route, rpc and channel of the published documents, written out
//! once as HTML that needs no script and no other site.

use std::{fmt::Write as _, sync::LazyLock};

use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::Value;

use super::{
    endpoint::{Endpoint, Operation, Verb},
    published::PUBLISHED,
};

const STYLE: &str = include_str!("reference.css");

/// Sections in the order in which somebody new reads them, by the tag of their operations.
const SECTIONS: &[(&str, &str)] = &[
    ("sessions", "Signing in"),
    ("catalogue", "Catalogue"),
    ("queries", "Queries"),
    ("commands", "Commands"),
    ("channels", "Channels"),
    ("live", "Live"),
    ("records", "Records"),
    ("contracts", "Contracts"),
];

pub fn endpoints() -> Vec<Endpoint> {
    let told = |id: &str, summary: &str, media_type: &str| {
        Operation::new(Verb::Get, "contracts", id, summary).answers_as(
            200,
            "For people.",
            media_type,
            &serde_json::json!({ "type": "string" }),
        )
    };
    vec![
        Endpoint::new(
            "/api/v1/reference",
            page,
            told("reference", "This reference.", "text/html; charset=utf-8"),
        ),
        Endpoint::new(
            "/api/v1/reference.css",
            style,
            told(
                "reference.style",
                "How this reference looks.",
                "text/css; charset=utf-8",
            ),
        ),
    ]
}

async fn page() -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| write_page(&PUBLISHED.openapi));
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, PAGE.as_str()).into_response()
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, STYLE).into_response()
}

/// One operation with its place.
struct Entry<'d> {
    verb: &'d str,
    path: &'d str,
    told: &'d Value,
}

impl Entry<'_> {
    fn text(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_default()
    }

    fn tag(&self) -> &str {
        self.told["tags"][0].as_str().unwrap_or_default()
    }
}

fn write_page(openapi: &Value) -> String {
    let empty = serde_json::Map::new();
    let paths = openapi["paths"].as_object().unwrap_or(&empty);
    let entries: Vec<Entry<'_>> = paths
        .iter()
        .flat_map(|(path, verbs)| {
            let verbs = verbs.as_object().into_iter().flatten();
            verbs.map(move |(verb, told)| Entry { verb, path, told })
        })
        .collect();
    let of = |tag: &str| entries.iter().filter(|entry| entry.tag() == tag).collect();
    let sections: Vec<(&str, &str, Vec<&Entry<'_>>)> = SECTIONS
        .iter()
        .map(|(tag, title)| (*tag, *title, of(tag)))
        .collect();

    let mut html = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content='width=device-width, initial-scale=1'>\
         <meta name=color-scheme content='light dark'><title>Dispatch hub: reference</title>\
         <link rel=icon href=/icon.svg><link rel=stylesheet href=/api/v1/reference.css>\
         <a class=skip href=#content>To the content</a><nav aria-label=Contents>",
    );
    for (tag, title, entries) in &sections {
        let _ = write!(html, "<h2><a href='#{tag}'>{title}</a></h2><ul>");
        for entry in entries {
            let id = escape(entry.text("operationId"));
            let _ = write!(
                html,
                "<li><a href='#{id}'>{}</a>",
                escape(short_name(entry))
            );
        }
        html.push_str("</ul>");
    }
    let version = openapi["info"]["version"].as_str().unwrap_or_default();
    let about = openapi["info"]["description"].as_str().unwrap_or_default();
    let _ = write!(
        html,
        "</nav><main id=content><header><h1>Dispatch hub</h1><p class=version>{}</p></header>{}\
         <p class=documents><a href=/api/v1/openapi.json>OpenAPI</a> \
         <a href=/api/v1/asyncapi.json>AsyncAPI</a> <a href=/api/v1/schema>JSON Schemas</a></p>",
        escape(version),
        prose(about),
    );
    let components = &openapi["components"]["schemas"];
    for (tag, title, entries) in &sections {
        let _ = write!(html, "<section><h2 id='{tag}'>{title}</h2>");
        for entry in entries {
            write_entry(&mut html, entry, components);
        }
        html.push_str("</section>");
    }
    html.push_str("</main></html>");
    html
}

/// The name by which an operation is looked for.
fn short_name<'e>(entry: &'e Entry<'_>) -> &'e str {
    match entry.tag() {
        "channels" => entry.path.rsplit('/').next().unwrap_or(entry.path),
        _ => entry.text("operationId"),
    }
}

fn write_entry(html: &mut String, entry: &Entry<'_>, components: &Value) {
    let _ = write!(
        html,
        "<article id='{}'><h3><span class='verb {verb}'>{verb}</span> <code>{}</code></h3>\
         <p class=summary>{}</p>{}",
        escape(entry.text("operationId")),
        escape(entry.path),
        prose(entry.text("summary")),
        prose(entry.text("description")),
        verb = escape(entry.verb),
    );
    let parameters = entry.told["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|parameters| !parameters.is_empty()) {
        html.push_str("<h4>Parameters</h4><dl class=fields>");
        for parameter in parameters {
            let required = parameter["required"] == true;
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            write_field(html, name, &parameter["schema"], required, components);
            let words = parameter["description"].as_str().unwrap_or_default();
            let _ = write!(
                html,
                "<dd class=more>{words} In: {place}.</dd>",
                words = words_of(words)
            );
        }
        html.push_str("</dl>");
    }
    let body = &entry.told["requestBody"]["content"]["application/json"];
    if body.is_object() {
        html.push_str("<h4>Body</h4>");
        write_schema(html, &body["schema"], components);
        let example = serde_json::to_string_pretty(&body["example"]).unwrap_or_default();
        let _ = write!(
            html,
            "<details><summary>Example</summary><pre tabindex=0>{}</pre></details>",
            escape(&example)
        );
    }
    html.push_str("<h4>Answers</h4><dl class=answers>");
    for (status, answer) in entry.told["responses"].as_object().into_iter().flatten() {
        let words = answer["description"].as_str().unwrap_or_default();
        let class = if status.starts_with('2') || status.starts_with('1') {
            "good"
        } else {
            "bad"
        };
        let _ = write!(html, "<dt class={class}>{status}</dt><dd>{}", prose(words));
        let contents = answer["content"].as_object().into_iter().flatten();
        for (media_type, content) in contents.filter(|(kind, _)| *kind == "application/json") {
            let _ = write!(html, "<details><summary>{}</summary>", escape(media_type));
            write_schema(html, &content["schema"], components);
            html.push_str("</details>");
        }
        html.push_str("</dd>");
    }
    html.push_str("</dl></article>");
}

/// What a reference means, and its name.
fn resolve<'d>(schema: &'d Value, components: &'d Value) -> (&'d Value, Option<&'d str>) {
    let name = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next());
    name.map_or((schema, None), |name| (&components[name], Some(name)))
}

/// The fields of an object, those of objects within at their place.
fn write_schema(html: &mut String, schema: &Value, components: &Value) {
    let (schema, _) = resolve(schema, components);
    let (schema, _) = resolve(schema, components);
    if let Some(words) = schema["description"].as_str() {
        html.push_str(&prose(words));
    }
    let Some(fields) = schema["properties"].as_object() else {
        let _ = write!(
            html,
            "<p><span class=type>{}</span></p>",
            kind_of(schema, components)
        );
        return;
    };
    html.push_str("<dl class=fields>");
    let required = schema["required"].as_array();
    for (name, field) in fields {
        let required = required.is_some_and(|all| all.iter().any(|one| one == name));
        write_field(html, name, field, required, components);
        let (meant, _) = resolve(field, components);
        let words = field["description"]
            .as_str()
            .or(meant["description"].as_str());
        if let Some(words) = words {
            let _ = write!(html, "<dd class=more>{}</dd>", words_of(words));
        }
    }
    html.push_str("</dl>");
}

fn write_field(html: &mut String, name: &str, schema: &Value, required: bool, components: &Value) {
    let need = if required {
        ""
    } else {
        " <span class=optional>optional</span>"
    };
    let _ = write!(
        html,
        "<dt><code>{}</code>{need}</dt><dd><span class=type>{}</span></dd>",
        escape(name),
        kind_of(schema, components),
    );
}

/// A type in a few words.
fn kind_of(schema: &Value, components: &Value) -> String {
    let (meant, name) = resolve(schema, components);
    let link = |name: &str| {
        let published = PUBLISHED.contracts.definitions.document(name, "").is_some();
        if published {
            format!("<a href='/api/v1/schema/{0}'>{0}</a>", escape(name))
        } else {
            escape(name)
        }
    };
    if let Some(constant) = meant.get("const") {
        return escape(&constant.to_string());
    }
    if let Some(values) = meant["enum"].as_array() {
        let values: Vec<_> = values
            .iter()
            .map(|value| escape(&value.to_string()))
            .collect();
        return values.join(" or ");
    }
    for union in ["oneOf", "anyOf"] {
        if let Some(several) = meant[union]
            .as_array()
            .filter(|_| meant["properties"].is_null())
        {
            let several: Vec<_> = several.iter().map(|one| kind_of(one, components)).collect();
            return several.join(" or ");
        }
    }
    if meant["type"] == "array" {
        return format!("list of {}", kind_of(&meant["items"], components));
    }
    if let Some(name) = name.filter(|_| meant["type"] == "object") {
        return link(name);
    }
    let words = match &meant["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            words.join(" or ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return name.map_or_else(|| "anything".to_owned(), link);
        }
    };
    match meant["format"].as_str() {
        Some(format) if words.starts_with("string") => words.replace("string", &escape(format)),
        _ => words,
    }
}

/// Paragraphs.
fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|paragraph| !paragraph.is_empty());
    paragraphs.fold(String::new(), |mut html, paragraph| {
        let _ = write!(html, "<p>{}</p>", words_of(paragraph));
        html
    })
}

/// What stands in backquotes is code.
fn words_of(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in escape(text).split('`').enumerate() {
        if place % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(part);
        }
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\'', "&#39;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_section_and_nothing_is_executable() {
        let html = write_page(&PUBLISHED.openapi);
        let paths = PUBLISHED.openapi["paths"].as_object().expect("paths");
        for told in paths
            .values()
            .flat_map(|verbs| verbs.as_object().expect("verbs").values())
        {
            let id = told["operationId"].as_str().expect("a name");
            assert!(html.contains(&format!("<article id='{id}'>")), "{id}");
        }
        for forbidden in [
            "<script", "<style", "style=", "onclick", "http://", "https://",
        ] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn what_is_told_cannot_become_markup() {
        assert_eq!(prose("a `<b>` c"), "<p>a <code>&lt;b&gt;</code> c</p>");
    }
}
