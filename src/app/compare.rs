//! What the log makes against what is served, stream by stream: nothing is written and nobody is kept waiting.
//!
//! A commit between two of the reads makes them differ. So whatever differs is looked at again until no event came
//! meanwhile, in ever smaller ranges, and only then told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio_util::task::AbortOnDropHandle;

use crate::app::aggregates::Aggregates;
use crate::app::commanded::Commanded;
use crate::app::replay::Folded;
use crate::app::request::Fault;
use crate::app::streams::Streams;
use crate::app::whole_streams::{WholeStreams, made};
use crate::store::{AggregateType, EventRecord, NumberTaken, RowsCompared, RowsMade, ServedDigest, Store, StreamRange};

/// How many differences of a table are told, of each side; all are counted.
const TOLD: usize = 100;

/// How many events are compared at a time: few enough that what they make is still in the processor's memory when it is
/// compared, and that the texts of both sides stay small.
const COMPARED_PAGE: u32 = 200;

/// How many events of the log are looked through at a time for the numbers that they take.
const LOG_PAGE: u32 = 1_000;

/// Compares all streams.
pub(super) async fn compared(store: Arc<dyn Store>, aggregates: Arc<Aggregates>) -> Result<Folded, Fault> {
    let begun_at = store.head().await?.next_position;
    let terms = {
        let store = store.clone();
        AbortOnDropHandle::new(tokio::spawn(async move { store.unlike_terms().await }))
    };
    let mut streams = WholeStreams::new(store.clone(), COMPARED_PAGE);
    let comparison = Arc::new(Comparison { store, aggregates });
    let mut total = Total::default();
    // Taken up in the order of the keys, as the digests want them.
    let mut pages = VecDeque::new();
    let at_once = available_parallelism().map_or(1, NonZero::get);
    while let Some((range, events)) = streams.next().await? {
        if pages.len() == at_once
            && let Some(page) = pages.pop_front()
        {
            total.add(joined(page).await?);
        }
        pages.push_back(AbortOnDropHandle::new(tokio::spawn(comparison.clone().page_compared(range, events))));
    }
    while let Some(page) = pages.pop_front() {
        total.add(joined(page).await?);
    }
    let strays = comparison.store.stray_rows(total.digest.figures()).await?;
    total.take(strays);
    total.take(joined(terms).await?);
    let series = comparison.series(begun_at, std::mem::take(&mut total.numbers)).await?;
    total.take(series);
    total.folded.served = total.digest.finish();
    Ok(total.folded)
}

