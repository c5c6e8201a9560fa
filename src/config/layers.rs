//! The layers that figment does not have as we need them: variables that are refused when misspelt, and the command line.

use figment::providers::Serialized;
use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

use super::{ConfigError, NAMES, Overrides, PREFIX, nearest, variable};

/// The `ETALON_*` variables, by setting name.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// The test scripts' own `ETALON_TEST_*` are not settings.
    pub(super) fn from_variables(variables: impl Iterator<Item = (String, String)>) -> Self {
        let setting = |(name, value): (String, String)| {
            let name = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            (!name.starts_with("test_")).then_some((name, value))
        };
        Self(variables.filter_map(setting).collect())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(index).1)
    }

    /// A misspelt variable is refused, but one that resembles no setting is somebody else's: Kubernetes gives every
    /// container `ETALON_SERVICE_HOST` and the like when a service is called etalon.
    pub(super) fn refuse_misspelt(&mut self) -> Result<(), ConfigError> {
        self.0.sort();
        for (name, _) in self.0.extract_if(.., |(name, _)| !NAMES.contains(&name.as_str())) {
            if let Some(nearest) = nearest(&name) {
                let origin = "environment variable".to_owned();
                let name = variable(&name);
                return Err(ConfigError::Unknown { name, origin, nearest: Some(nearest) });
            }
        }
        Ok(())
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment variable").interpolater(|_, path| variable(&path.join("_")))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let values = self.0.iter().map(|(name, value)| {
            let parsed: Value = value.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
            (name.clone(), parsed)
        });
        Ok(Map::from([(Profile::Default, values.collect())]))
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
