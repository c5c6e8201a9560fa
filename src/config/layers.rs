//! The layers that figment does not have as we need them: a file some of whose tables are overruled as one setting each,
//! variables that are refused when misspelt, and the command line.

use std::path::Path;

use figment::providers::{Data, Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

use super::{ConfigError, Given, Overrides, PREFIX, nearest, oidc, variable};

/// The file's layer, without the tables that a variable sets: figment joins the tables of all layers, and what the file
/// maps would hold on beside what the installation has put in its place.
pub(super) struct File {
    toml: Data<Toml>,
    /// The settings of `[oidc]` that are such tables.
    overruled: Vec<&'static str>,
}

impl File {
    /// The file there, under the variables.
    pub(super) fn under(environment: &Environment, path: &Path) -> Self {
        let is_set = |table: &&str| environment.0.iter().any(|(name, _)| name.strip_prefix("oidc_") == Some(*table));
        Self { toml: Toml::file_exact(path), overruled: oidc::TABLES.into_iter().filter(is_set).collect() }
    }
}

impl Provider for File {
    fn metadata(&self) -> Metadata {
        self.toml.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut profiles = self.toml.data()?;
        for section in profiles.values_mut().filter_map(|settings| settings.get_mut("oidc")) {
            if let Value::Dict(_, settings) = section {
                settings.retain(|name, _| !self.overruled.contains(&name.as_str()));
            }
        }
        Ok(profiles)
    }
}

/// The `ETALON_*` variables, by setting name.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// What the tests and benches of the house are told by is not for a server.
    pub(super) fn from_variables(variables: impl Iterator<Item = (String, String)>) -> Self {
        let setting = |(name, value): (String, String)| {
            let name = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            let of_tests = ["test_", "bench_", "faults"].into_iter().any(|begin| name.starts_with(begin));
            (!of_tests).then_some((name, value))
        };
        Self(variables.filter_map(setting).collect())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(index).1)
    }

    /// A misspelt variable is refused. One that resembles no setting may be somebody else's, and comes back to be told
    /// of, unless it is one of those that a container gets where a service is called etalon.
    pub(super) fn refuse_misspelt(&mut self) -> Result<Vec<String>, ConfigError> {
        self.0.sort();
        let known = || Given::NAMES.iter().chain(oidc::Given::NAMES).copied();
        let mut unknown = Vec::new();
        for (name, value) in self.0.extract_if(.., |(name, _)| !known().any(|known| known == name)) {
            if let Some(nearest) = nearest(&name, known()) {
                let origin = "environment variable".to_owned();
                let name = variable(&name);
                return Err(ConfigError::Unknown { name, origin, nearest: Some(nearest) });
            }
            if !is_of_a_service(&name, &value) {
                unknown.push(variable(&name));
            }
        }
        Ok(unknown)
    }
}

/// Whether Kubernetes or Docker has set it, for where a service is: `ETALON_SERVICE_HOST`, `ETALON_SERVICE_PORT_HTTP`,
/// `ETALON_PORT` and `ETALON_WEB_PORT_8080_TCP`, which are URLs, and what these end with.
fn is_of_a_service(name: &str, value: &str) -> bool {
    let is_port = name.split('_').any(|word| word == "port");
    let is_of_url = ["_tcp_proto", "_tcp_port", "_tcp_addr", "_udp_proto", "_udp_port", "_udp_addr"];
    name.ends_with("service_host")
        || name.contains("service_port")
        || is_port && (value.contains("://") || is_of_url.into_iter().any(|end| name.ends_with(end)))
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable").interpolater(|_, path| variable(&path.join("_")))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let (mut values, mut of_provider) = (Dict::new(), Dict::new());
        for (name, value) in &self.0 {
            let parsed: Value = value.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
            match name.strip_prefix("oidc_") {
                Some(name) => of_provider.insert(name.to_owned(), parsed),
                None => values.insert(name.clone(), parsed),
            };
        }
        if !of_provider.is_empty() {
            values.insert("oidc".to_owned(), of_provider.into());
        }
        Ok(Map::from([(Profile::Default, values)]))
    }
}

/// The command line's layer, named so in errors.
pub(super) struct CommandLine(pub(super) Overrides);

impl Provider for CommandLine {
    fn metadata(&self) -> Metadata {
        Metadata::named("command line").interpolater(|_, path| format!("--{}", path.join("-").replace('_', "-")))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Serialized::defaults(&self.0).data()
    }
}
