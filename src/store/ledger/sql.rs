//! The statements of the ledger; both databases run them as they stand.

pub(super) const LEAVES: &str = "select leaf_hash as hash from events where position >= $1 and position < $2 \
     order by position";

pub(super) const NODES: &str =
    "select hash from ledger_nodes where level = $1 and node >= $2 and node < $3 order by node";

/// `$1` to `$7`: how many nodes each level has.
pub(super) const STRAY_NODES: &str = "select level, node from ledger_nodes \
     where level < 1 or level > 7 or node < 0 \
     or (level = 1 and node >= $1) or (level = 2 and node >= $2) or (level = 3 and node >= $3) \
     or (level = 4 and node >= $4) or (level = 5 and node >= $5) or (level = 6 and node >= $6) \
     or (level = 7 and node >= $7) order by level, node limit $8";

/// Whoever upgrades a log that has no tree yet may be outrun by another.
pub(super) const ADD_NODE: &str =
    "insert into ledger_nodes (level, node, hash) values ($1, $2, $3) on conflict do nothing";

/// Only while the log is as long as the tree was made for.
pub(super) const SET_PEAKS: &str = "update log_head set peaks = $1 where id = 1 and next_position = $2";

/// The end of the log beside the latest checkpoint, whose columns are null where there is none.
pub(super) const LOG_END: &str = "select h.next_position, h.origin, h.peaks, k.size, k.root, k.signed_at, k.note \
     from log_head h left join checkpoints k on k.size = (select max(size) from checkpoints) where h.id = 1";

pub(super) const LATEST_CHECKPOINT: &str =
    "select size, root, signed_at, note from checkpoints order by size desc limit 1";

pub(super) const CHECKPOINT_OF_SIZE: &str = "select size, root, signed_at, note from checkpoints where size = $1";

pub(super) const CHECKPOINT_COVERING: &str =
    "select size, root, signed_at, note from checkpoints where size >= $1 order by size limit 1";

pub(super) const CHECKPOINT_WITHIN: &str =
    "select size, root, signed_at, note from checkpoints where size <= $1 order by size desc limit 1";

pub(super) const CHECKPOINTS_BETWEEN: &str =
    "select size, root, signed_at, note from checkpoints where size > $1 and size <= $2 order by size";

/// One that another server has overtaken is not kept: whoever follows them has gone on behind a larger one.
pub(super) const ADD_CHECKPOINT: &str = "insert into checkpoints (size, root, signed_at, note) \
     select $1, $2, $3, $4 where not exists (select 1 from checkpoints k where k.size >= $1) \
     on conflict (size) do nothing";

pub(super) const COSIGNATURES: &str =
    "select size, witness, cosigned_at, signature from cosignatures where size = $1 order by witness";

pub(super) const COSIGNATURES_BETWEEN: &str = "select size, witness, cosigned_at, signature from cosignatures \
     where size > $1 and size <= $2 order by size, witness";

pub(super) const STRAY_COSIGNATURES: &str = "select size, witness, cosigned_at, signature from cosignatures c \
     where not exists (select 1 from checkpoints k where k.size = c.size) order by size, witness limit $1";

pub(super) const LAST_COSIGNATURE: &str = "select size, witness, cosigned_at, signature from cosignatures \
     where witness = $1 and size <= $2 order by size desc limit 1";

pub(super) const ADD_COSIGNATURE: &str = "insert into cosignatures (size, witness, cosigned_at, signature) \
     values ($1, $2, $3, $4) on conflict (size, witness) do nothing";

pub(super) const TIME_STAMPS: &str =
    "select size, authority, stamped_at, token from time_stamps where size = $1 order by authority";

pub(super) const TIME_STAMPS_BETWEEN: &str = "select size, authority, stamped_at, token from time_stamps \
     where size > $1 and size <= $2 order by size, authority";

pub(super) const STRAY_TIME_STAMPS: &str = "select size, authority, stamped_at, token from time_stamps t \
     where not exists (select 1 from checkpoints k where k.size = t.size) order by size, authority limit $1";

pub(super) const LAST_TIME_STAMP: &str =
    "select size, authority, stamped_at, token from time_stamps where authority = $1 order by size desc limit 1";

/// How many words there are, of how many vouchers, and the times of the first and the last of them.
pub(super) const VOUCHED_SPAN: &str = "select count(*) as words, count(distinct voucher) as vouchers, coalesce(min(seen_at), 0) as earliest, \
     coalesce(max(seen_at), 0) as latest from ( \
         select witness as voucher, cosigned_at as seen_at from cosignatures where size <= $1 \
         union all select authority, stamped_at from time_stamps where size <= $1) vouched";

/// `$2`: how long a stretch of time is; `$3`: how many stretches are answered.
pub(super) const VOUCHED_SIZES: &str = "select min(size) as smallest, max(size) as largest from ( \
         select size, witness as voucher, cosigned_at as seen_at from cosignatures where size <= $1 \
         union all select size, authority, stamped_at from time_stamps where size <= $1) vouched \
     group by voucher, seen_at / $2 order by largest desc limit $3";

pub(super) const ADD_TIME_STAMP: &str = "insert into time_stamps (size, authority, stamped_at, token) \
     values ($1, $2, $3, $4) on conflict (size, authority) do nothing";
