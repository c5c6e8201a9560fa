//! The command lines of those who answer for the log: its owner, auditors, signers and witnesses.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{AsOf, Command, Database, parse_duration, parse_id};
use crate::config::Overrides;
use crate::domain::value::CaseId;

/// `etalon migrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
A server migrates its database by itself when it starts, if its role owns the tables. Where the log shall be out of a
server's reach, the tables belong to another role: that one runs this command, and the server gets the rights to read,
to add to the log and to write the read rows, and none to change or shorten the log, or to make what others would run.

Examples:
  create role etalon_owner login; create role etalon_server login;
  create database etalon owner etalon_owner encoding 'UTF8' locale 'C' template template0;
  etalon migrate --database postgres://etalon_owner@db/etalon --server-role etalon_server
  etalon serve --database postgres://etalon_server@db/etalon")]
pub struct Migrate {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// PostgreSQL: the role that servers connect as
    #[arg(long, value_name = "ROLE")]
    pub server_role: Option<String>,
}

/// `etalon audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Keys come from the auditor, never from the log: get the log's own from whoever runs it, once, by another way, and a
witness's from the witness. `etalon audit key` prints the key of the log that this installation signs. A log that was
restored from a backup may have had another name: give the key of its present name first.

Nothing of a database is changed before it was looked at: one with an older schema is refused until `etalon migrate`, and
served rows that another version has made are told as not compared, which is not good.

Examples:
  etalon audit export --output bundle
  etalon audit verify bundle --key 'etalon.local/8f0c…+1a2b3c4d+AV…'
  etalon audit replay --key 'etalon.local/8f0c…+1a2b3c4d+AV…' --checkpoint seen
  etalon audit follow --url http://127.0.0.1:8080/graphql --token-file auditor.token --memory seen --key '…'")]
pub struct Audit {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
}

/// The commands of `etalon audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print what the checkpoints of this installation's log are checked with: of the key or the signer that is set;
    /// none is made
    Key,
    /// Write the log, or a part of it, as a bundle that proves itself
    Export(AuditExport),
    /// Verify a bundle, without network or database
    Verify(AuditVerify),
    /// Fold the log again, and compare it with everything that is stored and served
    Replay(AuditReplay),
    /// Write the events of a case with their proofs, verify them, and say what they make of it
    Case(AuditCase),
    /// Keep an eye on a server: each checkpoint must go on from the last one seen
    Follow(AuditFollow),
}

/// `etalon audit export`.
#[derive(Debug, Args)]
pub struct AuditExport {
    /// The folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// Only from this position on: each event then has a proof of its own
    #[arg(long, value_name = "POSITION")]
    pub from: Option<u64>,
    /// Only up to this position
    #[arg(long, value_name = "POSITION")]
    pub to: Option<u64>,
    /// As it was by then: a time (RFC 3339) or a position, which stands for the moment after its command. A whole log
    /// ends where it was sealed last by then, which is told where that is earlier; one with --from ends just there
    #[arg(long, value_name = "TIME|POSITION")]
    pub as_of: Option<AsOf>,
    /// How it is told what was written
    #[arg(long, value_enum, default_value = "text")]
    pub format: VerdictFormat,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// What an auditor brings.
#[derive(Debug, Args)]
pub struct Evidence {
    /// The verifier key of the log, and those of witnesses: repeat the option
    #[arg(long = "key", value_name = "KEY", required = true)]
    pub keys: Vec<String>,
    /// A checkpoint of the log that somebody outside has kept: repeat the option
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub checkpoints: Vec<PathBuf>,
    /// Certificates of authorities for time stamps (PEM)
    #[arg(long, value_name = "FILE")]
    pub authorities: Option<PathBuf>,
    /// What clocks may differ by, with the time from an event to its checkpoint
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration)]
    pub tolerance: SignedDuration,
    /// How the verdict is told
    #[arg(long, value_enum, default_value = "text")]
    pub format: VerdictFormat,
}

/// How a verdict is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum VerdictFormat {
    /// For people.
    Text,
    /// For programs, on one line.
    Json,
}

impl Command {
    /// How the verdict of this command is told, and what keeps it from one; `None` for one that comes to no verdict.
    pub fn verdict_format(&self) -> Option<VerdictFormat> {
        match self {
            Self::Restore(restore) => Some(restore.format),
            Self::Audit(audit) => match &audit.command {
                AuditCommand::Key => None,
                AuditCommand::Export(export) => Some(export.format),
                AuditCommand::Verify(verify) => Some(verify.evidence.format),
                AuditCommand::Replay(replay) => Some(replay.format),
                AuditCommand::Case(case) => Some(case.evidence.format),
                AuditCommand::Follow(follow) => Some(follow.format),
            },
            _ => None,
        }
    }
}

/// `etalon audit verify`.
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// The folder of the bundle
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// What the auditor brings.
    #[command(flatten)]
    pub evidence: Evidence,
}

