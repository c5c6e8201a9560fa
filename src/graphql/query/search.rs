//! Cases that are found by words.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::{AggregateType, Condition, Found, Hit, Keep, Moment, Search, Shown, StoredCase, time_of};
use crate::domain::refusal::{Code, Refusal};
use crate::graphql::connection::{self, Beyond, PageInfo, Slice};
use crate::graphql::context::{actor, app, reached};
use crate::graphql::filter::CaseFilter;
use crate::graphql::limits::NamedLimit;
use crate::graphql::query::Viewpoint;
use crate::graphql::read_at::ReadAt;
use crate::graphql::scalars::{Cursor, DateTime, Position};
use crate::graphql::types::case::CaseNode;
use crate::graphql::words::SearchField;
use crate::graphql::{errors, ids};
use crate::search::question::{MOST_CHARACTERS, MOST_PARTS, NoQuestion, Question};

/// How much of a digest stands in a cursor: enough that no two questions are taken for each other by chance.
const PRINT_BYTES: usize = 8;

#[derive(Default)]
pub(crate) struct SearchQuery(pub(super) Viewpoint);

/// Search.
#[Object]
impl SearchQuery {
    /// 全文检索: the cases whose title, measurand, problem, findings, solutions, lessons, techniques, trials, services or comments hold what you look for, the best first, of those that you may see.
    ///
    /// Words are parted by spaces and all have to be there, in any order and anywhere in the case. Chinese characters with neither space nor punctuation between them have to stand in a row (`计量技术`), and so do words in quotation marks. What has a minus before it must not be there, but for a number, which is looked for whatever its sign (`-40℃`): `-"40"` leaves it out. Case, accents, full width and English endings do not count; punctuation only parts words. At most 200 characters and 16 words or quotations.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "检索词: what to look for, such as `K型热电偶 calibration` or `\"thermocouple drift\" -furnace`."
        )]
        query: String,
        #[graphql(desc = "筛选: only in these cases.")] filter: Option<CaseFilter>,
        #[graphql(
            desc = "Forward: at most so many from the beginning, up to `largestPage`; 50 when neither this nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only after this place.")] after: Option<Cursor>,
        #[graphql(desc = "Backward: at most so many from the end, up to `largestPage`.")] last: Option<i32>,
        #[graphql(desc = "Only before this place.")] before: Option<Cursor>,
        #[graphql(desc = "Waits until this position is seen.")] min_position: Option<Position>,
    ) -> Option<Result<SearchConnection>> {
        errors::nullable(async {
            reached(ctx, min_position).await?;
            let slice = Slice::read(ctx, first, after, last, before)?;
            let question = read(&query)?;
            let places = slice.places(connection::decode::<Place>)?;
            let (read, now) = match places.read_at(|place| (place.read(), place.now))? {
                Some((read, now)) => (read.continued(ctx, self.0).await?, now),
                None => (self.settled(ctx).await?, self.0.time.unwrap_or_else(|| app(ctx).now())),
            };
            let at = read.at;
            let condition = filter.unwrap_or_default().condition(now)?;
            let print = print(&question, &condition);
            // In what another question finds, or the same one in other cases, a place would be anywhere.
            places.require(|place| place.question == print)?;
            let search = Search { question, condition, at };
            let found = app(ctx).search(actor(ctx), &search).await.map_err(|fault| errors::fault(ctx, fault))?;
            let between = found.hits.iter().filter(|hit| places.admit(|place| place.order(hit)));
            let mut hits: Vec<_> = between.copied().collect();
            let too_many = hits.len().saturating_sub(slice.limit() as usize);
            match slice.keep() {
                Keep::First => hits.truncate(slice.limit() as usize),
                Keep::Last => drop(hits.drain(..too_many)),
            }
            let beyond = slice.cut(&mut hits);
            let ids: Vec<_> = hits.iter().map(|hit| hit.case_id).collect();
            let cases = app(ctx).cases_named(actor(ctx), &ids, at).await.map_err(|fault| errors::fault(ctx, fault))?;
            read.check(ctx, &slice, AggregateType::Case).await?;
            let mut cases: HashMap<_, _> = cases.into_iter().map(|case| (case.row.case_id, Arc::new(case))).collect();
            let rows = hits.into_iter().filter_map(|hit| Some((hit, cases.remove(&hit.case_id)?))).collect();
            Ok(Some(SearchConnection { read, now, print, search, found, rows, beyond }))
        })
        .await
    }
}

