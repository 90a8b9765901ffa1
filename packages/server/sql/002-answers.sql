-- Answers that are given again to a repeated call, and the audit of the control API.

-- What an Idempotency-Key was answered with; it is kept for a day. app_id is the app of a server API call. A key of
-- the control API means one call whatever it is about, so those rows share app_id = '' and are unique among each other.
create table answer (
  app_id text not null,
  key_hash text not null,
  request_hash text not null,
  -- sealed under the key itself, of which only the hash is stored; null while the change stands and its answer does not
  sealed_answer text,
  created_at bigint not null,
  primary key (app_id, key_hash)
);
create index answer_age on answer (created_at);

-- One row for each write of the control API, in the transaction of its change. Rows of one app_id are a chain: each
-- carries a hash over the one before and itself. app_id = '' is the chain of what belongs to no app.
create table audit (
  app_id text not null,
  seq bigint not null check (seq >= 1),
  at bigint not null,
  key_mark text not null,
  operation text not null,
  world_id text,
  client_id text,
  product_id text,
  purchase_token text,
  request_id text not null,
  before_view text,
  after_view text,
  hash text not null,
  primary key (app_id, seq)
);
create index audit_latest on audit (at, app_id, seq);
create index audit_client on audit (client_id, at, app_id, seq);
create index audit_world on audit (world_id, at, app_id, seq);

-- Where each chain ends, so that its last rows cannot vanish unseen.
create table audit_head (
  app_id text not null primary key,
  row_count bigint not null,
  hash text not null
);