/// What a task came to that goes on beside this one; its panic goes on here.
pub(super) async fn joined<T>(task: AbortOnDropHandle<T>) -> T {
    task.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// What the pages have come to.
#[derive(Default)]
struct Total {
    folded: Folded,
    digest: ServedDigest,
    /// The last number of each series.
    numbers: BTreeMap<String, u64>,
    /// How many differences were told of each table and side.
    told: HashMap<(&'static str, bool), usize>,
}

impl Total {
    fn add(&mut self, page: Page) {
        self.folded.commits += page.commits;
        page.numbers.into_iter().for_each(|number| take_number(&mut self.numbers, number));
        page.compared.into_iter().for_each(|compared| self.take(compared));
    }

    fn take(&mut self, compared: RowsCompared) {
        compared.served.iter().for_each(|served| self.digest.take(served));
        self.folded.count += compared.differences.len() as u64;
        for difference in compared.differences {
            let told = self.told.entry((difference.table, difference.is_served)).or_default();
            if *told < TOLD {
                *told += 1;
                self.folded.differences.push(difference);
            }
        }
    }
}

/// What a range of streams has come to.
#[derive(Default)]
struct Page {
    commits: u64,
    /// Stretch by stretch, in order.
    compared: Vec<RowsCompared>,
    numbers: Vec<NumberTaken>,
}

struct Comparison {
    store: Arc<dyn Store>,
    aggregates: Arc<Aggregates>,
}

impl Comparison {
    async fn page_compared(self: Arc<Self>, range: StreamRange, events: Vec<EventRecord>) -> Result<Page, Fault> {
        let mut page = Page::default();
        let mut ranges = vec![(range, events)];
        while let Some((range, events)) = ranges.pop() {
            let (mut rows, mut commits, mut numbers) = (RowsMade::default(), 0, Vec::new());
            for row in made(&self.aggregates, range.aggregate_type, &events) {
                let row = row?;
                commits += 1;
                numbers.extend(row.number_taken.clone());
                rows.add(row);
            }
            let compared = self.store.compare_rows(&range, rows).await?;
            if !compared.differences.is_empty() {
                let later = self.store.events_of_streams(&range, None).await?;
                if later.len() != events.len() {
                    ranges.extend(halves(range, later).into_iter().rev());
                    continue;
                }
            }
            page.commits += commits;
            page.compared.push(compared);
            page.numbers.extend(numbers);
        }
        Ok(page)
    }

    /// The number series, which have no stream of their own: the numbers of the streams and of everything that came
    /// after they were read, against those that are served.
    async fn series(&self, mut read_to: u64, mut made: BTreeMap<String, u64>) -> Result<RowsCompared, Fault> {
        loop {
            let head = self.store.head().await?.next_position;
            while read_to < head {
                let events = self.store.log(read_to.checked_sub(1), None, LOG_PAGE).await?;
                let Some(last) = events.last() else { break };
                read_to = last.position + 1;
                for event in events.iter().filter(|event| event.aggregate_type == AggregateType::Case.as_str()) {
                    if let Some((series, number)) = number_of(&self.aggregates.cases, event)? {
                        take_number(&mut made, NumberTaken { series, number });
                    }
                }
            }
            let all = made.iter().map(|(series, number)| NumberTaken { series: series.clone(), number: *number });
            let compared = self.store.compare_series(&all.collect::<Vec<_>>()).await?;
            if compared.differences.is_empty() || self.store.head().await?.next_position == head {
                return Ok(compared);
            }
        }
    }
}

/// The range in two, each with its streams; one of a single stream, or of none any more, as it is.
fn halves(range: StreamRange, events: Vec<EventRecord>) -> Vec<(StreamRange, Vec<EventRecord>)> {
    let mut first = events;
    let Some(middle) = first.get(first.len() / 2).map(|event| &event.aggregate_id) else {
        return vec![(range, first)];
    };
    // Where the stream in the middle is the first, it is the first half.
    let end = match first.iter().position(|event| event.aggregate_id == *middle) {
        Some(0) | None => first.iter().position(|event| event.aggregate_id != *middle),
        begin => begin,
    };
    let Some(end) = end else { return vec![(range, first)] };
    let second = first.split_off(end);
    let between = Some(first[end - 1].aggregate_id.clone());
    let StreamRange { aggregate_type, after, until } = range;
    vec![
        (StreamRange { aggregate_type, after, until: between.clone() }, first),
        (StreamRange { aggregate_type, after: between, until }, second),
    ]
}

fn take_number(numbers: &mut BTreeMap<String, u64>, taken: NumberTaken) {
    let last = numbers.entry(taken.series).or_default();
    *last = taken.number.max(*last);
}

fn number_of<A: Commanded>(streams: &Streams<A>, event: &EventRecord) -> Result<Option<(String, u64)>, Fault> {
    Ok(A::number_taken(&streams.decode(event)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves_of(streams: &[&str]) -> Vec<(Option<String>, Option<String>, usize)> {
        let event = |id: &&str| EventRecord { aggregate_id: (*id).to_owned(), ..EventRecord::default() };
        let range = StreamRange { aggregate_type: AggregateType::Case, after: None, until: Some("z".to_owned()) };
        let halves = halves(range, streams.iter().map(event).collect());
        halves.into_iter().map(|(range, events)| (range.after, range.until, events.len())).collect()
    }

    #[test]
    fn a_range_is_halved_between_streams_and_one_of_which_nothing_is_left_stays_whole() {
        let id = |id: &str| Some(id.to_owned());
        assert_eq!(halves_of(&["a", "a", "b", "c"]), [(None, id("a"), 2), (id("a"), id("z"), 2)]);
        assert_eq!(halves_of(&["a", "a", "a", "b"]), [(None, id("a"), 3), (id("a"), id("z"), 1)]);
        assert_eq!(halves_of(&["a", "a"]), [(None, id("z"), 2)]);
        assert_eq!(halves_of(&[]), [(None, id("z"), 0)]);
    }
}
