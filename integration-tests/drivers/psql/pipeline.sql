-- SPDX-License-Identifier: Apache-2.0
\set id random(1, 1000)
\startpipeline
select abalance from pgbench_accounts where aid = :id;
update pgbench_accounts set abalance = abalance + 1 where aid = :id;
insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, :id, 1, '2024-01-01');
select count(*) from pgbench_branches;
\endpipeline