impl SearchQuery {
    /// As of when all pages are read: where the log ends, for the present.
    async fn settled(&self, ctx: &Context<'_>) -> Result<ReadAt> {
        let read = ReadAt::begun(ctx, self.0).await?;
        if read.at != Moment::Present {
            return Ok(read);
        }
        let head = app(ctx).head().await.map_err(|fault| errors::fault(ctx, fault))?;
        Ok(ReadAt { at: head.map_or(Moment::Present, Moment::Position), ..read })
    }
}

fn read(query: &str) -> Result<Question> {
    if query.contains('\0') {
        let message = "no text has the character U+0000".to_owned();
        return Err(errors::refused(&Refusal::new(Code::TextControlCharacter, "query", message)));
    }
    Question::parse(query).map_err(|error| {
        let limit = |name, maximum: usize| NamedLimit { name, maximum: maximum as u64 };
        match error {
            NoQuestion::Empty => errors::argument("SEARCH_EMPTY", "query", error.to_string()),
            NoQuestion::TooLong if query.chars().nth(MOST_CHARACTERS).is_some() => {
                errors::over("SEARCH_TOO_LONG", "query", limit("longestSearch", MOST_CHARACTERS), error)
            }
            NoQuestion::TooLong => {
                errors::over("SEARCH_TOO_LONG", "query", limit("mostSearchParts", MOST_PARTS), error)
            }
        }
    })
}

/// What tells one question from another in a cursor, however they were typed, and the cases that they are asked of. What is
/// relative in a filter counts from a time that the cursor has.
fn print(question: &Question, condition: &Condition) -> String {
    let mut digest = Sha256::new();
    for (sign, parts) in [("+", &question.wanted), ("-", &question.excluded)] {
        for part in parts {
            digest.update(sign);
            digest.update(part.sequence.as_str());
        }
    }
    digest.update(format!("{condition:?}"));
    hex::encode(&digest.finalize()[..PRINT_BYTES])
}

/// The place of a case in what was found, as of when it is read, and what relative dates count from.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    question: String,
    score: i64,
    text: i64,
    at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    now: Timestamp,
}

impl Place {
    /// As of when its list is read.
    fn read(&self) -> ReadAt {
        ReadAt { at: self.at, head: self.head, time: self.time }
    }

    /// How the case compares with it: what scores less comes later.
    fn order(&self, hit: &Hit) -> Ordering {
        (self.score, self.text).cmp(&(hit.score_ppm, hit.text_id))
    }
}

pub(crate) struct SearchConnection {
    read: ReadAt,
    now: Timestamp,
    /// Of what is looked for.
    print: String,
    search: Search,
    found: Found,
    rows: Vec<(Hit, Arc<StoredCase>)>,
    beyond: Beyond,
}

impl SearchConnection {
    fn cursor(&self, hit: &Hit) -> Cursor {
        let ReadAt { at, head, time } = self.read;
        let question = self.print.clone();
        connection::encode(&Place { question, score: hit.score_ppm, text: hit.text_id, at, head, time, now: self.now })
    }

    fn node(&self, case: &Arc<StoredCase>) -> CaseNode {
        CaseNode::new(case.clone(), Viewpoint { moment: self.search.at, time: Some(self.now) })
    }
}

