-- Promotions, pauses, changes of price and of product.

-- how often the price has been changed for running subscribers, and a change that has not reached all of them yet
alter table product add column price_seq integer not null default 0;
alter table product add column price_change text;
create index product_price_change on product (app_id, product_id) where price_change is not null;

-- the instant of the latest entry: what is carried out late is never dated before it
alter table subscription add column changed_at bigint not null default 0;
alter table subscription add column promotion_left integer not null default 0;
alter table subscription add column promotional integer not null default 0;
alter table subscription add column period_start_at bigint not null default 0;
-- what the running period is worth, which a change of product converts
alter table subscription add column period_value_micros bigint not null default 0;
-- what the next payments are less by
alter table subscription add column credit_micros bigint not null default 0;
alter table subscription add column shown_price_micros bigint not null default 0;
alter table subscription add column price_seq integer not null default 0;
-- the changes of price that wait, as JSON
alter table subscription add column price_changes text not null default '[]';
-- a pause that is scheduled or runs, and a change of product that waits for the next payment, as JSON
alter table subscription add column pause text;
alter table subscription add column switch_to text;
