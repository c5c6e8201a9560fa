use std::fs;

use super::*;

/// The settings of a TOML file, some variables and a command line, without the process's own environment.
pub(super) fn settings(toml: &str, variables: &[(&str, &str)], overrides: Overrides) -> Result<Settings, ConfigError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("given.toml");
    fs::write(&file, toml).expect("written");
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::from_layers(Some(&file), variables, overrides)
}

pub(super) fn refusal(toml: &str, variables: &[(&str, &str)], overrides: Overrides) -> String {
    settings(toml, variables, overrides).expect_err("refused").to_string()
}

#[test]
fn defaults_need_no_file() {
    let defaults = settings("", &[], Overrides::default()).expect("valid");
    assert_eq!(defaults.database.as_str(), "sqlite:etalon-data/etalon.db");
    assert_eq!(defaults.database_timeout.as_secs(), 30);
    assert_eq!(defaults.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(defaults.key_file, Path::new("etalon-data/token-key.pem"));
    assert_eq!(defaults.log_format, LogFormat::Text);
    assert_eq!(defaults.log_level, "info");
    assert_eq!(defaults.escalate_after_working_days, 10);
    assert_eq!(defaults.requests.body_limit_bytes, 8_388_608);
    let webhooks = defaults.webhooks;
    assert_eq!(webhooks.key_file, Path::new("etalon-data/webhook-key"));
    assert_eq!((webhooks.networks, webhooks.attempts), (Vec::new(), 10));
    assert_eq!((webhooks.first_retry.as_secs(), webhooks.timeout.as_secs()), (5, 15));
    let requests = defaults.requests;
    assert_eq!((requests.query_timeout.as_secs(), requests.statement_timeout.as_secs()), (10, 5));
    assert_eq!((defaults.telemetry.metrics_listen, defaults.telemetry.otlp_endpoint), (None, None));
    let connections = defaults.connections;
    assert_eq!((connections.concurrent_requests, connections.database_queue), (1_000, 1_000));
    assert_eq!((connections.connections, connections.connections_per_address), (4_096, 4_096));
    assert_eq!((connections.unsent_limit_bytes, connections.header_field_limit), (268_435_456, 100));
    assert_eq!(connections.arriving_limit_bytes, 268_435_456);
    assert_eq!((connections.actor_cost_per_second, connections.actor_cost_burst), (50_000, 2_000_000));
    assert_eq!((connections.header_timeout.as_secs(), connections.body_timeout.as_secs()), (15, 30));
    assert_eq!(connections.shutdown_timeout.as_secs(), 20);
    assert_eq!((connections.tls, connections.allowed_origins, connections.hosts), (None, Vec::new(), Vec::new()));
    assert_eq!(defaults.streams.connections, 20_000);
    assert_eq!(defaults.streams.operations_per_connection, 20);
}

#[test]
fn what_is_no_toml_is_told_on_one_line() {
    let refused = refusal("listen = '127.0.0.1:1'\ndatabase = 'cut off\n", &[], Overrides::default());
    assert!(refused.contains("parse error at line 2, column ") && !refused.contains(['\n', '|']), "{refused}");
}

#[test]
fn origins_are_a_list_or_a_text() {
    let both = ["https://a.example".to_owned(), "http://b.example:8080".to_owned()];
    let list = "allowed_origins = ['https://a.example', 'http://b.example:8080']";
    let text = [("ETALON_ALLOWED_ORIGINS", "https://a.example, http://b.example:8080")];
    assert_eq!(settings(list, &[], Overrides::default()).expect("valid").connections.allowed_origins, both);
    assert_eq!(settings("", &text, Overrides::default()).expect("valid").connections.allowed_origins, both);
    for no_origin in ["a.example", "https://", "https://a.example/", "*"] {
        let toml = format!("allowed_origins = ['{no_origin}']");
        assert!(settings(&toml, &[], Overrides::default()).is_err(), "{no_origin}");
    }
}

#[test]
fn hosts_are_names_without_ports() {
    let named = settings("", &[("ETALON_HOSTS", "etalon.example., [2001:db8::1], 2001:db8::2")], Overrides::default())
        .expect("valid");
    assert_eq!(named.connections.hosts, ["etalon.example.", "[2001:db8::1]", "[2001:db8::2]"]);
    for no_host in
        ["etalon.example:8080", "https://etalon.example", "", "*", "[etalon]", ".", "etalon..example", ".etalon"]
    {
        let refused = refusal(&format!("hosts = ['{no_host}']"), &[], Overrides::default());
        assert!(refused.contains("is no name of a host such as etalon.example"), "{refused}");
    }
}

#[test]
fn an_address_may_have_all_connections_until_something_else_is_said() {
    let some = settings("connections = 100", &[], Overrides::default()).expect("valid").connections;
    assert_eq!((some.connections, some.connections_per_address), (100, 100));
}

#[test]
fn a_certificate_and_its_key_belong_together() {
    let both = settings("tls_certificate = 'a.pem'\ntls_key = 'b.pem'", &[], Overrides::default()).expect("valid");
    let files = TlsFiles { certificate: "a.pem".into(), key: "b.pem".into() };
    assert_eq!(both.connections.tls, Some(files));
    for one in ["tls_certificate = 'a.pem'", "tls_key = 'b.pem'"] {
        let refused = refusal(one, &[], Overrides::default());
        assert!(refused.starts_with("`tls_certificate` and `tls_key` belong together"), "{refused}");
    }
}

#[test]
fn each_layer_overrules_the_one_before() {
    let toml = "database = 'sqlite:file.db'\nlisten = '127.0.0.1:1'\nlog_level = 'warn'";
    let variables = [("ETALON_LISTEN", "127.0.0.1:2"), ("ETALON_DATABASE", "sqlite:variable.db")];
    let overrides = Overrides { database: Some("sqlite:argument.db".into()), ..Overrides::default() };
    let merged = settings(toml, &variables, overrides).expect("valid");
    assert_eq!(merged.log_level, "warn");
    assert_eq!(merged.listen.port(), 2);
    assert_eq!(merged.database.as_str(), "sqlite:argument.db");
}

#[test]
fn a_log_filter_is_a_level_or_parts_of_a_module_and_a_level() {
    for filter in ["info", "WARN", "off", "info,etalon::store=debug", "warn,tower_http=info", "etalon=trace"] {
        let toml = format!("log_level = '{filter}'");
        assert_eq!(settings(&toml, &[], Overrides::default()).expect("valid").log_level, filter);
    }
}

#[test]
fn the_database_and_the_key_follow_the_data_folder() {
    let moved = settings("data_dir = '/srv/etalon'", &[], Overrides::default()).expect("valid");
    assert_eq!(moved.database.as_str(), "sqlite:/srv/etalon/etalon.db");
    assert_eq!(moved.key_file, Path::new("/srv/etalon/token-key.pem"));
    let apart = settings("data_dir = '/srv/etalon'\nkey_file = '/etc/etalon/key.pem'", &[], Overrides::default());
    assert_eq!(apart.expect("valid").key_file, Path::new("/etc/etalon/key.pem"));
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("named.toml");
    fs::write(&file, "log_format = 'json'").expect("written");
    let variable = || [("ETALON_CONFIG".to_owned(), file.display().to_string())].into_iter();
    let named = Settings::from_layers(None, variable(), Overrides::default()).expect("valid");
    assert_eq!(named.log_format, LogFormat::Json);
    fs::remove_file(&file).expect("removed");
    let refused = Settings::from_layers(None, variable(), Overrides::default()).expect_err("refused").to_string();
    assert_eq!(refused, format!("there is no configuration file {}", file.display()));
    let device = Settings::from_layers(Some(Path::new("/dev/zero")), std::iter::empty(), Overrides::default());
    let refused = device.expect_err("refused").to_string();
    assert_eq!(refused, "the configuration file /dev/zero is no regular file");
}

#[test]
fn a_misspelt_setting_is_refused_with_the_nearest_one() {
    let refused = refusal("databse = 'sqlite:x'", &[], Overrides::default());
    assert!(refused.starts_with("there is no setting `databse` (TOML file "), "{refused}");
    assert!(refused.ends_with("given.toml); did you mean `database`?"), "{refused}");
    let refused = refusal("colour = 'red'", &[], Overrides::default());
    assert!(refused.starts_with("there is no setting `colour`") && !refused.contains("did you mean"), "{refused}");
    assert_eq!(
        refusal("", &[("ETALON_LOGLEVEL", "info")], Overrides::default()),
        "there is no setting `ETALON_LOGLEVEL` (environment variable); did you mean `log_level`?"
    );
}

#[test]
fn a_variable_that_resembles_no_setting_is_told_unless_it_is_known_to_be_of_others() {
    let of_others = [
        ("ETALON_SERVICE_HOST", "10.0.0.1"),
        ("ETALON_SERVICE_PORT_HTTP", "8080"),
        ("ETALON_PORT", "tcp://10.0.0.1:8080"),
        ("ETALON_WEB_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("ETALON_WEB_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("ETALON_TEST_POSTGRES", "postgres:///x"),
        ("ETALON_BENCH_DATA", "/data"),
        ("ETALON_FAULTS", "long"),
        ("LISTEN", "nowhere"),
    ];
    let known = settings("", &of_others, Overrides::default()).expect("valid");
    assert_eq!(known.unknown_variables, Vec::<String>::new());
    let ours = [("ETALON_NOSUCH", "1"), ("ETALON_PORT", "8080")];
    let told = settings("", &ours, Overrides::default()).expect("valid").unknown_variables;
    assert_eq!(told, ["ETALON_NOSUCH", "ETALON_PORT"]);
}

#[test]
fn a_bad_value_names_its_setting_and_its_source() {
    let cases = [
        ("body_limit_bytes = 12", None, None, "`body_limit_bytes` (TOML file "),
        ("listen = 8080", None, None, "8080 is given where a text in quotation marks belongs"),
        ("listen = '8080'", None, None, "`8080` is no address with a port, such as 127.0.0.1:8080"),
        (
            "body_limit_bytes = '5000'",
            None,
            None,
            "the text `5000` is given where a whole number from 1024 to 1073741824 belongs",
        ),
        ("body_limit_bytes = -5", None, None, "-5 is not from 1024 to 1073741824"),
        (
            "body_limit_bytes = 5000.5",
            None,
            None,
            "5000.5 is given where a whole number from 1024 to 1073741824 belongs",
        ),
        ("body_limit_bytes = [5000]", None, None, "a list is given where a whole number from 1024 "),
        (
            "webhook_networks = 5",
            None,
            None,
            "5 is given where a list of texts, or one text with commas between them, belongs",
        ),
        ("hosts = [5]", None, None, "`hosts.0` (TOML file "),
        ("hosts = true", None, None, "true is given where a list of texts, or one text "),
        ("oidc = 3", None, None, "3 is given where the section `[oidc]` with settings of its own belongs"),
        ("log_format = 1", None, None, "1 is given where a text in quotation marks belongs"),
        ("data_dir = 5", None, None, "5 is given where a text in quotation marks belongs"),
        ("database = 'sqlite:'", None, None, "a database is `sqlite:FILE` or"),
        (
            "",
            Some(("ETALON_PAGE_LIMIT", "99999999999999999999999")),
            None,
            "the text `99999999999999999999999` is given where a whole number from 10 to 1000 belongs",
        ),
        ("log_format = 'xml'", None, None, "`xml` is none of text, json"),
        ("log_level = 'etalon=loud'", None, None, "`etalon=loud` is no log filter: write one of off, error, warn,"),
        ("log_level = 'inof'", None, None, "`inof` is no log filter"),
        ("log_level = 'info,etalon'", None, None, "`etalon` is no log filter"),
        ("log_level = 'info;warn'", None, None, "`info;warn` is no log filter"),
        ("log_level = 'etalon::store'", None, None, "`etalon::store` is no log filter"),
        ("log_level = 'warn, etalon=debug'", None, None, "` etalon=debug` is no log filter"),
        ("log_level = 'verbose!'", None, None, "`verbose!` is no log filter"),
        ("log_level = 'info,etalon='", None, None, "`etalon=` is no log filter"),
        ("", Some(("ETALON_LOG_LEVEL", "")), None, "`` is no log filter"),
        ("metrics_listen = '9464'", None, None, "`metrics_listen` (TOML file "),
        ("otlp_endpoint = '127.0.0.1:4318'", None, None, "a collector is a URL such as http://127.0.0.1:4318"),
        ("otlp_endpoint = 'http://me:s3cret@c.example'", None, None, "without user and password"),
        ("listen = ", None, None, "given.toml: TOML parse error"),
        ("", Some(("ETALON_BODY_LIMIT_BYTES", "many")), None, "`ETALON_BODY_LIMIT_BYTES` (environment variable): "),
        ("", Some(("ETALON_ESCALATE_AFTER_WORKING_DAYS", "0")), None, "0 is not from 1 to 365"),
        ("", None, Some("nowhere"), "`--listen` (command line): "),
    ];
    for (toml, variable, listen, expected) in cases {
        let overrides = Overrides { listen: listen.map(str::to_owned), ..Overrides::default() };
        let refused = refusal(toml, variable.as_slice(), overrides);
        assert!(refused.contains(expected), "`{expected}` is not in: {refused}");
    }
}

#[test]
fn no_path_is_empty() {
    let files = [
        "data_dir",
        "key_file",
        "data_keys_dir",
        "webhook_key_file",
        "tls_certificate",
        "tls_key",
        "ledger_key_file",
        "ledger_memory_file",
        "signer_token_file",
        "oidc.ca_file",
    ];
    for name in files {
        let refused = refusal(&format!("{name} = ''"), &[], Overrides::default());
        assert!(refused.starts_with(&format!("`{name}` (TOML file ")), "{refused}");
        assert!(refused.contains("the path is empty: write one"), "{refused}");
    }
    let refused = refusal("", &[("ETALON_DATA_DIR", "")], Overrides::default());
    assert!(refused.starts_with("`ETALON_DATA_DIR` (environment variable): the path is empty"), "{refused}");
}

#[test]
fn every_list_takes_the_same() {
    let lists = [
        ("webhook_networks", "10.1.0.0/16", "`` is no network"),
        ("hosts", "etalon.example", "`` is no name of a host"),
        ("allowed_origins", "https://a.example", "`` is no origin"),
        ("witnesses", "https://w.example w.example+1a2b3c4d+AV", "`` is no witness"),
    ];
    for (name, item, refused_as) in lists {
        for gap in [format!("{item}, ,"), format!("{item},"), ",".to_owned()] {
            let refused = refusal(&format!("{name} = '{gap}'"), &[], Overrides::default());
            assert!(refused.contains(refused_as), "{name} = {gap}: {refused}");
        }
        let refused = refusal(&format!("{name} = ['{item}', '']"), &[], Overrides::default());
        assert!(refused.contains(refused_as), "{name}: {refused}");
        let variable = format!("ETALON_{}", name.to_ascii_uppercase());
        for none in ["", " "] {
            let settings = settings("", &[(variable.as_str(), none)], Overrides::default()).expect("an empty list");
            let connections = &settings.connections;
            assert!(settings.webhooks.networks.is_empty() && settings.ledger.witnesses.is_empty(), "{name}");
            assert!(connections.hosts.is_empty() && connections.allowed_origins.is_empty(), "{name}");
        }
        assert!(settings(&format!("{name} = '{item}'"), &[], Overrides::default()).is_ok(), "{name}");
    }
}

#[test]
fn logins_are_never_shown() {
    let cases = [
        ("postgres://etalon:s3cret@db.example:5432/etalon", "postgres://db.example:5432/etalon"),
        ("postgres://etalon:s3@cret@db.example/etalon", "postgres://db.example/etalon"),
        ("postgres://etalon:s3/cret@db.example/etalon", "postgres://db.example/etalon"),
        (
            "postgres://etalon:s3/c@ret@[2001:db8::1]:5432/etalon?sslmode=require",
            "postgres://[2001:db8::1]:5432/etalon",
        ),
        ("postgres://etalon:s3?cret@db.example/etalon", "postgres://…"),
        ("postgres://etalon:s3#cret@db.example/etalon", "postgres://…"),
        ("postgres://db.example/etalon?password=s3@cret", "postgres://…"),
        ("postgres://etalon:s3cret", "postgres://…"),
        ("postgres://", "postgres://…"),
        ("postgres://etalon@[2001:db8::1]/etalon", "postgres://[2001:db8::1]/etalon"),
        ("postgres:///etalon?host=/run/postgresql&password=s3cret", "postgres:///etalon"),
        ("postgresql://db.example/etalon", "postgresql://db.example/etalon"),
        ("sqlite:etalon-data/etalon.db", "sqlite:etalon-data/etalon.db"),
    ];
    for (url, shown) in cases {
        let parsed = DatabaseUrl::try_from(url.to_owned()).expect("valid");
        assert_eq!(parsed.to_string(), shown);
        assert_eq!(format!("{parsed:?}"), format!("{shown:?}"));
        assert_eq!(parsed.as_str(), url);
    }
    let refused = refusal("", &[("ETALON_DATABASE", "mysql://etalon:s3cret@db.example/etalon")], Overrides::default());
    assert!(refused.starts_with("`ETALON_DATABASE` (environment variable): ") && !refused.contains("s3cret"));
}

#[test]
fn networks_are_a_list() {
    let networks = settings("webhook_networks = '10.1.0.0/16, fd00:1::/32'", &[], Overrides::default());
    let expected = ["10.1.0.0/16", "fd00:1::/32"].map(|network| network.parse().expect("a network"));
    assert_eq!(networks.expect("valid").webhooks.networks, expected);
    let listed = settings("webhook_networks = ['10.1.0.0/16', 'fd00:1::/32']", &[], Overrides::default());
    assert_eq!(listed.expect("valid").webhooks.networks, expected);
    let one = settings("", &[("ETALON_WEBHOOK_NETWORKS", "127.0.0.0/8")], Overrides::default()).expect("valid");
    assert_eq!(one.webhooks.networks.len(), 1);
    let refused = refusal("webhook_networks = '10.1.0.0/16,intranet'", &[], Overrides::default());
    assert!(refused.contains("`intranet` is no network such as `10.1.0.0/16`"), "{refused}");
}
