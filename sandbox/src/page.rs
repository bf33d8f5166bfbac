//! The frame of all hosted pages.

use std::borrow::Cow;

use crate::response::Response;

const STYLE: &str = include_str!("page.css");

/// Escapes text for a page or a quoted attribute.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        c => c.to_string(),
    });
    Cow::Owned(escaped.collect())
}

/// A page with a title and an HTML body.
pub(crate) fn page(status: u16, title: &str, body: &str) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main>\
         <header><span class=\"mode\">Sandbox</span><h1>{title}</h1></header>\n\
         {body}</main></body></html>\n"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
        frame-ancestors 'none'";
    Response::html(status, html)
        .header("content-security-policy", policy)
        .header("cache-control", "no-store")
        // With no referrer at all, a browser would submit this page's form with `Origin: null`.
        .header("referrer-policy", "same-origin")
}

/// Lets the pages of this machine show a page in a frame, with the sandbox's own scripts.
pub(crate) fn framed(response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; \
        base-uri 'none'; frame-ancestors http://127.0.0.1:* http://localhost:* \
        http://*.localhost:* https://127.0.0.1:* https://localhost:* https://*.localhost:*";
    response.header("content-security-policy", policy)
}

/// A page with one message and a link.
pub(crate) fn note(status: u16, title: &str, text: &str, onward: Option<(&str, &str)>) -> Response {
    let link = onward.map(|(url, label)| link(url, label));
    let body = format!(
        "<div class=\"note\"><p>{}</p>{}</div>",
        escape(text),
        link.unwrap_or_default()
    );
    page(status, title, &body)
}

/// A paragraph with a link.
pub(super) fn link(url: &str, label: &str) -> String {
    let (url, label) = (escape(url), escape(label));
    format!("<p><a href=\"{url}\">{label}</a></p>")
}

/// Redirects the browser with a GET.
pub(super) fn see_other(url: &str) -> Response {
    Response::empty(303)
        .header("location", url)
        .header("cache-control", "no-store")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(escape("Mug"), "Mug");
    }
}
