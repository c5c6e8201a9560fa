//! Texts read a few at a time, so that a search needs no more memory for many of them than for few.

use uuid::Uuid;

use crate::app::App;
use crate::app::internal::confined;
use crate::app::request::Fault;
use crate::domain::actor::Actor;
use crate::store::{Moment, Reading, StoredText, Texts};

/// How many texts are listed at a time.
const LISTED: u32 = 2_000;
/// How much is read at a time: a text weighs so much as it has words, and [`WEIGHT`] besides.
const AT_A_TIME: u32 = 250_000;
/// What a text weighs without its words.
const WEIGHT: u32 = 250;

/// A text that is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Which.
    pub(super) text_id: i64,
    /// Whose.
    pub(super) case_id: Uuid,
    /// How many words it has.
    length: u32,
}

impl Listed {
    /// What is kept of texts whose places were read.
    pub(super) fn all(texts: Vec<StoredText>) -> Vec<Self> {
        let listed = |text: StoredText| Self { text_id: text.text_id, case_id: text.case_id, length: text.length };
        texts.into_iter().map(listed).collect()
    }
}

impl App {
    /// Shows these texts one by one; they come and go with the latest first.
    pub(super) async fn show_texts(
        &self,
        listed: &[Listed],
        reading: Reading,
        show: &mut (impl FnMut(StoredText) + Send),
    ) -> Result<(), Fault> {
        for batch in batches(listed) {
            let these = Texts::These(batch.iter().map(|text| text.text_id).collect());
            self.store.texts(&these, reading).await?.into_iter().for_each(&mut *show);
        }
        Ok(())
    }

    /// Shows what the actor may read of the texts of these cases one by one, the latest first; of these fields where
    /// any are named.
    pub(super) async fn show_texts_of(
        &self,
        actor: &Actor,
        cases: &[Uuid],
        at: Moment,
        fields: &[String],
        reading: Reading,
        show: &mut (impl FnMut(StoredText) + Send),
    ) -> Result<(), Fault> {
        let mut before = None;
        while !cases.is_empty() {
            let (cases, fields) = (cases.to_vec(), fields.to_vec());
            let page = Texts::OfCases { cases, at, fields, confined: confined(actor), before, limit: LISTED };
            let listed = Listed::all(self.store.texts(&page, Reading::Places).await?);
            self.show_texts(&listed, reading, show).await?;
            match listed.last().filter(|_| listed.len() == LISTED as usize) {
                Some(last) => before = Some(last.text_id),
                None => break,
            }
        }
        Ok(())
    }
}

/// Cuts a list where what was listed weighs too much to be read at once. A text that does so by itself stands alone.
fn batches(listed: &[Listed]) -> impl Iterator<Item = &[Listed]> {
    let mut rest = listed;
    std::iter::from_fn(move || {
        let mut weight = 0;
        let fits = rest.iter().take_while(|text| {
            weight += text.length + WEIGHT;
            weight <= AT_A_TIME
        });
        let (batch, later) = rest.split_at(fits.count().max(1).min(rest.len()));
        rest = later;
        (!batch.is_empty()).then_some(batch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heavy_is_read_in_parts() {
        let of = |lengths: &[u32]| -> Vec<usize> {
            let text = |(text_id, length): (i64, &u32)| Listed { text_id, case_id: Uuid::nil(), length: *length };
            let listed: Vec<_> = (0..).zip(lengths).map(text).collect();
            let parts: Vec<_> = batches(&listed).collect();
            assert_eq!(parts.concat(), listed);
            parts.into_iter().map(<[_]>::len).collect()
        };
        assert_eq!(of(&[]), [0; 0]);
        assert_eq!(of(&[7, 7, 7]), [3]);
        assert_eq!(of(&[AT_A_TIME, 1, AT_A_TIME - 2 * WEIGHT - 1, 1]), [1, 2, 1]);
        assert_eq!(of(&[0; 2_000]), [1_000, 1_000]);
    }
}
