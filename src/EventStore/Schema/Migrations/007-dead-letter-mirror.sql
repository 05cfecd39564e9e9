-- Which dead letters a topic mirrors already. A claim is how publishers take turns: it runs out when the one that holds it dies.
alter table {schema}.dead_letters
    add column mirrored_at timestamptz,
    add column mirror_claimed_until timestamptz;
create index dead_letters_to_mirror on {schema}.dead_letters (id) where mirrored_at is null;
