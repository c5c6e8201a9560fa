use super::*;

#[test]
fn what_is_counted_is_told() {
    let metrics = Metrics::new();
    metrics.count_appends("conflict", 2);
    metrics.count_request(route("/log/tile/0/x001/067"), 200, 0.02);
    metrics.count_request(route("/of/somebody's/own"), 404, 0.02);
    metrics.count_operation("query", "OK".into(), Duration::from_millis(3));
    metrics.count_refusal("TOO_MANY_CONNECTIONS");
    metrics.commit.observe(0.004);
    let expires = "etalon_tls_certificate_expires_seconds";
    let is_told = |text: &str| text.lines().any(|line| line.starts_with(expires));
    assert!(!is_told(&metrics.text()), "there is no certificate");
    metrics.certificate_expires.get_or_create(&[]).set(1_700_000_000.0);
    let text = metrics.text();
    assert!(is_told(&text), "{text}");
    for line in [
        "# TYPE etalon_appends counter",
        "etalon_appends_total{outcome=\"conflict\"} 2",
        "etalon_appends_total{outcome=\"overloaded\"} 0",
        "etalon_http_requests_total{route=\"/log/tile\",status=\"200\"} 1",
        "etalon_http_requests_total{route=\"other\",status=\"404\"} 1",
        "etalon_graphql_operations_total{operation=\"query\",code=\"OK\"} 1",
        "etalon_refused_total{code=\"TOO_MANY_CONNECTIONS\"} 1",
        "etalon_commit_seconds_count 1",
        "etalon_webhook_lag_events 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|written| written == line), "`{line}` is not in\n{text}");
    }
    assert!(!text.contains("somebody"), "a path is nobody's label");
}
