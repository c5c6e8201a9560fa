//! What is a word, and what an index holds of several.

use proptest::prelude::*;

use super::*;

fn keys(text: &str) -> Vec<String> {
    words(&Folded::of(text)).into_iter().map(|word| word.key.into_owned()).collect()
}

#[test]
fn a_text_is_cut_into_words() {
    for (text, expected) in [
        ("计量技术", &["计", "量", "技", "术"][..]),
        ("K型热电偶 calibration", &["k", "型", "热", "电", "偶", "calibr"]),
        ("50mm ± 0.02 mm", &["50", "mm", "0", ".02", "mm"]),
        ("5.", &["5"]),
        ("JJF1059.1, 10.5.3", &["jjf", "1059", ".1", "10", ".5", ".3"]),
        ("GB/T 18204.24—2014", &["gb", "t", "18204", ".24", "2014"]),
        ("manufacturer's gauges", &["manufactur", "s", "gaug"]),
        ("e.g. foo_bar", &["e", "g", "foo", "bar"]),
        ("ﬁlm ５㎜", &["film", "5", "mm"]),
        ("Étalonnage", &["etalonnag"]),
        ("メートル", &["メ", "ー", "ト", "ル"]),
        ("שלום 😀 — …", &["שלום"]),
        ("", &[]),
        ("!?\u{0}。，", &[]),
    ] {
        assert_eq!(keys(text), expected, "{text}");
    }
}

#[test]
fn a_long_word_is_several() {
    let long = "ж".repeat(LONGEST * 2 + 1);
    assert_eq!(keys(&long).iter().map(|key| key.chars().count()).collect::<Vec<_>>(), [LONGEST, LONGEST, 1]);
}

#[test]
fn the_index_holds_words_and_pairs() {
    let folded = Folded::of("K型热电 gauge gauges");
    let words = words(&folded);
    assert_eq!(joined_terms(Sequence::of(&words).as_str()), "gaug k 型 型热 热 热电 电");
    assert_eq!(terms(&words).len(), 7);
    assert_eq!(terms(&[]), BTreeSet::new());
}

#[test]
fn what_parts_characters_parts_their_pairs() {
    for (text, terms, row) in [
        ("量，具", "具 量", " 量 | 具 "),
        ("量。具 ", "具 量", " 量 | 具 "),
        ("量 具", "具 量 量具", " 量 具 "),
        ("量\u{3000}\n具", "具 量 量具", " 量 具 "),
        ("量\u{200b}具", "具 量 量具", " 量 具 "),
        ("か\u{3099}\u{20dd}き", "か\u{3099}\u{20dd} か\u{3099}\u{20dd}き き", " か\u{3099}\u{20dd} き "),
        ("量 \u{20dd}具", "具 量 量具", " 量 具 "),
        ("量(㐀)能", "㐀 能 量", " 量 | 㐀 | 能 "),
        ("量，a，具", "a 具 量", " 量 a 具 "),
        ("，量", "量", " 量 "),
    ] {
        let folded = Folded::of(text);
        let found = Sequence::of(&words(&folded));
        assert_eq!((joined_terms(found.as_str()).as_str(), found.as_str()), (terms, row), "{text}");
    }
}

#[test]
fn words_in_a_row_are_counted() {
    let text = Sequence::of(&words(&Folded::of("能能能 能量 calibrate the gauge, calibrate")));
    let count = |wanted: &str| text.count(&Sequence::of(&words(&Folded::of(wanted))));
    assert_eq!((count("能"), count("能能"), count("能量"), count("calibration")), (4, 2, 1, 2));
    assert_eq!((count("the gauge"), count("gauge the"), count("gaug")), (1, 0, 1));
    assert_eq!(text.length(), 9);
    let parted = Sequence::of(&words(&Folded::of("厚度无法在线测量，具体要求")));
    let count = |wanted: &str| parted.count(&Sequence::of(&words(&Folded::of(wanted))));
    assert_eq!((count("量具"), count("量，具"), count("测量"), count("具体"), parted.length()), (0, 1, 1, 1, 12));
}

proptest! {
    #[test]
    fn every_part_of_a_chinese_text_is_found(
        before in "[一-龥，。、a-z0-9 ]{0,20}",
        part in "[一-龥㐀-䶵豈-龎ぁ-んァ-ヺ]{1,12}",
        after in "[一-龥，。、A-Z0-9 ]{0,20}",
    ) {
        let (whole, part) = (Folded::of(&format!("{before}{part}{after}")), Folded::of(&part));
        let (whole, wanted) = (words(&whole), words(&part));
        prop_assert!(terms(&wanted).is_subset(&terms(&whole)));
        prop_assert!(Sequence::of(&whole).count(&Sequence::of(&wanted)) > 0);
    }

    #[test]
    fn a_text_is_cut_as_the_tables_of_unicode_cut_it(
        text in "([一-龥]|[一-龥][，。、 ][一-龥]|[a-z0-9 .,':_()%-]|[a-z]{1,6}[ .,;:!?)'\"-]|[0-9]{1,4}[ .,%]|[\r\n\t]|[\u{301}\u{200d}\u{ad}ーかカ㐀豈€é]|[\u{1f1e6}\u{1f600}]){0,30}"
    ) {
        let folded = Folded::of(&text);
        let mut expected = Words::of(&folded);
        expected.cut_by_tables(0..folded.text.len());
        prop_assert_eq!(words(&folded), expected.found);
    }

    #[test]
    fn terms_are_in_the_order_of_their_bytes(text in any::<String>()) {
        let folded = Folded::of(&text);
        let joined = joined_terms(Sequence::of(&words(&folded)).as_str());
        let found: Vec<_> = joined.split_terminator(GAP).collect();
        prop_assert!(found.is_sorted_by(|one, next| one < next), "{found:?}");
    }

    #[test]
    fn any_text_is_cut_where_its_characters_end(text in any::<String>()) {
        let mut last = 0;
        for word in words(&Folded::of(&text)) {
            prop_assert!(text.get(word.place.clone()).is_some(), "{word:?}");
            prop_assert!(word.place.end >= last);
            last = word.place.end;
            prop_assert!(!word.key.is_empty());
            // What an index may hold: no space, and of ASCII only small letters, digits and the decimal point.
            prop_assert!(word.key.chars().all(|c| !c.is_whitespace()
                && (!c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.')), "{word:?}");
        }
    }
}
