-- Each append moves its stream's version: room on the page lets Postgres update in place, without touching the index.
alter table {schema}.mt_streams set (fillfactor = 70);
