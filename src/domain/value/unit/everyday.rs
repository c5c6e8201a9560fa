//! The signs of everyday writing, and the UCUM they stand for.

/// The UCUM for an expression with everyday signs; none where a micro sign stands alone,
/// for `u` would then be the atomic mass unit.
pub(super) fn to_ucum(text: &str) -> Option<String> {
    if let Some((_, code)) = WHOLE_ALIASES.iter().find(|(alias, _)| *alias == text) {
        return Some((*code).to_owned());
    }
    let mut code = String::with_capacity(text.len());
    let mut symbol = String::new();
    let mut annotated = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        annotated = match character {
            '{' => true,
            '}' => false,
            _ => annotated,
        };
        match character {
            _ if annotated => symbol.push(character),
            '.' | '·' | '⋅' => end_symbol(&mut code, &mut symbol, Some('.')),
            '/' | '(' | ')' => end_symbol(&mut code, &mut symbol, Some(character)),
            // The micro sign U+00B5 and the Greek letter U+03BC look the same.
            'µ' | 'μ' => {
                let before_unit = |next: &char| next.is_alphabetic() || *next == '[';
                characters.peek().filter(|next| before_unit(next))?;
                symbol.push('u');
            }
            // Likewise the Greek letter U+03A9 and the ohm sign U+2126.
            'Ω' | '\u{2126}' => symbol.push_str("Ohm"),
            '℃' => symbol.push_str("Cel"),
            '℉' => symbol.push_str("[degF]"),
            '°' => symbol.push_str(match characters.peek() {
                Some('C') => characters.next().map_or("", |_| "Cel"),
                Some('F') => characters.next().map_or("", |_| "[degF]"),
                _ => "deg",
            }),
            '⁻' => symbol.push('-'),
            '¹' => symbol.push('1'),
            '²' => symbol.push('2'),
            '³' => symbol.push('3'),
            _ => symbol.push(character),
        }
    }
    end_symbol(&mut code, &mut symbol, None);
    Some(code)
}

/// A unit by its name, and as it is written.
type Named = (&'static str, &'static str);

/// Symbols that stand alone, what UCUM reads them as, and what many write them for. Taken for either they would silently
/// be wrong for somebody.
pub(super) const MISREAD: [(&str, Named, Named); 12] = [
    ("pH", ("picohenry", "10*-12.H"), ("a pH", "[pH]")),
    ("PH", ("petahenry", "10*15.H"), ("a pH", "[pH]")),
    ("ph", ("phot", "10*4.lx"), ("a pH", "[pH]")),
    ("C", ("coulomb", "A.s"), ("degrees Celsius", "Cel")),
    ("mph", ("milliphot", "10*1.lx"), ("miles per hour", "[mi_i]/h")),
    ("Gs", ("gigasecond", "10*9.s"), ("gauss", "G")),
    ("at", ("attotonne", "10*-18.t"), ("technical atmospheres", "att")),
    ("ft", ("femtotonne", "10*-15.t"), ("feet", "[ft_i]")),
    ("ct", ("centitonne", "10*-2.t"), ("carats", "[car_m]")),
    ("kt", ("kilotonne", "10*3.t"), ("knots", "[kn_i]")),
    ("PS", ("petasiemens", "10*15.S"), ("metric horsepower", "73549875.10*-5.W")),
    ("pt", ("picotonne", "10*-12.t"), ("pints", "[pt_us]")),
];

/// What UCUM reads an expression as, and what many mean by it; none where that is one thing.
pub(super) fn misread_alone(expression: &str) -> Option<(Named, Named)> {
    // Braces may say of which solution.
    let (symbol, braces) = expression.split_at(expression.find('{').unwrap_or(expression.len()));
    let is_alone = braces.find('}').is_none_or(|end| end == braces.len() - 1);
    let found = MISREAD.into_iter().find(|(code, ..)| is_alone && *code == symbol);
    found.map(|(_, read, meant)| (read, meant))
}

/// Expressions people write for others; whole, since some have a solidus or a product.
const WHOLE_ALIASES: [(&str, &str); 5] =
    [("rpm", "{rev}/min"), ("r/min", "{rev}/min"), ("Wh", "W.h"), ("kWh", "kW.h"), ("MWh", "MW.h")];

/// Symbols people write for others, wherever they stand between `.`, `/` and parentheses.
const SYMBOL_ALIASES: [(&str, &str); 5] =
    [("ppm", "[ppm]"), ("ppb", "[ppb]"), ("‰", "[ppth]"), ("mmHg", "mm[Hg]"), ("psi", "[psi]")];

/// Moves a symbol, or what it is an alias for, to the code.
fn end_symbol(code: &mut String, symbol: &mut String, then: Option<char>) {
    let alias = SYMBOL_ALIASES.iter().find(|(alias, _)| alias == symbol);
    code.push_str(alias.map_or(symbol.as_str(), |(_, code)| code));
    code.extend(then);
    symbol.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_signs_become_ucum() {
        for (written, code) in [
            ("°C", "Cel"),
            ("℃", "Cel"),
            ("m°C", "mCel"),
            ("°F", "[degF]"),
            ("°", "deg"),
            ("µm", "um"),
            ("μm", "um"),
            ("µΩ", "uOhm"),
            ("kΩ·m", "kOhm.m"),
            ("ppm", "[ppm]"),
            ("ppm/K", "[ppm]/K"),
            ("%", "%"),
            ("m³", "m3"),
            ("m·s⁻²", "m.s-2"),
            ("r/min", "{rev}/min"),
            ("kWh", "kW.h"),
            (" mmHg ", "mm[Hg]"),
            ("{ppm·x}", "{ppm·x}"),
        ] {
            assert_eq!(to_ucum(written.trim()).unwrap(), code, "{written}");
        }
        assert_eq!(to_ucum("µ"), None);
        assert_eq!(to_ucum("µ/m"), None);
    }
    #[test]
    fn what_may_be_something_else_is_found_where_it_stands_alone() {
        for (code, name) in [
            ("pH", Some("picohenry")),
            ("pH{blood}", Some("picohenry")),
            ("PH", Some("petahenry")),
            ("ph", Some("phot")),
            ("C", Some("coulomb")),
            ("C{bath}", Some("coulomb")),
            ("mph", Some("milliphot")),
            ("Gs", Some("gigasecond")),
            ("at", Some("attotonne")),
            ("ft", Some("femtotonne")),
            ("ct", Some("centitonne")),
            ("kt", Some("kilotonne")),
            ("PS", Some("petasiemens")),
            ("pt", Some("picotonne")),
            ("kt/a", None),
            ("pS", None),
            ("[pH]", None),
            ("pH/m", None),
            ("pH{loop}/m{wire}", None),
            ("nH", None),
            ("C/kg", None),
            ("pC", None),
            ("Cel", None),
            ("G", None),
            ("att", None),
            ("m", None),
            ("{C}", None),
            ("", None),
            ("°", None),
        ] {
            assert_eq!(misread_alone(code).map(|((name, _), _)| name), name, "{code}");
        }
    }
}
