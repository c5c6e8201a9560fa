//! `etalon dashboard`: a dashboard for Grafana. A test holds its figures against those of `/metrics`.

/// To be imported into Grafana as it is, with any data source of Prometheus.
pub const JSON: &str = include_str!("dashboard.json");
