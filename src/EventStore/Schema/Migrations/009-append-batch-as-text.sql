-- JSON comes as text, and is parsed here, a row at a time: arrays of jsonb are parsed before the call, in memory that is only freed after the last
-- of them, which was half of the time of a large batch. The function that takes jsonb stays for processes of the version before.
--
-- Commits a batch of appends: one call, one round trip, one transaction. Each stream and each event id occurs at most once in a batch,
-- and the arrays are in stream key order, so that two batches lock rows in the same order.
--
-- Nothing expected raises: a stale or known append gets its verdict and is left out, before nextval, because a sequence number drawn in
-- vain stops Marten's high-water mark for seconds. What raises is another writer that was faster in the middle of this call; the caller
-- then calls again, and the checks see what it wrote.
--
-- The plans are fixed to index look-ups from the batch into the tables ("lateral ... offset 0" keeps that direction): a plan made while
-- the tables were empty would scan them, and stay until the next analyze.
--
-- What is known of ids is gathered in one go: a document that grows by one fact at a time is copied for each, and a large batch that was stored
-- before, as comes after a takeover, took half a minute, which is longer than deliveries wait.
--
-- verdicts, by append: 0 committed, 1 stale, 2 duplicate (see known), 3 the stream is archived. versions: before the call, null for none.
-- sequences, by event: 0 when it was not stored.
create or replace function {schema}.append_batch(
    stream_keys text[], stream_types text[], expected_versions bigint[], event_counts int[],
    e_append int[], e_key text[], e_version bigint[], e_id uuid[], e_type text[], e_dotnet_type text[], e_data text[], e_headers text[],
    p_append int[], p_key text[], p_topic text[], p_incarnation text[], p_partition int[], p_offset bigint[],
    l_append int[], l_key text[], l_event_id uuid[], l_outcome smallint[], l_reason text[], l_source text[],
    d_append int[], d_topic text[], d_incarnation text[], d_partition int[], d_offset bigint[], d_consumer text[], d_kind smallint[],
    d_reason text[], d_exception text[], d_key text[], d_event_id text[], d_schema_id int[], d_payload bytea[], d_timestamp timestamptz[],
    out verdicts int[], out versions bigint[], out sequences bigint[], out known jsonb)
language plpgsql
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set plan_cache_mode to force_generic_plan
set jit to off
as $$
declare
    found_row record;
    found_append int;
    known_appends int[];
    known_facts jsonb[];
    event_data jsonb[];
    event_headers jsonb[];
    ledger_sources jsonb[];
    expected_rows bigint;
    written_rows bigint;
