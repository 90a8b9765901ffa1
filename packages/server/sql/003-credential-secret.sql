-- A client secret is looked up by its hash first: a wrong one then costs the same whether the client exists or not.

create index credential_secret on credential (secret_hash);
