-- The events that programs know which run now: one that meets an event which only others know must not pass over it.
create table {schema}.event_types (name varchar primary key, seen_at timestamptz not null);
