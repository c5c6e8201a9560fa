//! The encoding of a database. Every letter of a log has to have a place in it, or commits fail, or are taken and never
//! sealed; and the bytes that are hashed are those of UTF-8.

use sqlx::postgres::PgConnection;

use crate::store::StoreError;

/// What PostgreSQL calls the only one that will do.
const UTF8: &str = "UTF8";

const ENCODING: &str = "select current_setting('server_encoding')";

/// Asked before anything is made or changed in the database.
///
/// # Errors
/// [`StoreError::Encoding`].
pub(in crate::store) async fn is_utf8(connection: &mut PgConnection, url: &str) -> Result<(), StoreError> {
    let encoding: String = sqlx::query_scalar(ENCODING)
        .fetch_one(connection)
        .await
        .map_err(StoreError::during("look at the encoding of the database"))?;
    match encoding == UTF8 {
        true => Ok(()),
        false => Err(StoreError::Encoding { url: url.to_owned(), encoding }),
    }
}
