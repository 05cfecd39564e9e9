select to_char(e.at at time zone 'UTC', 'YYYY-MM-DD') || ':' || (e.data ->> 'currency') as key,
       jsonb_build_object('count', count(*), 'total', sum((e.data ->> 'amount')::numeric)) as doc
from event e
where e.type = 'user-purchase-made'
group by 1
