//! Names: how many are looked up at once, so that those that nobody answers for leave room for the others.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Looks names up.
pub(super) type LookUp = Arc<dyn Fn(String, u16) -> Looking + Send + Sync>;
type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// How many names of a zone are looked up at once: whoever lets all of its names go without an answer holds no more threads.
const LOOK_UPS_OF_A_ZONE: usize = 2;

/// For how long a name that was not found is taken as such, without another look-up.
const NOT_FOUND_FOR: Duration = Duration::from_secs(30);

/// How many such names are known: as many as there may be webhooks.
const MOST_NOT_FOUND: u64 = 1_000;

/// Looks names up on threads that may be kept waiting, and on no more than so many. Numbers need none.
pub(super) fn on_threads(
    most: usize,
    look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
) -> LookUp {
    let (room, zones, look_up) = (Arc::new(Semaphore::new(most)), Arc::new(Zones::default()), Arc::new(look_up));
    let not_found: Cache<String, ()> =
        Cache::builder().max_capacity(MOST_NOT_FOUND).time_to_live(NOT_FOUND_FOR).build();
    Arc::new(move |host: String, port| -> Looking {
        let (room, zones, look_up, not_found) = (room.clone(), zones.clone(), look_up.clone(), not_found.clone());
        Box::pin(async move {
            if let Ok(address) = host.parse::<IpAddr>() {
                return Ok(vec![SocketAddr::new(address, port)]);
            }
            // First among its like, so that those who wait for them take no room from the others.
            let of_zone = zones.places_of(zone_of(&host)).acquire_owned().await.expect("nobody closes it");
            if not_found.contains_key(&host) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let place = room.acquire_owned().await.expect("nobody closes it");
            let looked = spawn_blocking(move || {
                let found = look_up(&host, port);
                if found.is_err() {
                    not_found.insert(host, ());
                }
                // With the thread, and not with whoever asked.
                drop((of_zone, place));
                found
            });
            looked.await.map_err(io::Error::other)?
        })
    })
}

/// The places of each zone, as long as somebody has one or waits for it.
#[derive(Default)]
struct Zones(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Zones {
    fn places_of(&self, zone: String) -> Arc<Semaphore> {
        let mut zones = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        zones.retain(|_, places| places.strong_count() > 0);
        if let Some(places) = zones.get(&zone).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(LOOK_UPS_OF_A_ZONE));
        zones.insert(zone, Arc::downgrade(&places));
        places
    }
}

/// About what somebody has registered, from its end: two labels, or three where a country keeps the second for all who are
/// of a kind or a province (`com.cn`, `gd.cn`, `co.uk`), so that strangers do not wait for one another.
fn zone_of(host: &str) -> String {
    const OF_A_KIND: &[&str] = &["com", "edu", "gov", "mil", "net", "org"];
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut labels = host.rsplit('.');
    let (country, kind) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let is_shared = country.len() == 2 && (kind.len() == 2 || OF_A_KIND.contains(&kind));
    host.rsplit('.').take(if is_shared { 3 } else { 2 }).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures::FutureExt;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    /// Looks names up on so many threads: in dark zones nobody answers until the sender is gone, and then there is no such
    /// name where it begins with "no". What is looked up is told when it begins.
    fn partly_dark(most: usize) -> (LookUp, UnboundedReceiver<String>, mpsc::Sender<()>) {
        let (begun, begins) = unbounded_channel();
        let (answer, unanswered) = mpsc::channel::<()>();
        let unanswered = Mutex::new(unanswered);
        let look_up = on_threads(most, move |host, port| {
            begun.send(host.to_owned()).expect("the test listens");
            if host.contains("dark") {
                let _ = unanswered.lock().expect("nobody panics").recv();
            }
            if host.starts_with("no") { Err(io::ErrorKind::Other.into()) } else { Ok(found(port)) }
        });
        (look_up, begins, answer)
    }

    fn found(port: u16) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([192, 0, 2, 7], port))]
    }

    #[tokio::test]
    async fn names_that_nobody_answers_for_hold_so_many_threads_and_no_more() {
        let (look_up, mut begins, answer) = partly_dark(2);
        let looking = |host: &str| look_up(host.to_owned(), 443);
        let both = [looking("dark.one.example"), looking("dark.two.example")].map(tokio::spawn);
        for _ in &both {
            begins.recv().await.expect("it has begun");
        }
        for asked in both {
            asked.abort();
            assert!(asked.await.expect_err("nobody waits for it").is_cancelled());
        }
        let mut third = looking("www.three.example");
        assert!((&mut third).now_or_never().is_none() && begins.try_recv().is_err(), "the threads are held still");
        let number = looking("192.0.2.1").await.expect("it needs no look-up");
        assert_eq!(number, [SocketAddr::from(([192, 0, 2, 1], 443))]);
        drop(answer);
        assert_eq!(third.await.expect("found"), found(443));
        assert_eq!(begins.recv().await.as_deref(), Some("www.three.example"));
    }

    #[tokio::test]
    async fn a_zone_that_nobody_answers_for_leaves_room_for_the_others() {
        let (look_up, mut begins, answer) = partly_dark(3);
        let looking = |host: &str| look_up(host.to_owned(), 443);
        let both = ["one.dark.example", "two.dark.example"].map(|host| tokio::spawn(looking(host)));
        for _ in &both {
            begins.recv().await.expect("it has begun");
        }
        let mut third = looking("THREE.Dark.example.");
        assert!((&mut third).now_or_never().is_none() && begins.try_recv().is_err(), "its zone has no place left");
        assert_eq!(looking("hooks.light.example").await.expect("found"), found(443));
        assert_eq!(begins.recv().await.as_deref(), Some("hooks.light.example"));
        drop(answer);
        assert_eq!(third.await.expect("found"), found(443));
    }

    #[tokio::test]
    async fn a_name_that_was_not_found_is_not_looked_up_again_at_once() {
        let (look_up, mut begins, answer) = partly_dark(16);
        let looking = |host: &str| look_up(host.to_owned(), 443);
        let waiting: Vec<_> = (0..10).map(|_| tokio::spawn(looking("no.dark.example"))).collect();
        for _ in 0..2 {
            assert_eq!(begins.recv().await.as_deref(), Some("no.dark.example"));
        }
        drop(answer);
        for asked in waiting {
            asked.await.expect("it ends").expect_err("there is no such name");
        }
        looking("no.dark.example").await.expect_err("there is no such name");
        assert!(begins.try_recv().is_err(), "two of them were looked up, and the others told what came of it");
        looking("www.dark.example").await.expect("another name of its zone is there");
    }

    #[test]
    fn a_zone_is_about_what_somebody_has_registered() {
        let same = |one: &str, other: &str| zone_of(one) == zone_of(other);
        assert!(same("a.example.com", "B.c.Example.COM."));
        assert!(!same("example.com", "example.org"));
        for shared in ["com.cn", "gov.cn", "gd.cn", "co.uk"] {
            let [one, other] = ["one", "other"].map(|name| format!("hooks.{name}.{shared}"));
            assert!(!same(&one, &other), "{shared}");
            assert!(same(&one, &format!("www.one.{shared}")), "{shared}");
        }
        assert!(same("a.institute.cn", "b.institute.cn"));
        assert_eq!(zone_of("localhost"), "localhost");
    }
}
