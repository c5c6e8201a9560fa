//! Texts that mean harm to somebody: to SQL, to a page, to a spreadsheet, to who reads from the right. Each is tried, as a preview, in every text of every command, where it comes back as it came or is refused; and one that has some of everything is recorded wherever it is taken, and comes back from both databases, from exports and from reports.

mod play;
mod striker;

use serde_json::{Value, json};

use crate::life::scene::Scene;
use crate::life::world::{World, text};
use striker::Striker;

async fn every_text_of_every_command_is_refused_or_kept_as_it_came(world: &World) {
    let scene = Scene::set(world).await;
    let striker = Striker::new(world);
    play::play(&striker, &scene).await;
    striker.has_struck_everything();
    lists_have_them(world).await;
    exports_run_nothing(world).await;
    let log = world.server.log();
    assert!(!log.contains("panicked") && !log.contains("a request failed"), "{log}");
}

/// What was recorded is found and shown by the read rows as well.
async fn lists_have_them(world: &World) {
    let cases = "query Found($text: String!) {
        cases(first: 100, filter: { title: { contains: $text } }) { nodes { title } } search(query: $text) { totalCount }
    }";
    let registers = "query Found($text: String!) {
        persons { nodes { name } } institutions(filter: { nameContains: $text }) { nodes { name } }
    }";
    let sought = || json!({ "text": "<script>" });
    let cases = world.ask("watcher", cases, sought()).await;
    let registers = world.ask("coordinator", registers, sought()).await;
    assert!(cases["search"]["totalCount"].as_u64() > Some(0), "{cases:#}");
    for list in [&cases["cases"], &registers["persons"], &registers["institutions"]] {
        let shown = list["nodes"].to_string();
        assert!(shown.contains("<script>") && shown.contains('𠮷') && shown.contains('\u{200f}'), "{shown}");
    }
}

/// Neither a spreadsheet nor a browser finds anything to run.
async fn exports_run_nothing(world: &World) {
    let run = |arguments: &[&str]| {
        let ended = world.installation.command().args(arguments).output().expect("the program runs");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).expect("text")
    };
    let year = crate::life::world::year(0).to_string();
    let report = |format| run(&["report", "--jurisdiction", "44", "--year", &year, "--format", format]);
    let mut guarded = 0;
    for table in [run(&["export", "--format", "csv"]), report("csv")] {
        let table = table.trim_start_matches('\u{feff}');
        // As it is taken where semicolons part cells.
        for part in table.split([';', '\t', '\r', '\n']) {
            let part = part.trim_start_matches([' ', '"']);
            assert!(!is_formula(part), "a spreadsheet would run {part:?}");
        }
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(table.as_bytes());
        for row in rows.records() {
            for cell in &row.expect("a row") {
                assert!(!is_formula(cell), "a spreadsheet would run {cell:?}");
                guarded += usize::from(cell.strip_prefix('\'').is_some_and(is_formula));
            }
        }
    }
    assert!(guarded > 0, "there was something to guard against");
    let page = report("html");
    assert!(page.contains("&lt;script&gt;") && !page.to_lowercase().contains("<script"), "{page}");
    let lines = run(&["export", "--format", "jsonl"]);
    let payloads: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(payloads.iter().any(|event| text(&event["type"]) == "CaseReported"), "{lines}");
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'])
}

crate::life::on_both_databases! {
    every_text_of_every_command_is_refused_or_kept_as_it_came
}
