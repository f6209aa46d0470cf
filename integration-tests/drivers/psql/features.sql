-- SPDX-License-Identifier: Apache-2.0
-- What psql does with a connection, beyond sending queries: its output must be the same through the router. Run by psql 15 and newer.
\set QUIET 1
\pset pager off
\set ON_ERROR_STOP 0
set client_min_messages = warning;

\echo variables from results
select 1 + 1 as two, 'a ''quoted'' word' as word \gset
select :two, :'word';
select id, 'w' || id as word from generate_series(1, 3) id \gset row_
\echo :LAST_ERROR_SQLSTATE :ROW_COUNT
select format('select %s as generated', i) from generate_series(1, 3) i \gexec
select 1 as a, 'x'::varchar(5) as b, now() as c \gdesc
select 'no rows' where false \gset
\if :{?two}
\echo there is a two
\endif

\echo copies
truncate suite.words;
\copy suite.words (id, word) from program 'seq 1 5000 | sed "s/$/\tfive thousand/"'
select count(*), sum(id) from suite.words;
\copy (select id, word from suite.words where id <= 3 order by id) to stdout
\copy (select id, word from suite.words where id <= 3 order by id) to stdout with (format csv, header)
\copy suite.words (id) from stdin
6001
not a number
\.
copy suite.words (id, word) from stdin;
6001	typed in
6002	\N
\.
copy (select id, word from suite.words where id > 6000 order by id) to stdout;
select sum(id) from suite.words \g | cat
select id, word from suite.words where id < 4 order by id \gx

\echo repeated
create sequence suite.turn;
\pset tuples_only on
select 10 / (4 - nextval('suite.turn')) \watch 0.02
\pset tuples_only off

\echo fetched in parts
\set FETCH_COUNT 7
select id from suite.words where id <= 20 order by id;
select 1 / (id - 15) from generate_series(1, 20) id;
\unset FETCH_COUNT

\echo transactions
\set ON_ERROR_ROLLBACK on
begin;
insert into suite.words (id) values (7000);
insert into suite.words (id) values (7000);
select count(*) from suite.words where id >= 7000;
commit;
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT off
delete from suite.words where id >= 7000;
select 1 / 0;
select 1;
\errverbose
rollback;
\set AUTOCOMMIT on
select count(*) from suite.words where id >= 7000;
select 1 \; select 2 \; select 3 as three;

\echo the catalogue, with the queries that ask for it
\set ECHO_HIDDEN on
\d suite.words
\d+ suite.children
\dt suite.*
\di suite.*
\ds suite.*
\df suite.*
\dT+ suite.*
\dn suite
\dv suite.*
\dp suite.words
\dd suite.*
\sf suite.complain
\dconfig work_mem
\dC json
\dRp
\drds suite*
\set ECHO_HIDDEN off
\d suite.nothing

\echo what completion of names asks for
select pg_catalog.quote_ident(c.relname) from pg_catalog.pg_class c
    where c.relkind in ('r', 'S', 'v', 'm', 'f', 'p') and substring(pg_catalog.quote_ident(c.relname), 1, 3) = 'wor'
        and pg_catalog.pg_table_is_visible(c.oid)
    union all select pg_catalog.quote_ident(n.nspname) || '.' from pg_catalog.pg_namespace n
        where substring(pg_catalog.quote_ident(n.nspname) || '.', 1, 3) = 'sui' limit 1000;
select pg_catalog.quote_ident(attname) from pg_catalog.pg_attribute a, pg_catalog.pg_class c
    where c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped and c.relname = 'words' order by 1;
select name from pg_catalog.pg_settings where name like 'enable_hash%' order by 1;
select pg_catalog.quote_ident(e.enumlabel::text) from pg_catalog.pg_enum e, pg_catalog.pg_type t where t.oid = e.enumtypid and t.typname = 'mood';

\echo settings and encodings
\encoding latin1
show client_encoding;
select E'caf\u00e9';
\encoding utf8
set timezone = 'Asia/Tokyo';
select '2024-05-06 07:08:09+00'::timestamptz;
reset timezone;

\echo large objects
begin;
select lo_create(424242);
select lo_put(424242, 0, repeat('large ', 20000)::bytea);
commit;
\lo_export 424242 /dev/null
\lo_list
\lo_unlink 424242

\echo cursors and notifications
declare held cursor with hold for select generate_series(1, 5);
fetch 2 from held;
move 1 in held;
fetch all from held;
close held;
listen suite_psql;
notify suite_psql, 'unheard: the process id differs';
unlisten *;
