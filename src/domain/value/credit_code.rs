//! The unified social credit code of an organisation, 统一社会信用代码 (GB 32100-2015).
//!
//! 18 characters: registering authority, kind of organisation, division (6), organisation
//! code (9) and a check character. The alphabet leaves out I, O, S, V and Z.
//!
//! The check character `c` satisfies `Σ wᵢ·aᵢ + c ≡ 0 (mod 31)` over the first 17
//! characters, with `wᵢ = 3ⁱ mod 31` (GB 32100-2015). 31 is prime, no weight is
//! 0 and every character has a value of its own below 31, so any single wrong character is
//! caught. So is any exchange of two characters whose weights differ; the weights are
//! powers of a primitive root and differ everywhere but at the first and the last place,
//! both of weight 1: that one exchange is not caught.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::refusal::Code;
use crate::domain::value::{ValueError, quoted};

/// The characters in the order of their values, 0 to 30.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The characters of a code, check character included.
const LENGTH: usize = 18;

/// A unified social credit code with a right check character, in upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UnifiedSocialCreditCode(String);

impl UnifiedSocialCreditCode {
    /// The code, upper-cased; space around it is dropped.
    ///
    /// # Errors
    /// `CREDIT_CODE_LENGTH`, `CREDIT_CODE_CHARACTER` (with its place),
    /// `CREDIT_CODE_CHECK` (with the check character that was expected).
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let code = shaped(text.trim())?;
        let expected = check_character(&code);
        let found = char::from(code.as_bytes()[LENGTH - 1]);
        if found != expected {
            return Err(ValueError::new(
                Code::CreditCodeCheck,
                format!(
                    "the unified social credit code {} ends in {found}, but its first 17 characters need the check character {expected}: at least one character is wrong",
                    quoted(&code)
                ),
            ));
        }
        Ok(Self(code))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UnifiedSocialCreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UnifiedSocialCreditCode {
    type Error = ValueError;

    /// Reads a code that was accepted before: its shape is checked.
    fn try_from(text: String) -> Result<Self, ValueError> {
        shaped(&text).map(Self)
    }
}

/// The code in upper case, if it has 18 characters of the alphabet.
fn shaped(text: &str) -> Result<String, ValueError> {
    let length = text.chars().count();
    if length != LENGTH {
        return Err(ValueError::new(
            Code::CreditCodeLength,
            format!("the unified social credit code {} has {length} characters: it needs {LENGTH}", quoted(text)),
        ));
    }
    let code = text.to_ascii_uppercase();
    if let Some((place, found)) = (1..).zip(code.chars()).find(|(_, c)| value(*c).is_none()) {
        return Err(ValueError::new(
            Code::CreditCodeCharacter,
            format!(
                "the unified social credit code has {} at place {place}: it uses digits and the letters A to Y without I, O, S and V",
                quoted(&found.to_string())
            ),
        ));
    }
    Ok(code)
}

/// The value of a character, 0 to 30.
fn value(character: char) -> Option<usize> {
    ALPHABET.iter().position(|&c| char::from(c) == character)
}

/// The check character of the first 17 characters of a shaped code.
fn check_character(code: &str) -> char {
    let (sum, _) = code.chars().take(LENGTH - 1).fold((0, 1), |(sum, weight), character| {
        let value = value(character).expect("a shaped code has characters of the alphabet");
        ((sum + weight * value) % 31, weight * 3 % 31)
    });
    char::from(ALPHABET[(31 - sum) % 31])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An example code in wide use, and codes that their holders publish: Huawei
    /// Technologies, Tencent Computer Systems, Alibaba (China), Baidu Netcom.
    ///
    /// By hand for 91350100M000100Y43 (M = 21, Y = 30; weights 1 3 9 27 19 26 16 17 20 29
    /// 25 13 8 24 10 30 28): 9 + 3 + 27 + 135 + 0 + 26 + 0 + 0 + 420 + 0 + 0 + 0 + 8 + 0 +
    /// 0 + 900 + 112 = 1640 = 52·31 + 28, and 31 − 28 = 3.
    const VALID: [&str; 5] =
        ["91350100M000100Y43", "914403001922038216", "9144030071526726XG", "91330100799655058B", "91110000802100433B"];

    #[test]
    fn published_codes_are_accepted() {
        for code in VALID {
            assert_eq!(UnifiedSocialCreditCode::parse(code).unwrap().as_str(), code);
        }
        let lower = UnifiedSocialCreditCode::parse(" 9144030071526726xg ").unwrap();
        assert_eq!(lower.to_string(), "9144030071526726XG");
    }

    #[test]
    fn each_mistake_has_its_code() {
        let refused = |text: &str| UnifiedSocialCreditCode::parse(text).unwrap_err();
        assert_eq!(refused("91440300192203821").code, Code::CreditCodeLength);
        let character = refused("91440300I922038216");
        assert_eq!(character.code, Code::CreditCodeCharacter);
        assert!(character.message.contains("\"I\" at place 9"));
        let check = refused("914403001922038217");
        assert_eq!(check.code, Code::CreditCodeCheck);
        assert!(check.message.contains("check character 6"));
    }

    #[test]
    fn the_exchange_of_the_first_and_last_characters_is_the_blind_spot() {
        let exchanged = "31350100M000100Y49";
        assert!(UnifiedSocialCreditCode::parse(exchanged).is_ok());
    }

    #[test]
    fn a_code_from_the_log_needs_only_its_shape() {
        let read = serde_json::from_str::<UnifiedSocialCreditCode>("\"914403001922038217\"");
        assert_eq!(read.unwrap().as_str(), "914403001922038217");
        assert!(serde_json::from_str::<UnifiedSocialCreditCode>("\"9144\"").is_err());
    }

    proptest! {
        #[test]
        fn any_single_wrong_character_is_caught(
            code in prop::sample::select(&VALID[..]),
            place in 0..LENGTH,
            other in prop::sample::select(&ALPHABET[..]),
        ) {
            let mut bytes = code.as_bytes().to_vec();
            prop_assume!(bytes[place] != other);
            bytes[place] = other;
            let changed = String::from_utf8(bytes).unwrap();
            let refused = UnifiedSocialCreditCode::parse(&changed).unwrap_err();
            prop_assert_eq!(refused.code, Code::CreditCodeCheck);
        }

        #[test]
        fn any_exchange_of_neighbours_is_caught(
            code in prop::sample::select(&VALID[..]),
            place in 0..LENGTH - 1,
        ) {
            let mut bytes = code.as_bytes().to_vec();
            prop_assume!(bytes[place] != bytes[place + 1]);
            bytes.swap(place, place + 1);
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert!(UnifiedSocialCreditCode::parse(&changed).is_err());
        }
    }
}