/// `etalon audit replay`.
#[derive(Debug, Args)]
pub struct AuditReplay {
    /// The verifier key of the log, and those of witnesses; without one, signatures are not looked at
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<String>,
    /// A checkpoint of the log that somebody outside has kept: repeat the option
    #[arg(long = "checkpoint", value_name = "FILE", requires = "keys")]
    pub checkpoints: Vec<PathBuf>,
    /// Certificates of authorities for time stamps (PEM)
    #[arg(long, value_name = "FILE", requires = "keys")]
    pub authorities: Option<PathBuf>,
    /// What clocks may differ by, with the time from an event to its checkpoint
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration)]
    pub tolerance: SignedDuration,
    /// For how long events at the end, or all of them, may be unsealed before that is a fault, by when they were recorded: a
    /// running server seals within a second. Of a copy, which nobody seals, more than it is old
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    pub unsealed_for: SignedDuration,
    /// How the verdict is told
    #[arg(long, value_enum, default_value = "text")]
    pub format: VerdictFormat,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon audit case`.
#[derive(Debug, Args)]
pub struct AuditCase {
    /// The case's UUID, or its global id
    #[arg(value_name = "ID", value_parser = parse_id::<CaseId>)]
    pub id: Uuid,
    /// As it was by then: a time (RFC 3339) or a position, which stands for the moment after its command
    #[arg(long, value_name = "TIME|POSITION")]
    pub as_of: Option<AsOf>,
    /// The folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// What the auditor brings.
    #[command(flatten)]
    pub evidence: Evidence,
    /// The database.
    #[command(flatten)]
    pub database: Database,
}

/// `etalon audit follow`.
#[derive(Debug, Args)]
#[command(after_help = "\
LOG_RENAMED says that the log was put back from a backup and has another name since. It is told until the auditor has
decided; with the key of the old name alone, the new one is what the server says. Get the key of the new name from
whoever runs the log, as the first one; see by `etalon audit replay --key NEW --checkpoint MEMORY`, over their database,
what is lost; and where that is accepted, keep the old memory as a record, and follow on with `--key NEW` and another,
new `--memory`. The key of the old name goes on proving what was proved by it.

With --silent-for, LOG_SILENT says that the log has not grown for so long, by the auditor's own clock: a server that
shows an old checkpoint again and again, or nothing, or answers with errors alone, may keep back what was signed since.
Without it these are warned of and no more. Choose longer than it happens that nobody writes. WITNESS_SILENT says that a
witness whose --key is given has cosigned nothing more for so long, though the log has grown: the server may show it another
log. A checkpoint is cosigned after it is shown, and of many in a second some are: at each look the server is asked for the
latest that the witness has cosigned.")]
pub struct AuditFollow {
    /// The GraphQL of the server, such as https://etalon.example/graphql
    #[arg(long, value_name = "URL")]
    pub url: String,
    /// A file with a bearer token of an auditor; it is read at each look, so it may be renewed meanwhile
    #[arg(long, value_name = "FILE")]
    pub token_file: PathBuf,
    /// Where the last checkpoint that was seen is kept; FILE.since says since when the log has not grown, FILE.witnesses how
    /// far each witness has cosigned it
    #[arg(long, value_name = "FILE")]
    pub memory: PathBuf,
    /// For how long the log may not grow, or a witness cosign nothing of what has grown, before that is an alarm: 12h, 3d;
    /// without it, for ever
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub silent_for: Option<SignedDuration>,
    /// How often to look: 30s, 5m
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_duration)]
    pub every: SignedDuration,
    /// Look once and end
    #[arg(long)]
    pub once: bool,
    /// The verifier key of the log, and those of witnesses: repeat the option
    #[arg(long = "key", value_name = "KEY", required = true)]
    pub keys: Vec<String>,
    /// How each look is told
    #[arg(long, value_enum, default_value = "text")]
    pub format: VerdictFormat,
}

/// `etalon signer`.
#[derive(Debug, Args)]
#[command(after_help = "\
Run it as a user of its own, away from the database: it signs a checkpoint only if the log is proved to go on from what
it signed last, so whoever rewrites the database is found out. Servers need `signer_url`, `signer_key` and a copy of
FOLDER/signer-token. FOLDER/ledger-memory.json is what it has signed: back it up, and never put an old one back.

Examples:
  etalon migrate                                      # at a server: prints the ORIGIN, the name of its log
  etalon signer --folder /var/lib/etalon-signer --listen 127.0.0.1:8081
  etalon signer --folder /var/lib/etalon-signer --key-of etalon.local/8f0c2a51d7e84b1c9a4be3f4a0c5d6e7")]
pub struct Signer {
    /// Where its key and its memory are; made if they are not there
    #[arg(long, value_name = "DIR")]
    pub folder: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub listen: String,
    /// Print what its signatures of the log of this name are checked with, and end; `etalon migrate` tells the name
    #[arg(long, value_name = "ORIGIN")]
    pub key_of: Option<String>,
}

/// `etalon witness`.
#[derive(Debug, Args)]
#[command(after_help = "\
It cosigns by C2SP tlog-witness what the logs with these keys have signed, if it goes on from all that it has seen, with
its own clock. Servers need `witnesses = [\"http://HOST:PORT KEY\"]`, with the KEY that --key prints.

Examples:
  etalon witness --name witness.example/1 --folder /var/lib/etalon-witness --log 'etalon.local/8f0c…+1a2b3c4d+AV…'
  etalon witness --name witness.example/1 --folder /var/lib/etalon-witness --key")]
pub struct Witness {
    /// The name of its key, such as a host with a path
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Where its key and its memory are; made if they are not there
    #[arg(long, value_name = "DIR")]
    pub folder: PathBuf,
    /// The verifier key of a log that it cosigns; may be repeated
    #[arg(long = "log", value_name = "KEY", required_unless_present = "key")]
    pub logs: Vec<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8082")]
    pub listen: String,
    /// Print what its cosignatures are checked with, and end
    #[arg(long)]
    pub key: bool,
}

impl AuditCommand {
    /// What the options say over the other layers of the settings.
    pub fn overrides(&self) -> Overrides {
        match self {
            Self::Export(export) => export.database.overrides(),
            Self::Replay(replay) => replay.database.overrides(),
            Self::Case(case) => case.database.overrides(),
            Self::Key | Self::Verify(_) | Self::Follow(_) => Overrides::default(),
        }
    }
}
