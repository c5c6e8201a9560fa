//! Signed notes (C2SP signed-note): a text and the lines of those who sign it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A note has at most so many signatures.
const MOST_SIGNATURES: usize = 100;

/// What tells keys of one name apart.
pub type KeyId = [u8; 4];

/// What a key signs, and how its signatures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the text.
    Ed25519,
    /// Ed25519 over a time and the text (C2SP tlog-cosignature, v1).
    Cosignature,
}

impl Algorithm {
    /// The signature type byte.
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// Why a text is no key, no signature or no note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A verifier key is written otherwise.
    #[error("a verifier key is NAME+ID+KEY: {0}")]
    Key(&'static str),
    /// A key has no such name.
    #[error("a key's name is not empty and has neither spaces nor `+`")]
    Name,
    /// A note is written otherwise.
    #[error("no signed note: {0}")]
    Malformed(&'static str),
    /// Nobody who is known has signed it.
    #[error("none of its {signatures} signatures is by a known key")]
    Unsigned {
        /// How many it has.
        signatures: usize,
    },
    /// A known key's signature is not of this text.
    #[error("the signature of {name} is not of this text")]
    BadSignature {
        /// The name of the key.
        name: String,
    },
}

/// The key that somebody's signatures are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    key: VerifyingKey,
}

impl VerifierKey {
    /// A key of that name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, algorithm: Algorithm, key: VerifyingKey) -> Result<Self, NoteError> {
        let is_sound = !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+');
        match is_sound {
            true => Ok(Self { name: name.to_owned(), algorithm, key }),
            false => Err(NoteError::Name),
        }
    }

    /// The same key under another name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn named(&self, name: &str) -> Result<Self, NoteError> {
        Self::new(name, self.algorithm, self.key)
    }

    /// Whose it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it checks.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The first bytes of SHA-256 over the name, the algorithm and the key.
    pub fn id(&self) -> KeyId {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.algorithm.byte()])
            .chain_update(self.key.as_bytes())
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Whether it is one of those who have signed the note.
    ///
    /// # Errors
    /// When it is no note, or not signed by this key.
    pub fn has_signed(&self, note: &str) -> Result<(), NoteError> {
        Note::parse(note)?.verify(std::slice::from_ref(self)).map(drop)
    }

    /// What the signature says of the text: the time, for a cosignature.
    fn verify(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        let (time, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, signature),
            Algorithm::Cosignature => {
                let (time, signature) = signature.split_first_chunk()?;
                (Some(u64::from_be_bytes(*time)).filter(|time| *time <= i64::MAX as u64).map(Some)?, signature)
            }
        };
        let signature = Signature::from_slice(signature).ok()?;
        self.key.verify_strict(signed_text(text, time).as_bytes(), &signature).ok().map(|()| time)
    }
}

/// The bytes that are signed.
fn signed_text(text: &str, time: Option<u64>) -> String {
    match time {
        None => text.to_owned(),
        Some(time) => format!("cosignature/v1\ntime {time}\n{text}"),
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.algorithm.byte()];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("there are not three parts"));
        };
        let key = STANDARD.decode(key).map_err(|_| NoteError::Key("the key is no Base64"))?;
        let (algorithm, key) = match key.split_first() {
            Some((0x01, key)) => (Algorithm::Ed25519, key),
            Some((0x04, key)) => (Algorithm::Cosignature, key),
            _ => return Err(NoteError::Key("the key is neither of Ed25519 nor of cosignatures")),
        };
        let key = key.try_into().map_err(|_| NoteError::Key("a key of Ed25519 has 32 bytes"))?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::Key("the key is no point of the curve"))?;
        let read = Self::new(name, algorithm, key)?;
        if format!("{:08x}", u32::from_be_bytes(read.id())) != id {
            return Err(NoteError::Key("the id is not that of the name and the key"));
        }
        Ok(read)
    }
}

/// The key that somebody signs with.
#[derive(Clone)]
pub struct NoteSigner {
    verifier: VerifierKey,
    key: SigningKey,
}

