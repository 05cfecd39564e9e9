-- The audits that were run: how far one is, what it found, and the certificate it made.
create table {schema}.audits (
    id          bigint generated always as identity primary key,
    kind        smallint    not null, -- AuditKind: 1 certify, 2 verify
    state       smallint    not null default 1, -- AuditState: 1 running, 2 holds, 3 differs, 4 failed
    step        text, -- what it does now
    done        bigint      not null default 0,
    total       bigint      not null default 0,
    findings    text[]      not null default '{}',
    certificate jsonb,
    started_by  varchar     not null,
    started_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(), -- its last sign of life
    finished_at timestamptz
);
