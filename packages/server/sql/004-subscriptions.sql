-- Monthly products and subscriptions: their terms, their state, what was asked of the payment gateway.

-- the terms of a monthly product or a subscription, as JSON; a managed product has none
alter table product add column terms text;

-- What goes on under the token of a monthly product or a subscription; each of its payments is a row of purchase.
create table subscription (
  app_id text not null,
  purchase_token text not null,
  world_id text not null,
  product_id text not null,
  type text not null check (type in ('auto', 'subscription')),
  market text not null check (market in ('MKT_ONE', 'MKT_GLB')),
  country text not null,
  buyer_id text not null,
  developer_payload text,
  product_name text,
  calendar text not null check (calendar in ('sandbox', 'commercial')),
  terms text not null,
  -- of the next payment
  price_micros bigint not null check (price_micros >= 0),
  currency text not null,
  payment_method text not null,
  payment_outcome text not null check (payment_outcome in ('approve', 'decline', 'timeout')),
  status text not null check (status in ('active', 'grace', 'hold', 'paused', 'expired', 'revoked')),
  renewing integer not null check (renewing in (0, 1)),
  trial integer not null check (trial in (0, 1)),
  payment_failed integer not null check (payment_failed in (0, 1)),
  start_time bigint not null,
  first_purchase_id text not null,
  first_paid_micros bigint not null,
  acknowledged_at bigint,
  acknowledge_by bigint,
  cycle integer not null,
  last_purchase_id text not null,
  last_paid_micros bigint not null,
  next_payment_at bigint not null,
  attempt_at bigint,
  expires_at bigint not null,
  ends_at bigint,
  cancelled_at bigint,
  cancel_reason integer,
  voided_at bigint,
  linked_purchase_token text,
  charge_count integer not null,
  open_charge integer,
  due_at bigint,
  -- on the machine's clock: until then the charge is another node's to ask for
  lease_until bigint not null,
  entry_count integer not null,
  rev integer not null,
  primary key (app_id, purchase_token)
);
-- a buyer has a recurring product once, until it has ended
create unique index subscription_owned on subscription (app_id, buyer_id, product_id)
  where status in ('active', 'grace', 'hold', 'paused');
create index subscription_due on subscription (world_id, due_at) where due_at is not null;
create index subscription_due_of_app on subscription (app_id, due_at) where due_at is not null;
create index subscription_unacknowledged on subscription (world_id, acknowledge_by)
  where acknowledge_by is not null;
create index subscription_product on subscription (app_id, product_id);

-- What the payment gateway was asked for: a charge for each payment, a refund for each void. Numbers count from 0
-- under each token; the key of the row is the idempotency key of the question.
create table charge (
  app_id text not null,
  purchase_token text not null,
  number integer not null,
  kind text not null check (kind in ('purchase', 'renewal', 'refund')),
  cycle integer not null,
  purchase_id text,
  amount_micros bigint not null check (amount_micros >= 0),
  currency text not null,
  payment_method text not null,
  -- how the sandbox's gateway answers
  outcome text not null check (outcome in ('approve', 'decline', 'timeout')),
  state text not null check (state in ('asked', 'approved', 'declined', 'returned')),
  -- how many questions got no answer
  unanswered_count integer not null,
  asked_at bigint not null,
  answered_at bigint,
  -- on the machine's clock: when what nobody else asks for is asked again
  ask_again_at bigint,
  primary key (app_id, purchase_token, number)
);
-- no cycle is charged twice
create unique index charge_cycle on charge (app_id, purchase_token, cycle)
  where state = 'approved' and kind <> 'refund';
create index charge_open on charge (ask_again_at) where ask_again_at is not null;

-- Who has had the free trial of a product.
create table trial (
  app_id text not null,
  buyer_id text not null,
  product_id text not null,
  used_at bigint not null,
  primary key (app_id, buyer_id, product_id)
);
