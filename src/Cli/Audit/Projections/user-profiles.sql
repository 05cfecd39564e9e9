with total as (
    select e.key, e.data ->> 'currency' as currency, sum((e.data ->> 'amount')::numeric) as total
    from event e where e.type = 'user-purchase-made' group by 1, 2),
spent as (select t.key, jsonb_object_agg(t.currency, t.total) as spent from total t group by t.key)
select e.key, jsonb_strip_nulls(jsonb_build_object(
    'name', (array_agg(e.data ->> 'name' order by e.version desc) filter (where e.type in ('user-registered', 'user-profile-changed') and e.data ->> 'name' is not null))[1],
    'email', (array_agg(e.data ->> 'email' order by e.version desc) filter (where e.type in ('user-registered', 'user-profile-changed') and e.data ->> 'email' is not null))[1],
    'firstSeen', (array_agg(e.data ->> 'at' order by e.at))[1],
    'lastSeen', (array_agg(e.data ->> 'at' order by e.at desc))[1],
    'events', count(*),
    'purchases', count(*) filter (where e.type = 'user-purchase-made'),
    'spent', coalesce((array_agg(s.spent))[1], '{}'))) as doc
from event e left join spent s on s.key = e.key
where e.type like 'user-%'
group by e.key
