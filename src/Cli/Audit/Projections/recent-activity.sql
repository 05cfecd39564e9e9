-- An event opens its slice of ten seconds, and deletes the slice ten minutes before it.
select s.slice::text as key, jsonb_build_object('slice', s.slice, 'users', jsonb_object_agg(s.key, s.events)) as doc
from (
    select e.slice, e.key, count(*) as events
    from (select floor(extract(epoch from at))::bigint / 10 as slice, key, seq_id from event where type like 'user-%') e
    left join (
        select floor(extract(epoch from at))::bigint / 10 - 60 as slice, max(seq_id) as last from event where type like 'user-%' group by 1) d on d.slice = e.slice
    where e.seq_id > coalesce(d.last, 0)
    group by 1, 2) s
group by s.slice
