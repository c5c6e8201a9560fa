use async_graphql::{Context, EmptySubscription, Object, Request, Schema, SimpleObject};
use serde_json::json;

use super::*;

const LIMIT: u64 = 64 * 1024;
const FULL: u64 = LIMIT * AT_ONCE_OF_ACTOR;

/// Other answers of the same actor.
struct Others {
    room: AnswerRoom,
    answers: Vec<AnswerSize>,
}

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> Option<bool> {
        None
    }
}

struct Mutation;

#[Object]
impl Mutation {
    /// Carried out while the other answers grow as long as they may be.
    async fn write(&self, ctx: &Context<'_>) -> WritePayload {
        let others = ctx.data_unchecked::<Others>();
        for other in &others.answers {
            let grown = locked(&other.held).bytes;
            other.take(LIMIT - grown);
        }
        let text = "x".repeat(2 * PIECE_BYTES as usize);
        WritePayload { receipt: Receipt { making: others.room.made.all() }, shown: Some(Shown { text }) }
    }

    /// Carried out for each of these lengths.
    async fn tell(&self, lengths: Vec<usize>) -> TellPayload {
        TellPayload { results: lengths.into_iter().map(|length| ToldPayload { node: Some(Long(length)) }).collect() }
    }
}

#[derive(SimpleObject)]
struct TellPayload {
    results: Vec<ToldPayload>,
}

#[derive(SimpleObject)]
struct ToldPayload {
    node: Option<Long>,
}

struct Long(usize);

#[Object]
impl Long {
    async fn text(&self) -> String {
        "x".repeat(self.0)
    }

    /// Comes when all others have what comes at once.
    async fn later(&self) -> usize {
        tokio::task::yield_now().await;
        self.0
    }
}

#[derive(SimpleObject)]
struct WritePayload {
    receipt: Receipt,
    shown: Option<Shown>,
}

/// What all answers held when the command was carried out.
#[derive(SimpleObject)]
struct Receipt {
    making: u64,
}

#[derive(SimpleObject)]
struct Shown {
    text: String,
}

#[tokio::test]
async fn a_mutation_that_finds_no_room_tells_what_came_of_it_and_gives_the_room_back() {
    let room = AnswerRoom::new(&Limits { answer_bytes: LIMIT, ..Limits::default() });
    let actor = ActorId::parse("somebody").expect("an actor id");
    let answers = (0..AT_ONCE_OF_ACTOR).map(|_| room.answer(OperationType::Query, &actor)).collect();
    let others = Others { room: room.clone(), answers };
    let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Counting).data(others).finish();
    let fields = "receipt { making } shown { text }";
    let query = format!("mutation {{ a: write {{ {fields} }} b: write {{ {fields} }} }}");
    let answer = room.answer(OperationType::Mutation, &actor);
    let response = schema.execute(Request::new(query).data(answer)).await;

    let errors = serde_json::to_value(&response.errors).expect("JSON");
    for (place, path) in [json!(["a", "shown"]), json!(["b", "shown"])].iter().enumerate() {
        assert_eq!(errors[place]["path"], *path, "{errors}");
        let expected = json!({
            "code": SERVER_BUSY, "limit": "largestAnswerBytes", "maximum": LIMIT, "retryable": false,
        });
        assert_eq!(errors[place]["extensions"], expected);
    }
    let data = response.data.into_json().expect("JSON");
    assert_eq!((&data["a"]["shown"], &data["b"]["shown"]), (&json!(null), &json!(null)));
    let making = ["a", "b"].map(|command| data[command]["receipt"]["making"].as_u64().expect("it is told"));
    assert!((FULL..FULL + PIECE_BYTES).contains(&making[1]), "of {making:?} what was not shown is given back");
    assert_eq!((making[0], room.made.all()), (FULL, FULL), "nothing is left of the mutation");
}

#[tokio::test]
async fn what_comes_after_a_part_that_is_too_long_is_shown_where_it_fits() {
    let room = AnswerRoom::new(&Limits { answer_bytes: LIMIT, ..Limits::default() });
    let actor = ActorId::parse("somebody").expect("an actor id");
    let schema = Schema::build(Query, Mutation, EmptySubscription).extension(Counting).finish();
    let query = format!(
        "mutation {{ a: tell(lengths: [1, {LIMIT}, 2, {half}, {half}]) {{ results {{ node {{ later text }} }} }}
            b: tell(lengths: [3]) {{ results {{ node {{ text }} }} }} }}",
        half = LIMIT / 2
    );
    let response = schema.execute(Request::new(query).data(room.answer(OperationType::Mutation, &actor))).await;

    let paths = response.errors.iter().map(|error| serde_json::to_value(&error.path).expect("JSON"));
    let given_up = [1, 4].map(|place| json!(["a", "results", place, "node"]));
    assert_eq!(paths.collect::<Vec<_>>(), given_up, "{:?}", response.errors);
    let data = response.data.into_json().expect("JSON");
    let shown = |place: usize| data["a"]["results"][place]["node"]["later"].clone();
    assert_eq!([0, 1, 2, 3, 4].map(shown), [json!(1), json!(null), json!(2), json!(LIMIT / 2), json!(null)]);
    assert_eq!(data["b"]["results"][0]["node"]["text"], "xxx");
    assert_eq!(room.made.all(), 0, "nothing is left of the mutation");
}
