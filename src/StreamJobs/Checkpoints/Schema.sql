-- What stream jobs keep. Every statement may be run again.

-- Who owns the jobs of a partition: only the newest epoch may write a checkpoint.
create table if not exists {schema}.job_owners (
    topic text not null, partition int not null, incarnation text not null, epoch bigint not null, checkpoint bigint not null default 0,
    changed_at timestamptz not null default now(), primary key (topic, partition));

-- Jobs that the owner cannot run, because what they kept does not fit them.
alter table {schema}.job_owners add column if not exists unfit text[] not null default '{}';

-- Jobs that take nothing, because they have more keys than they may.
alter table {schema}.job_owners add column if not exists overfull text[] not null default '{}';

-- Where a job stands on a partition. Times are Unix milliseconds; a watermark of the smallest bigint is none yet, of the largest is the end.
create table if not exists {schema}.job_positions (
    job text not null, partition int not null, topic text not null, incarnation text not null, next_offset bigint not null,
    max_timestamp bigint not null, watermark bigint not null, drained boolean not null default false, idle boolean not null default false,
    records bigint not null, late bigint not null, keys bigint not null, changed_at timestamptz not null default now(), primary key (job, partition));

-- What the state looks like; null where an earlier version of this library wrote it.
alter table {schema}.job_positions add column if not exists shape text;

-- Windows that end by then are final, as the allowed lateness was; null where an earlier version of this library wrote it.
alter table {schema}.job_positions add column if not exists final_up_to bigint;

-- The owner's checkpoint that wrote it, which the results of that checkpoint have too; null where an earlier version of this library wrote it.
alter table {schema}.job_positions add column if not exists checkpoint bigint;

-- Keyed state: of each window, its keys in groups, and what has changed in them since. Never a row per key.
create table if not exists {schema}.job_state (
    job text not null, partition int not null, pane bigint not null, key_group int not null, data bytea not null,
    primary key (job, partition, pane, key_group));
alter table {schema}.job_state alter column data set storage external;

-- A partition's part of a slice of a merged job. Merged: the closed windows hold it.
create table if not exists {schema}.job_parts (
    job text not null, slice bigint not null, partition int not null, version bigint not null, merged boolean not null default false, data bytea not null,
    primary key (job, slice, partition));
alter table {schema}.job_parts alter column data set storage external;

-- What the closed windows hold of a part that was given again since, so that another merger knows what is new in it.
alter table {schema}.job_parts add column if not exists merged_data bytea;
alter table {schema}.job_parts alter column merged_data set storage external;

create table if not exists {schema}.job_mergers (
    job text primary key, epoch bigint not null, checkpoint bigint not null default 0, watermark bigint not null, closed_up_to bigint not null,
    state bytea, changed_at timestamptz not null default now());

create table if not exists {schema}.job_results (
    job text not null, key text not null, start_ms bigint not null, end_ms bigint not null, revision int not null, retracted boolean not null,
    partition int not null, value jsonb not null, primary key (job, key, start_ms));

-- The checkpoint that wrote it: what a savepoint does not know is told by it; null where an earlier version of this library wrote it.
alter table {schema}.job_results add column if not exists checkpoint bigint;
create index if not exists job_results_by_end on {schema}.job_results (job, end_ms, key);

-- A join's results have the key that it joins by in front of what tells its pairs apart. Of other jobs, few have such a sign in their keys.
create index if not exists job_results_of_joins on {schema}.job_results (job, key text_pattern_ops) where key like '%|%';

-- Results on their way to topics: written with their checkpoint, and gone when a Kafka transaction has sent them. Owner: topic/partition or a job's merger.
create table if not exists {schema}.job_outbox (
    owner text not null, checkpoint bigint not null, topic text not null, data bytea not null, primary key (owner, checkpoint, topic));
alter table {schema}.job_outbox alter column data set storage external;

-- What an operator wants of a job.
create table if not exists {schema}.job_controls (
    job text primary key, state text not null, detail text, changed_by text, changed_at timestamptz not null default now());

create table if not exists {schema}.job_checkpoints (
    owner text not null, checkpoint bigint not null, taken_at timestamptz not null, duration_ms int not null, bytes bigint not null, results int not null,
    primary key (owner, checkpoint));

create table if not exists {schema}.job_exceptions (
    id bigint generated always as identity primary key, job text not null, partition int, record_offset bigint, at timestamptz not null default now(), error text not null);
create index if not exists job_exceptions_by_job on {schema}.job_exceptions (job, id);

-- Savepoints: copies of all that a job keeps, by name.
create table if not exists {schema}.job_savepoints (
    job text not null, name text not null, created_at timestamptz not null default now(), created_by text not null, shape text,
    watermark bigint, closed_up_to bigint, merger_state bytea, primary key (job, name));
create table if not exists {schema}.job_savepoint_positions (savepoint text not null, like {schema}.job_positions, primary key (job, savepoint, partition));
alter table {schema}.job_savepoint_positions add column if not exists final_up_to bigint;
alter table {schema}.job_savepoint_positions add column if not exists checkpoint bigint;
create table if not exists {schema}.job_savepoint_state (savepoint text not null, like {schema}.job_state, primary key (job, savepoint, partition, pane, key_group));
create table if not exists {schema}.job_savepoint_parts (savepoint text not null, like {schema}.job_parts, primary key (job, savepoint, slice, partition));
alter table {schema}.job_savepoint_parts add column if not exists merged_data bytea;

-- The lake: results that are final, in Parquet files. Only the newest epoch may add files.
create table if not exists {schema}.job_lakes (
    job text primary key, epoch bigint not null, files bigint not null default 0, error text, changed_at timestamptz not null default now());

-- The last of a partition's results that is in a file, in their order: end, key, start.
create table if not exists {schema}.job_lake_cursors (
    job text not null, partition int not null, end_ms bigint not null, key text not null, start_ms bigint not null, primary key (job, partition));

-- A file that is not published has its rows counted here, but not its place yet: whoever owns the lake moves it there.
create table if not exists {schema}.job_lake_files (
    job text not null, number bigint not null, path text not null, rows bigint not null, bytes bigint not null, published boolean not null default false,
    created_at timestamptz not null default now(), primary key (job, number));

-- Its results are to be written anew: the next owner takes it away.
alter table {schema}.job_lake_files add column if not exists withdrawn boolean not null default false;
create index if not exists job_lake_files_unpublished on {schema}.job_lake_files (job) where not published;
