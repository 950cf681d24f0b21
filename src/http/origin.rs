//! Which pages may open a socket here. Native applications send no Origin and bring a token.

use http::{HeaderMap, Uri, header};

use super::guard::host_of;

/// An Origin, where there is one, has this host, or is on the list, exactly.
pub fn is_allowed(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else {
        return false;
    };
    if allowed.iter().any(|one| one.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Ok(page) = origin.parse::<Uri>() else {
        return false;
    };
    let web = matches!(page.scheme_str(), Some("http" | "https"));
    let same_host = page
        .authority()
        .zip(host_of(headers, uri))
        .is_some_and(|(page, host)| page.as_str().eq_ignore_ascii_case(host));
    web && same_host
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn origins_have_our_host_or_are_listed() {
        let listed = ["https://app.example".to_owned()];
        for (origin, expected) in [
            (None, true),
            (Some("http://hub.example:8080"), true),
            (Some("https://hub.example:8080"), true),
            (Some("http://HUB.example:8080"), true),
            (Some("https://app.example"), true),
            (Some("https://app.example:444"), false),
            (Some("http://hub.example"), false),
            (Some("http://hub.example:8080.evil.example"), false),
            (Some("http://evil.example"), false),
            (Some("ftp://hub.example:8080"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("hub.example:8080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            let uri = Uri::from_static("/connection/websocket");
            assert_eq!(is_allowed(&headers, &uri, &listed), expected, "{origin:?}");
        }
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("a"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://a"));
        headers.append(header::ORIGIN, HeaderValue::from_static("http://a"));
        assert!(!is_allowed(&headers, &Uri::from_static("/"), &[]));
    }
}
