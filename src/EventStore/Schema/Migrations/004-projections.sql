-- A generation of a projection: one table of documents and how far it has come; or, for a subscriber, only how far it has come. A rebuild
-- makes a new generation beside the one that is read, and the switch changes their stages in one transaction.
create table {schema}.projection_generations (
    id         int generated always as identity primary key,
    name       varchar  not null, -- the name it is read under
    definition varchar  not null, -- the registered projection that folds it: the same name, except for a replay under a name of its own
    version    int      not null,
    kind       smallint not null, -- ProjectionKind: 1 documents, 2 subscriber
    stage      smallint not null, -- GenerationStage: 1 building, 2 active, 3 retired, 4 dropped
    run        smallint not null, -- RunState: 1 running, 2 stopped, 3 failed, 4 complete
    table_name varchar,
    position   varchar  not null, -- where the source goes on; it moves by compare-and-set, so two runners harm nothing
    sequence   bigint   not null, -- the last event that is folded in
    events     bigint   not null default 0,
    rate       float8   not null default 0,
    failure    jsonb,
    runner     varchar,
    seen_at    timestamptz, -- the runner's last sign of life
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now()
) with (fillfactor = 50);
create unique index projection_active on {schema}.projection_generations (name) where stage = 2;
create unique index projection_building on {schema}.projection_generations (name) where stage = 1;

create table {schema}.replays (
    id            bigint generated always as identity primary key,
    generation    int      not null references {schema}.projection_generations (id),
    projection    varchar  not null,
    target        varchar  not null,
    version       int      not null,
    source        varchar  not null,
    from_sequence bigint   not null,
    to_sequence   bigint,
    arguments     jsonb    not null,
    total         bigint   not null,
    state         smallint not null default 1, -- ReplayState: 1 running, 2 completed, 3 cancelled
    started_by    varchar  not null,
    started_at    timestamptz not null default now(),
    finished_at   timestamptz
);
create index replays_of_generation on {schema}.replays (generation);

-- Events that a projection was told to pass over although it failed on them.
create table {schema}.projection_skips (
    id         bigint generated always as identity primary key,
    generation int     not null references {schema}.projection_generations (id),
    sequence   bigint  not null,
    stream_key varchar not null,
    event_type varchar not null,
    error      text    not null,
    skipped_at timestamptz not null default now()
);

-- Moves a generation, or raises EP001: another runner was faster, or an operator stopped it. The whole page is then undone.
create function {schema}.advance_projection(
    p_id int, p_expected varchar, p_position varchar, p_sequence bigint, p_events int, p_rate float8)
returns void
language plpgsql
as $$
begin
    update {schema}.projection_generations
    set position = p_position, sequence = greatest(sequence, p_sequence), events = events + p_events, rate = p_rate, changed_at = now(), seen_at = now()
    where id = p_id and position = p_expected and run = 1 and stage in (1, 2);
    if not found then
        raise exception using errcode = 'EP001', message = format('projection generation %s is no longer at %s, or no longer running', p_id, p_expected);
    end if;
end
$$;
