-- Raises the epoch of a partition and says where to go on. The lock makes two owners take turns: a row per incarnation cannot.
create function {schema}.take_over_partition(
    p_provider text, p_topic text, p_incarnation text, p_partition int,
    out new_epoch bigint, out resume_at bigint, out former_incarnation text)
language plpgsql
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(concat_ws('/', 'take over', p_provider, p_topic, p_partition), 0));

    select coalesce(max(c.epoch), 0) + 1 into new_epoch
    from {schema}.checkpoints c
    where c.provider = p_provider and c.topic = p_topic and c.partition = p_partition;

    -- The newest checkpoint with an offset: an owner that read nothing yet must not hide that the topic was created again.
    select nullif(c.incarnation, p_incarnation) into former_incarnation
    from {schema}.checkpoints c
    where c.provider = p_provider and c.topic = p_topic and c.partition = p_partition and c.next_offset is not null
    order by c.epoch desc limit 1;

    insert into {schema}.checkpoints as c (provider, topic, partition, incarnation, epoch)
    values (p_provider, p_topic, p_partition, p_incarnation, new_epoch)
    on conflict (provider, topic, partition, incarnation) do update set epoch = excluded.epoch, changed_at = now()
    returning c.next_offset into resume_at;
end
$$;
