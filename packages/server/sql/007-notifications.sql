-- The outbox: what the developer's server is told, written with its cause; and the license key that follows.

create table notification (
  app_id text not null,
  -- the token, the place of its cause in the ledger, and the kind: a cause has each message once
  notification_id text not null,
  kind text not null check (kind in ('payment', 'subscription')),
  purchase_token text not null,
  -- the text without its signature
  body text not null,
  signature text,
  -- the number of the key it was signed with
  signed_by integer,
  -- where it was sent last
  url text,
  status text not null check (status in ('pending', 'delivered', 'dead')),
  -- the log of its attempts, as JSON
  attempts text not null,
  -- of the present run of attempts: how many, and when the first was
  try_count integer not null,
  first_try_at bigint,
  -- on the world's clock, while it is pending
  next_attempt_at bigint,
  -- on the machine's clock: until then it is another node's to send
  lease_until bigint not null,
  created_at bigint not null,
  -- on the machine's clock: when it was delivered or given up
  settled_at bigint,
  rev integer not null,
  primary key (app_id, notification_id)
);
create index notification_waiting on notification (app_id, next_attempt_at, notification_id)
  where next_attempt_at is not null;
create index notification_latest on notification (app_id, status, created_at, notification_id);
create index notification_settled on notification (settled_at) where settled_at is not null;

-- What the laboratory does to an app's messages on purpose.
create table notification_fault (
  app_id text not null,
  number integer not null,
  kind text not null check (kind in ('payment', 'subscription', 'any')),
  fault text not null,
  -- without a number: to all
  times_left integer,
  delay text,
  primary key (app_id, number)
);

alter table app add column faulty integer not null default 0;
-- the key that follows, and from when it signs, on the machine's clock
alter table app add column next_license_key text;
alter table app add column next_signing_key text;
alter table app add column next_key_at bigint;
-- counts the keys that have signed
alter table app add column key_number integer not null default 0;
