-- API V5 lists voided purchases by the time at which they were made.
create index purchase_voided_bought on purchase (app_id, market, purchase_time, purchase_id)
  where voided_at is not null;
