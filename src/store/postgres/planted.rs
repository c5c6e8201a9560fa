//! What others than the owner of the log have made where the owner finds or runs it: a function that suits a call better than
//! PostgreSQL's own, or stands before it, does with the owner's rights what whoever has made it likes.

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use crate::store::StoreError;
use crate::store::postgres::roles::NOTHING_ELSE;

/// What somebody has made who is not the owner of the log, `$1` the schema of the log; of which makers, is told besides.
/// Tables of rows and what a rebuild makes are told elsewhere.
macro_rules! planted {
    ($whose:literal) => {
        concat!(
            "with log as (
    select coalesce((select t.relowner from pg_class t join pg_namespace n on n.oid = t.relnamespace
                     where t.relname = 'events' and n.nspname = $1),
                    (select oid from pg_roles where rolname = current_user)) as owner
), made as (
    select 'the function ' || cast(f.oid as regprocedure) as what, f.proowner as by, f.pronamespace as place, f.oid as self
    from pg_proc f
    union all
    select 'the operator ' || cast(o.oid as regoperator), o.oprowner, o.oprnamespace, o.oid from pg_operator o
    union all
    select 'the view ' || cast(v.oid as regclass), v.relowner, v.relnamespace, v.oid
    from pg_class v where v.relkind in ('v', 'm', 'f')
    union all
    select 'the schema ' || quote_ident(s.nspname), s.nspowner, s.oid, s.oid
    from pg_namespace s where s.nspname <> 'etalon_rebuild'
)
select m.what, cast(pg_get_userbyid(m.by) as text)
from made m cross join log l join pg_namespace n on n.oid = m.place
where n.nspname not in ('pg_catalog', 'information_schema') and not pg_is_other_temp_schema(n.oid)
    and not pg_has_role(m.by, l.owner, 'member') and ",
            $whose,
            " order by 1 limit 1"
        )
    };
}

/// Of the server's role `$2` and of whom it may become anywhere, of all others beside the log.
const BY_SERVER: &str = planted!("(pg_has_role($2::name, m.by, 'member') or n.nspname = $1 and m.place <> m.self)");

/// Of whoever was given what a server needs, may take it or may be become by who has it, anywhere. What others have made is
/// left alone: who only reads the log, or has nothing to do with it, may have views and functions of their own in the same
/// database. The owner has been given all of it, too.
const BY_SERVERS: &str = planted!(
    "exists (
    select from (
        select a.grantee from pg_class t join pg_namespace h on h.oid = t.relnamespace cross join aclexplode(t.relacl) a
        where h.nspname = $1 and t.relname in ('events', 'log_head') and a.privilege_type = 'INSERT'
        union
        select a.grantee from pg_proc f join pg_namespace h on h.oid = f.pronamespace cross join aclexplode(f.proacl) a
        where h.nspname = $1 and f.proname in ('etalon_start_rebuild', 'etalon_index_rebuilt', 'etalon_finish_rebuild')
    ) g
    where g.grantee <> 0 and not pg_has_role(g.grantee, l.owner, 'member')
        and (pg_has_role(m.by, g.grantee, 'member') or pg_has_role(g.grantee, m.by, 'member'))
)"
);

/// The schema of the log, if there is one.
const HOME: &str = "\
select cast(n.nspname as pg_catalog.text) from pg_catalog.pg_class t \
join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) t.relnamespace \
where t.oid operator(pg_catalog.=) pg_catalog.to_regclass('events')";

/// Something with the role that has made it.
pub(super) type Planted = Option<(String, String)>;

/// What that server's role has made anywhere, or somebody beside the log, which is or will be in the schema `home`.
/// Nothing else may be found but what PostgreSQL has made: see [`NOTHING_ELSE`].
pub(super) async fn by_server(looking: &mut PgConnection, home: &str, server: &str) -> Result<Planted, sqlx::Error> {
    sqlx::query_as(BY_SERVER).bind(home).bind(server).fetch_optional(looking).await
}

/// Whether nothing is there that a role of servers has made, as far as the log tells who serves it. A log that only its
/// owner serves knows of nobody.
///
/// # Errors
/// [`StoreError::Planted`].
pub(super) async fn nothing_by_servers(connection: &mut PgConnection) -> Result<(), StoreError> {
    let looked = async {
        let home: Option<String> = sqlx::query_scalar(HOME).fetch_optional(&mut *connection).await?;
        let Some(home) = home else { return Ok(None) };
        let mut looking = connection.begin().await?;
        looking.execute(NOTHING_ELSE).await?;
        let planted: Planted = sqlx::query_as(BY_SERVERS).bind(&home).fetch_optional(&mut *looking).await?;
        looking.rollback().await?;
        Ok(planted)
    };
    match looked.await.map_err(StoreError::during("look for what a server's role has made"))? {
        Some((what, by)) => Err(StoreError::Planted { what, by }),
        None => Ok(()),
    }
}
