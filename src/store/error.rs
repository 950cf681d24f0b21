//! What can go wrong between us and the database, sorted by what the caller can do about it.

use std::sync::Arc;

/// An error of the database or of the way there.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row was saved by somebody else since it was read, although it was locked: the caller
    /// starts again.
    #[error("{table} changed since it was read")]
    Stale { table: &'static str },
    /// What is stored cannot be read as what it should be.
    #[error("unreadable {what}: {reason}")]
    Unreadable { what: &'static str, reason: String },
    /// The schema is older than this program, and this role may not change it.
    #[error("the schema is too old for this version: run `dispatch-hub migrate` as its owner")]
    OldSchema(#[source] sqlx::migrate::MigrateError),
    /// Of the statement that asked for several at once.
    #[error(transparent)]
    Shared(Arc<StoreError>),
}

/// What the caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was done and trying again at once may help: deadlock, serialization, a lost race.
    Conflict,
    /// The connection is gone; a fresh one may work.
    ConnectionLost,
    /// The database is away, too busy or read-only: try again later.
    Unavailable,
    /// A fault of ours.
    Fault,
}

impl StoreError {
    pub fn failure(&self) -> Failure {
        match self {
            Self::Database(error) => sort(error),
            Self::Stale { .. } => Failure::Conflict,
            Self::Unreadable { .. } | Self::OldSchema(_) => Failure::Fault,
            Self::Shared(error) => error.failure(),
        }
    }

    /// Whether the server itself answered with this error. If so a statement certainly did not
    /// take effect; otherwise its fate is unknown.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Database(error) => error
                .as_database_error()
                .is_some_and(|answer| answer.code().is_some_and(|code| !is_ending(&code))),
            Self::Stale { .. } | Self::Unreadable { .. } | Self::OldSchema(_) => true,
            Self::Shared(error) => error.is_answer(),
        }
    }
}

/// The server says that it is ending this connection (`admin_shutdown`, `crash_shutdown`,
/// `cannot_connect_now`, `database_dropped`, `idle_session_timeout`).
fn is_ending(code: &str) -> bool {
    code.starts_with("57P")
}

fn sort(error: &sqlx::Error) -> Failure {
    if let Some(answer) = error.as_database_error() {
        return answer
            .code()
            .map_or(Failure::Fault, |code| sort_code(code.as_ref()));
    }
    if matches!(
        error,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
    ) {
        Failure::Unavailable
    } else if matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
    ) {
        Failure::ConnectionLost
    } else {
        Failure::Fault
    }
}

/// Codes of appendix A of the PostgreSQL manual.
fn sort_code(code: &str) -> Failure {
    match code {
        // serialization_failure, deadlock_detected; unique_violation, exclusion_violation: somebody
        // was first, and what is decided then says so
        "40001" | "40P01" | "23505" | "23P01" => Failure::Conflict,
        // idle_in_transaction_session_timeout
        "25P03" => Failure::ConnectionLost,
        // lock_not_available, query_canceled (statement_timeout), read_only_sql_transaction
        // object_not_in_prerequisite_state, invalid_catalog_name: the database takes no connections,
        // or is not there, while another is put in its place
        "55P03" | "57014" | "25006" | "55000" | "3D000" => Failure::Unavailable,
        _ if is_ending(code) || code.starts_with("08") => Failure::ConnectionLost,
        // insufficient_resources
        _ if code.starts_with("53") => Failure::Unavailable,
        _ => Failure::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_can_be_done() {
        for (code, failure) in [
            ("40P01", Failure::Conflict),
            ("55P03", Failure::Unavailable),
            ("55000", Failure::Unavailable),
            ("3D000", Failure::Unavailable),
            ("57P01", Failure::ConnectionLost),
            ("53300", Failure::Unavailable),
            ("23505", Failure::Conflict),
            ("42703", Failure::Fault),
        ] {
            assert_eq!(sort_code(code), failure, "{code}");
        }
    }
}