impl NoteSigner {
    /// A signer of that name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, algorithm: Algorithm, key: SigningKey) -> Result<Self, NoteError> {
        Ok(Self { verifier: VerifierKey::new(name, algorithm, key.verifying_key())?, key })
    }

    /// What its signatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Its signature line of the text, with the newline; `time` is when, in seconds since the Unix epoch, and counts
    /// for a cosignature alone.
    pub fn sign(&self, text: &str, time: u64) -> String {
        let time = (self.verifier.algorithm == Algorithm::Cosignature).then_some(time);
        let mut signature = self.verifier.id().to_vec();
        signature.extend(time.iter().flat_map(|time| time.to_be_bytes()));
        signature.extend_from_slice(&self.key.sign(signed_text(text, time).as_bytes()).to_bytes());
        format!("\u{2014} {} {}\n", self.verifier.name, STANDARD.encode(signature))
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteSigner").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// A note as it is written; nothing of it is to be believed before it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
    written: String,
}

/// A signature that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose key it is.
    pub key: VerifierKey,
    /// When it was made by the clock of a cosigner, in seconds since the Unix epoch.
    pub time: Option<u64>,
    /// The line, with its newline.
    pub line: String,
}

impl Verified {
    /// When it was made, for a cosignature; the end of time for one that is beyond any calendar, which is to come.
    pub fn at(&self) -> Option<Timestamp> {
        let time = |seconds| i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        Some(time(self.time?).unwrap_or(Timestamp::MAX))
    }
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] and [`NoteError::Name`].
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Malformed("it has a control character"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line parts text and signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let mut read = Self { text: text.to_owned(), lines: Vec::new() };
        for line in lines.split_inclusive('\n') {
            read.lines.push(Line::parse(line)?);
        }
        match read.lines.len() {
            0 => Err(NoteError::Malformed("it has no signature")),
            1..=MOST_SIGNATURES => Ok(read),
            _ => Err(NoteError::Malformed("it has more than 100 signatures")),
        }
    }

    /// The text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names and ids of the keys that it says to be signed with; nothing of that is verified.
    pub fn signers(&self) -> impl Iterator<Item = (&str, KeyId)> {
        self.lines.iter().map(|line| (line.name.as_str(), line.id))
    }

    /// The signatures by these keys; others are ignored.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] where one of a known key is not of the text, [`NoteError::Unsigned`] where there is
    /// none of a known key.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Verified>, NoteError> {
        let mut verified: Vec<Verified> = Vec::new();
        for line in &self.lines {
            let Some(key) = keys.iter().find(|key| key.name == line.name && key.id() == line.id) else { continue };
            if verified.iter().any(|earlier| earlier.key == *key) {
                continue;
            }
            let time = key.verify(&self.text, &line.signature);
            let time = time.ok_or_else(|| NoteError::BadSignature { name: key.name.clone() })?;
            verified.push(Verified { key: key.clone(), time, line: line.written.clone() });
        }
        if verified.is_empty() {
            return Err(NoteError::Unsigned { signatures: self.lines.len() });
        }
        Ok(verified)
    }
}

impl Line {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed("a signature line is `— NAME SIGNATURE`");
        let rest = line.strip_suffix('\n').and_then(|line| line.strip_prefix("\u{2014} ")).ok_or(malformed.clone())?;
        let (name, signature) = rest.split_once(' ').ok_or(malformed)?;
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c == '+') {
            return Err(NoteError::Name);
        }
        let bytes = STANDARD.decode(signature).map_err(|_| NoteError::Malformed("a signature is no Base64"))?;
        let Some((id, signature)) = bytes.split_first_chunk::<4>().filter(|(_, signature)| !signature.is_empty())
        else {
            return Err(NoteError::Malformed("a signature is too short"));
        };
        Ok(Self { name: name.to_owned(), id: *id, signature: signature.to_vec(), written: line.to_owned() })
    }
}

#[cfg(test)]
mod tests;