begin
    -- 0. Content that jsonb refuses raises here, before a sequence number is drawn.
    event_data := array(select u.data::jsonb from unnest(e_data) u(data));
    event_headers := array(select u.headers::jsonb from unnest(e_headers) u(headers));
    ledger_sources := array(select u.source::jsonb from unnest(l_source) u(source));

    -- 1. What is there already? Ids come first: a writer that commits between two of these looks has moved its stream or position as
    -- well, and is then seen by the later look. Stale wins over duplicate: whoever is stale must reload before it judges an id.
    verdicts := array_fill(0, array[cardinality(stream_keys)]);
    with ids as materialized (
        select u.append, u.id from unnest(e_append, e_id) u(append, id)
        union all
        select u.append, u.id from unnest(l_append, l_event_id, l_outcome) u(append, id, outcome)
        where u.outcome <> 3),
    facts as (
        select i.append, e.fact
        from ids i cross join lateral (
            select jsonb_build_object('id', e.id, 'stream', e.stream_id, 'version', e.version, 'source', e.headers, 'append', i.append) as fact
            from {schema}.mt_events e where e.id = i.id offset 0) e
        union all
        select i.append, l.fact
        from ids i cross join lateral (
            select jsonb_build_object('id', l.event_id, 'stream', l.stream_key, 'outcome', l.outcome, 'reason', l.reason, 'source', l.source, 'append', i.append) as fact
            from {schema}.ledger l where l.event_id = i.id and l.outcome <> 3 offset 0) l)
    select coalesce(array_agg(f.append), '{}'), coalesce(array_agg(f.fact), '{}') into known_appends, known_facts from facts f;
    foreach found_append in array known_appends loop
        verdicts[found_append] := 2;
    end loop;

    select array_agg(case when s.is_archived then 3 when coalesce(s.version, 0) <> a.expected then 1 else verdicts[a.ord] end order by a.ord),
           array_agg(s.version order by a.ord)
    into verdicts, versions
    from unnest(stream_keys, expected_versions) with ordinality a(key, expected, ord)
    left join {schema}.mt_streams s on s.id = a.key;

    for found_row in
        select p.append
        from unnest(p_append, p_key, p_topic, p_incarnation, p_partition, p_offset) p(append, key, topic, incarnation, partition, record_offset)
        cross join lateral (
            select from {schema}.positions s
            where s.stream_key = p.key and s.topic = p.topic and s.incarnation = p.incarnation and s.partition = p.partition
                and s.record_offset >= p.record_offset
            offset 0) s
        where verdicts[p.append] <> 3
    loop
        verdicts[found_row.append] := 1;
    end loop;

    select coalesce(jsonb_agg(f.fact), '[]') into known from unnest(known_appends, known_facts) f(append, fact) where verdicts[f.append] = 2;

    -- 2. What must not change under us: streams and positions. A faster writer is found here, before a sequence number is drawn.
    select count(*) into expected_rows from unnest(event_counts) with ordinality a(events, ord) where a.events > 0 and verdicts[a.ord] = 0;
    insert into {schema}.mt_streams as s (id, type, version, timestamp, tenant_id)
    select a.key, a.type, a.expected + a.events, now(), '*DEFAULT*'
    from unnest(stream_keys, stream_types, expected_versions, event_counts) with ordinality a(key, type, expected, events, ord)
    where a.events > 0 and verdicts[a.ord] = 0
    order by a.ord
    on conflict (id) do update set version = excluded.version, timestamp = excluded.timestamp
    where s.version < excluded.version; -- the unique index on (stream, version) catches what moved less than this far
    get diagnostics written_rows = row_count;
    if written_rows <> expected_rows then
        raise serialization_failure using message = 'another writer moved a stream of this batch';
    end if;

    select count(*) into expected_rows from unnest(p_append) a(append) where verdicts[a.append] = 0;
    if expected_rows > 0 then
        insert into {schema}.positions as s (stream_key, topic, incarnation, partition, record_offset)
        select p.key, p.topic, p.incarnation, p.partition, p.record_offset
        from unnest(p_append, p_key, p_topic, p_incarnation, p_partition, p_offset) with ordinality
            p(append, key, topic, incarnation, partition, record_offset, ord)
        where verdicts[p.append] = 0
        order by p.ord
        on conflict (stream_key, topic, incarnation, partition) do update set record_offset = excluded.record_offset
        where s.record_offset < excluded.record_offset;
        get diagnostics written_rows = row_count;
        if written_rows <> expected_rows then
            raise serialization_failure using message = 'another writer moved a position of this batch';
        end if;
    end if;

    insert into {schema}.ledger (event_id, stream_key, outcome, reason, source)
    select l.event_id, l.key, l.outcome, l.reason, l.source
    from unnest(l_append, l_key, l_event_id, l_outcome, l_reason, ledger_sources) with ordinality l(append, key, event_id, outcome, reason, source, ord)
    where verdicts[l.append] = 0
    order by l.ord
    on conflict (topic, incarnation, partition, record_offset) where topic is not null do nothing;

    insert into {schema}.dead_letters (topic, incarnation, partition, record_offset, consumer, kind, reason, exception, key, event_id,
        schema_id, payload, record_timestamp)
    select d.topic, d.incarnation, d.partition, d.record_offset, d.consumer, d.kind, d.reason, d.exception, d.key, d.event_id,
        d.schema_id, d.payload, d.record_timestamp
    from unnest(d_append, d_topic, d_incarnation, d_partition, d_offset, d_consumer, d_kind, d_reason, d_exception, d_key, d_event_id,
            d_schema_id, d_payload, d_timestamp) with ordinality
        d(append, topic, incarnation, partition, record_offset, consumer, kind, reason, exception, key, event_id,
            schema_id, payload, record_timestamp, ord)
    where verdicts[d.append] = 0
    order by d.ord
    on conflict (topic, incarnation, partition, record_offset, consumer) do nothing;

    -- 3. The events. nextval stands above an ordered sub-select: a join might number version 2 before version 1.
    select array_agg(case when verdicts[e.append] = 0 then nextval('{schema}.mt_events_sequence') else 0 end)
    into sequences
    from (select u.append from unnest(e_append) with ordinality u(append, ord) order by u.ord) e;

    if sequences is not null then
        insert into {schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, headers, is_archived)
        select sequences[e.ord], e.id, e.key, e.version, e.data, e.type, now(), '*DEFAULT*', e.dotnet_type, e.headers, false
        from unnest(e_append, e_key, e_version, e_id, e_type, e_dotnet_type, event_data, event_headers) with ordinality
            e(append, key, version, id, type, dotnet_type, data, headers, ord)
        where verdicts[e.append] = 0;
        -- Marten's daemon listens to this; only Marten's own sessions would send it.
        perform pg_notify('mt_events_appended', '');
    end if;
    sequences := coalesce(sequences, '{}');
end
$$;
