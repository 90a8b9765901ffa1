-- The first tables. One text for SQLite and PostgreSQL: times are epoch milliseconds, money is micros,
-- a boolean is 0 or 1. Tables of an app's data begin with app_id, which every unique index names too.

-- What the whole installation agrees on: the key of continuation keys, maintenance.
create table setting (
  name text not null primary key,
  value text not null
);

-- An isolated store with its own clock. now = frozen ? clock_at : clock_at + (machine - clock_base) * clock_rate
create table world (
  world_id text not null primary key,
  clock_at bigint not null,
  clock_base bigint not null,
  clock_rate integer not null check (clock_rate >= 1),
  clock_frozen integer not null check (clock_frozen in (0, 1)),
  clock_jumped_to bigint not null,
  calendar text not null check (calendar in ('sandbox', 'commercial')),
  seed text,
  drawn_count integer not null,
  maintenance integer not null check (maintenance in (0, 1)),
  created_at bigint not null,
  rev integer not null
);

create table app (
  app_id text not null primary key,
  world_id text not null,
  client_id text not null,
  package_name text not null,
  title text not null,
  market text not null check (market in ('MKT_ONE', 'MKT_GLB')),
  generation text not null check (generation in ('v5', 'v6', 'v7')),
  blocked integer not null check (blocked in (0, 1)),
  license_key text not null,
  signing_key text not null,
  payment_url text,
  subscription_url text,
  notification_version text not null,
  switches text not null,
  -- a token counts only while it carries the app's present epoch
  token_epoch integer not null,
  -- how many purchases a seeded world has drawn identifiers for
  drawn_count integer not null,
  created_at bigint not null,
  rev integer not null
);
create unique index app_client on app (client_id, world_id);
create unique index app_package on app (package_name, world_id);
create index app_world on app (world_id, client_id);

-- Client secrets, as SHA-256 of high-entropy text. The latest has no end.
create table credential (
  app_id text not null,
  secret_hash text not null,
  created_at bigint not null,
  expires_at bigint,
  primary key (app_id, secret_hash)
);

-- Access tokens, as SHA-256. token_id is what the token was made from, together with the secret.
create table access_token (
  token_hash text not null primary key,
  app_id text not null,
  secret_hash text not null,
  token_id text not null,
  epoch integer not null,
  issued_at bigint not null,
  expires_at bigint not null
);
create index access_token_running on access_token (app_id, secret_hash, expires_at);
create index access_token_expiry on access_token (expires_at);

create table product (
  app_id text not null,
  product_id text not null,
  type text not null check (type in ('inapp', 'auto', 'subscription')),
  title text not null,
  price_micros bigint not null check (price_micros >= 0),
  currency text not null,
  created_at bigint not null,
  rev integer not null,
  primary key (app_id, product_id)
);

-- One paid order. world_id never changes; it stands here so that what is due in a world is found by one index.
create table purchase (
  app_id text not null,
  purchase_token text not null,
  purchase_id text not null,
  world_id text not null,
  order_id text not null,
  product_id text not null,
  type text not null check (type in ('inapp', 'auto', 'subscription')),
  market text not null check (market in ('MKT_ONE', 'MKT_GLB')),
  country text not null,
  buyer_id text not null,
  quantity integer not null check (quantity >= 1),
  developer_payload text,
  product_name text,
  price_micros bigint not null check (price_micros >= 0),
  currency text not null,
  payment_method text not null,
  purchase_time bigint not null,
  acknowledged_at bigint,
  consumed_at bigint,
  voided_at bigint,
  void_reason text,
  due_at bigint,
  entry_count integer not null,
  rev integer not null,
  primary key (app_id, purchase_token, purchase_id)
);
create unique index purchase_number on purchase (app_id, purchase_id);
-- a managed product is owned by a buyer once, until it is consumed or voided
create unique index purchase_owned on purchase (app_id, buyer_id, product_id)
  where type = 'inapp' and consumed_at is null and voided_at is null;
create index purchase_voided on purchase (app_id, market, voided_at, purchase_id)
  where voided_at is not null;
create index purchase_unconfirmed on purchase (app_id, market, purchase_time, purchase_id)
  where acknowledged_at is null and voided_at is null;
create index purchase_due on purchase (world_id, due_at) where due_at is not null;
create index purchase_due_of_app on purchase (app_id, due_at) where due_at is not null;
create index purchase_latest on purchase (app_id, purchase_time, purchase_id);
create index purchase_product on purchase (app_id, product_id);

-- What the device got when it bought: the JSON string and its signature.
create table receipt (
  app_id text not null,
  purchase_id text not null,
  purchase_data text not null,
  signature text not null,
  primary key (app_id, purchase_id)
);

-- The ledger: everything that happened to a purchase, and the money that moved. Rows are only ever added.
create table ledger (
  app_id text not null,
  purchase_token text not null,
  seq integer not null,
  at bigint not null,
  what text not null,
  purchase_id text not null,
  amount_micros bigint not null,
  currency text not null,
  cause text not null,
  detail text,
  primary key (app_id, purchase_token, seq)
);
create index ledger_latest on ledger (app_id, at);
