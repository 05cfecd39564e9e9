with line as (
    select e.key, e.version, e.at, e.data,
        case when e.type in ('account-deposited', 'account-refunded', 'account-transfer-received', 'account-transfer-returned') then 1
             when e.type in ('account-withdrawn', 'account-payment-made', 'account-transfer-sent') then -1
             else 0 end as sign, -- 0: a rejection
        case e.type when 'account-deposited' then 'deposit'
                    when 'account-refunded' then 'refund'
                    when 'account-withdrawn' then 'withdrawal'
                    when 'account-payment-made' then 'payment'
                    else replace(substr(e.type, 9), '-', ' ') end as what,
        coalesce(e.data ->> 'transactionId', e.data ->> 'transferId') as id,
        case e.type when 'account-transfer-sent' then e.data ->> 'to'
                    when 'account-transfer-received' then e.data ->> 'from'
                    else e.data ->> 'reason' end as note
    from event e where e.type like 'account-%'),
statement as (
    select l.*, l.sign * (l.data ->> 'amount')::numeric as amount,
        sum(l.sign * (l.data ->> 'amount')::numeric) over (partition by l.key order by l.version) as balance,
        row_number() over (partition by l.key order by l.version desc) as age
    from line l)
select s.key, jsonb_build_object(
    'balance', sum(s.amount),
    'currency', coalesce((array_agg(s.data ->> 'currency' order by s.version) filter (where s.sign <> 0))[1], ''),
    'movements', count(*) filter (where s.sign <> 0),
    'rejections', count(*) filter (where s.sign = 0),
    'lastMovement', coalesce((array_agg(s.data ->> 'at' order by s.at desc) filter (where s.sign <> 0))[1], '0001-01-01T00:00:00+00:00'),
    'newest', jsonb_agg(
        jsonb_strip_nulls(jsonb_build_object('at', s.data ->> 'at', 'what', s.what, 'id', s.id, 'amount', s.amount, 'balance', s.balance, 'note', s.note))
        order by s.version desc) filter (where s.age <= 50)) as doc
from statement s
group by s.key
