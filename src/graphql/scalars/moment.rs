//! A moment as RFC 3339 writes it, and nothing else: the calendar library reads more of ISO 8601, and names of time
//! zones.

use jiff::Timestamp;

/// The moment of a `date-time` (section 5.6), which may have a space for its `T`.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    const DATE_AND_TIME: &[u8] = b"0000-00-00T00:00:00";
    let (date_and_time, rest) = text.as_bytes().split_at_checked(DATE_AND_TIME.len())?;
    let offset = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then(|| &fraction[digits..])?
        }
    };
    let is_offset = match offset {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', of_day @ ..] => has_form(of_day, b"00:00") && of_day < b"24".as_slice(),
        _ => false,
    };
    if !is_offset || !has_form(date_and_time, DATE_AND_TIME) {
        return None;
    }
    // The library reads nine digits of a fraction, and RFC 3339 has no last one.
    let told = text.len() - offset.len();
    let read = told.min(DATE_AND_TIME.len() + ".000000000".len());
    format!("{}{}", &text[..read], &text[told..]).parse().ok()
}

/// Whether it is written like the sample: a digit for each, what separates them as it is there.
fn has_form(text: &[u8], sample: &[u8]) -> bool {
    let fits = |(found, right): (&u8, &u8)| match right {
        b'0' => found.is_ascii_digit(),
        b'T' => matches!(found, b'T' | b't' | b' '),
        _ => found == right,
    };
    text.len() == sample.len() && text.iter().zip(sample).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_else_of_iso_8601_is_read() {
        for text in [
            "2026-10-31T16:00:00Z",
            "2026-10-31t16:00:00.0z",
            "2026-10-31 16:00:00.000000+00:00",
            "2026-10-31T16:00:00.00000000012345Z",
            "2026-11-01T00:00:00+08:00",
            "2026-10-30T16:01:00-23:59",
        ] {
            assert_eq!(read(text).map(|time| time.to_string()).as_deref(), Some("2026-10-31T16:00:00Z"), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-10-31",
            "2026-10-31T16:00:00",
            "20261031T160000Z",
            "2026-10-31T16Z",
            "2026-10-31T16:00Z",
            "2026-10-31T160000Z",
            "2026-10-31_16:00:00Z",
            "2026-10-31T16:00:00.Z",
            "2026-10-31T16:00:00,5Z",
            "2026-10-31T16:00:00+08",
            "2026-10-31T16:00:00+0800",
            "2026-10-31T16:00:00+08:00:00",
            "2026-10-31T16:00:00+24:00",
            "2026-10-31T16:00:00+08:00[Nowhere/City]",
            "2026-10-31T16:00:00+00:00[Asia/Shanghai]",
            "2026-10-31T16:00:00Z ",
            "+002026-10-31T16:00:00Z",
            "2026-02-30T16:00:00Z",
            "２026-10-31T16:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