/// 检索结果: the cases that were found, by pages, the best first.
///
/// They are ranked by BM25F: a word in the title counts more than one in the problem, that more than one in a finding, and one in a comment least; rare words count more than common ones, frequent ones and those of short texts more.
#[Object]
impl SearchConnection {
    /// The cases with their places, their scores, and what was found in them.
    async fn edges(&self, ctx: &Context<'_>) -> Result<Vec<SearchEdge>> {
        let mut fragments = HashMap::new();
        if ctx.look_ahead().field("fragments").exists() {
            let cases: Vec<Uuid> = self.rows.iter().map(|(hit, _)| hit.case_id).collect();
            let shown = app(ctx).fragments(actor(ctx), &self.search.question, &cases, self.search.at).await;
            fragments = shown.map_err(|fault| errors::fault(ctx, fault))?;
        }
        let edges = self.rows.iter().map(|(hit, case)| SearchEdge {
            cursor: self.cursor(hit),
            score: score(hit.score_ppm),
            fragments: fragments.remove(&hit.case_id).unwrap_or_default().into_iter().map(FragmentNode).collect(),
            node: self.node(case),
        });
        Ok(edges.collect())
    }

    /// The cases.
    async fn nodes(&self) -> Vec<CaseNode> {
        self.rows.iter().map(|(_, case)| self.node(case)).collect()
    }

    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        let ends = self.rows.first().zip(self.rows.last());
        let ends = ends.map(|((first, _), (last, _))| (self.cursor(first), self.cursor(last)));
        PageInfo::new(self.beyond, ends)
    }

    /// How many there are on all pages.
    async fn total_count(&self) -> u64 {
        self.found.hits.len() as u64
    }

    /// 完整: whether everything was looked at. Of a word that stands in more than 2,000 texts that you may see, the latest 2,000 are: add a rarer one, or a filter.
    async fn complete(&self) -> bool {
        self.found.is_complete
    }

    /// 位置: the position that all pages of this list are read at; absent while the log is empty.
    async fn position(&self) -> Option<Position> {
        self.search.at.last_position().map(Position)
    }
}

/// A case that was found, and its place in the list.
#[derive(SimpleObject)]
pub(crate) struct SearchEdge {
    /// The place.
    cursor: Cursor,
    /// The case.
    node: CaseNode,
    /// 相关度: how well it fits. Compares cases of one search only.
    score: f64,
    /// 片段: what was found in it, the best first, at most three.
    fragments: Vec<FragmentNode>,
}

/// How many millionths are one.
pub(crate) fn score(score_ppm: i64) -> f64 {
    score_ppm as f64 / 1e6
}

pub(crate) struct FragmentNode(Shown);

/// 片段: a piece of a text that was found. It is plain text, not markup: cut it at the marks and escape each piece as any other text.
#[Object(name = "SearchFragment")]
impl FragmentNode {
    /// 标识: made of the piece: equal ones have the same.
    async fn id(&self) -> ID {
        let fragment = &self.0.fragment;
        ids::of_content("SearchFragment", &(self.0.text.text_id, &fragment.text, &fragment.marks))
    }

    /// 字段: which part of the case it is of.
    async fn field(&self) -> SearchField {
        self.0.field.into()
    }

    /// The piece.
    async fn text(&self) -> &str {
        &self.0.fragment.text
    }

    /// 标记: what to mark in it, in order and apart from each other.
    async fn marks(&self) -> Vec<SearchMark> {
        self.0.fragment.marks.iter().map(|mark| SearchMark { start: mark.start, end: mark.end }).collect()
    }

    /// Whether the text goes on before it.
    async fn cut_before(&self) -> bool {
        self.0.fragment.is_cut_before
    }

    /// Whether the text goes on after it.
    async fn cut_after(&self) -> bool {
        self.0.fragment.is_cut_after
    }

    /// The position of the event that the text stands in.
    async fn position(&self) -> Position {
        Position(self.0.text.position)
    }

    /// When that happened.
    async fn occurred_at(&self) -> DateTime {
        time_of(self.0.text.occurred_at).into()
    }
}

/// 标记: a place in a fragment, in UTF-16 code units, as the strings of JavaScript, Java and C# count.
#[derive(SimpleObject, Serialize)]
#[graphql(complex)]
pub(crate) struct SearchMark {
    /// Where it begins.
    start: u32,
    /// Where it has ended.
    end: u32,
}

ids::content_id!(SearchMark);
