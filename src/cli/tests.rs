use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;

/// The arguments as a shell would split them; no example quotes anything.
fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

fn token(line: &str) -> Token {
    match parse(line).expect("valid").command {
        Command::Token(token) => token,
        other => panic!("a token was asked for, not {other:?}"),
    }
}

#[test]
fn the_definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_example_in_the_help_is_understood() {
    let mut root = Cli::command();
    root.build();
    let mut seen = 0;
    for command in std::iter::once(&root).chain(root.get_subcommands()) {
        let Some(help) = command.get_after_help() else { continue };
        let help = help.to_string().replace("\\\n", " ");
        for line in help.lines().map(str::trim) {
            // What follows three spaces explains the example, and what follows `>` is the shell's.
            let example = line.split("   ").next().unwrap_or_default().split('>').next().unwrap_or_default();
            let words: Vec<_> = example.split_whitespace().skip_while(|word| word.starts_with("ETALON_")).collect();
            if words.first() != Some(&"etalon") {
                continue;
            }
            Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{example}: {error}"));
            seen += 1;
        }
    }
    assert_eq!(seen, 46, "every command shows examples; count a new one here");
}

#[test]
fn roles_are_repeated_or_separated_by_commas() {
    let repeated = token("etalon token --actor a --role lead --role visitor,expert --jurisdiction 44");
    assert_eq!(repeated.roles, ["lead", "visitor", "expert"]);
    assert_eq!(repeated.ttl, SignedDuration::from_hours(12));
}

#[test]
fn a_ttl_is_a_length_of_time() {
    for (text, hours) in [("90m", 1.5), ("12h", 12.0), ("7d", 168.0), ("2w", 336.0), ("P1D", 24.0)] {
        let asked = token(&format!("etalon token --actor a --role auditor --jurisdiction CN --ttl {text}"));
        assert_eq!(asked.ttl.as_secs_f64(), hours * 3_600.0, "{text}");
    }
    for text in ["1month", "1y", "12", "0s", "-1h", "367d", "9999999d", "soon"] {
        let line = format!("etalon token --actor a --role auditor --jurisdiction CN --ttl={text}");
        assert_eq!(parse(&line).expect_err("refused").kind(), ErrorKind::ValueValidation, "{text}");
    }
}

#[test]
fn a_point_in_the_past_is_a_time_or_a_position() {
    assert_eq!("0".parse(), Ok(AsOf::Position(0)));
    assert_eq!("9223372036854775807".parse(), Ok(AsOf::Position(9_223_372_036_854_775_807)));
    let time = AsOf::Time("2026-10-31T16:00:00Z".parse().expect("a timestamp"));
    assert_eq!("2026-11-01T00:00:00+08:00".parse(), Ok(time));
    for bad in ["", "-1", "9223372036854775808", "2026-10-31", "2026-10-31T16:00:00", "now"] {
        assert!(bad.parse::<AsOf>().is_err(), "{bad}");
    }
}

#[test]
fn a_report_is_of_a_day_as_well_and_says_so() {
    let report = |as_of: &str| -> Result<Option<AsOf>, clap::Error> {
        let line = format!("etalon report --jurisdiction 44 --year 2026 --format md --as-of {as_of}");
        match parse(&line)?.command {
            Command::Report(report) => Ok(report.as_of),
            other => panic!("a report was asked for, not {other:?}"),
        }
    };
    let day = report("2026-10-31").expect("valid");
    assert_eq!(day, Some(AsOf::Day("2026-10-31".parse().expect("a day"))));
    let end = "2026-10-31T15:59:59.999999Z".parse().expect("a timestamp");
    assert_eq!(day.and_then(AsOf::time), Some(end));
    for bad in ["2026-02-30", "foo", "9999-12-31", "2026-10-31T16:00:00"] {
        let told = report(bad).expect_err("refused").to_string();
        for form in ["a day such as 2026-10-31,", "41822", "2026-10-31T16:00:00Z"] {
            assert!(told.contains(form), "{bad}: {told}");
        }
    }
}

#[test]
fn a_wrong_command_line_exits_with_two() {
    for line in [
        "etalon",
        "etalon serv",
        "etalon serve --port 1",
        "etalon token --actor a --jurisdiction 44",
        "etalon revoke",
        "etalon revoke --actor a --subject b",
        "etalon import f.xes --format xml --mapping m.toml",
        "etalon import f.xes --format xes",
        "etalon schema --check a --write b",
    ] {
        assert_eq!(parse(line).expect_err("refused").exit_code(), 2, "{line}");
    }
    assert_eq!(parse("etalon export --help").expect_err("help is no command").exit_code(), 0);
}

#[test]
fn options_overrule_the_settings_of_the_same_name() {
    let Command::Serve(serve) =
        parse("etalon serve --database sqlite:a.db --listen 127.0.0.1:1").expect("valid").command
    else {
        panic!("serve was asked for");
    };
    let overrides = serve.overrides();
    assert_eq!(overrides.database.as_deref(), Some("sqlite:a.db"));
    assert_eq!(overrides.listen.as_deref(), Some("127.0.0.1:1"));
    assert_eq!((overrides.data_dir, overrides.key_file), (None, None));
}

#[test]
fn a_demonstration_keeps_out_of_the_installation() {
    let overrides = Demo { folder: None, listen: None }.overrides(Path::new("/tmp/demo"));
    assert_eq!(overrides.database.as_deref(), Some("sqlite:/tmp/demo/etalon.db"));
    assert_eq!(overrides.data_dir.as_deref(), Some(Path::new("/tmp/demo")));
    assert_eq!(overrides.key_file.as_deref(), Some(Path::new("/tmp/demo/token-key.pem")));
    assert_eq!(overrides.listen, None);
}

#[test]
fn the_configuration_file_may_stand_on_either_side_of_the_command() {
    for line in ["etalon --config a.toml serve", "etalon serve --config a.toml"] {
        assert_eq!(parse(line).expect("valid").config, Some(PathBuf::from("a.toml")), "{line}");
    }
}
