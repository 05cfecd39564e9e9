-- How far each stream has read each partition: the fence against a second effect of a redelivered record.
create table {schema}.positions (
    stream_key    varchar not null,
    topic         varchar not null,
    incarnation   varchar not null,
    partition     int     not null,
    record_offset bigint  not null,
    primary key (stream_key, topic, incarnation, partition)
) with (fillfactor = 70); -- room to update in place

-- The trace of records and commands that left no event. The coordinates come from the source, which EventHeaders writes.
create table {schema}.ledger (
    id            bigint generated always as identity primary key,
    event_id      uuid        not null,
    stream_key    varchar     not null,
    outcome       smallint    not null, -- LedgerOutcome: 1 ignored, 2 rejected, 3 duplicate
    reason        text,
    source        jsonb       not null,
    topic         varchar generated always as (source ->> 'topic') stored,
    incarnation   varchar generated always as (source ->> 'incarnation') stored,
    partition     int     generated always as ((source ->> 'partition')::int) stored,
    record_offset bigint  generated always as ((source ->> 'offset')::bigint) stored,
    recorded_at   timestamptz not null default now()
);
create unique index ledger_first_of_id on {schema}.ledger (event_id) where outcome <> 3;
create unique index ledger_record on {schema}.ledger (topic, incarnation, partition, record_offset) where topic is not null;
create index ledger_duplicates_of_id on {schema}.ledger (event_id) where outcome = 3;

create table {schema}.dead_letters (
    id               bigint generated always as identity primary key,
    topic            varchar     not null,
    incarnation      varchar     not null,
    partition        int         not null,
    record_offset    bigint      not null,
    consumer         varchar     not null,
    kind             smallint    not null, -- DeadLetterKind
    reason           text        not null,
    exception        text,
    key              text,
    event_id         text,
    schema_id        int,
    payload          bytea,
    record_timestamp timestamptz not null,
    status           smallint    not null default 1, -- DeadLetterStatus: 1 open, 2 reprocessed, 3 discarded
    created_at       timestamptz not null default now(),
    changed_at       timestamptz not null default now(),
    unique (topic, incarnation, partition, record_offset, consumer)
);
create index dead_letters_by_status on {schema}.dead_letters (status, id);
create index dead_letters_by_event_id on {schema}.dead_letters (event_id) where event_id is not null;

-- Where each consumer goes on. A row per incarnation: a recreated topic must not forget that it was recreated.
create table {schema}.checkpoints (
    provider    varchar     not null,
    topic       varchar     not null,
    partition   int         not null,
    incarnation varchar     not null,
    epoch       bigint      not null,
    next_offset bigint,
    changed_at  timestamptz not null default now(),
    primary key (provider, topic, partition, incarnation)
) with (fillfactor = 70);

create table {schema}.snapshots (
    stream_key     varchar     not null,
    aggregate_name varchar     not null,
    state_version  int         not null,
    version        bigint      not null,
    state          jsonb       not null,
    taken_at       timestamptz not null default now(),
    primary key (stream_key, aggregate_name)
);

-- Who did what: every act of an operator that changes what the store holds.
create table {schema}.operator_actions (
    id       bigint generated always as identity primary key,
    operator varchar     not null,
    action   varchar     not null,
    subject  varchar     not null,
    detail   text,
    done_at  timestamptz not null default now()
);

-- Marten's streams change with every append: room on the page lets them change in place, without touching an index.
alter table {schema}.mt_streams set (fillfactor = 70);
