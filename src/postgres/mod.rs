//! A private PostgreSQL cluster, supervised by the process that started it.
