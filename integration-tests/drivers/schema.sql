-- SPDX-License-Identifier: Apache-2.0
-- What every suite finds in its database. Run by a superuser before each program.
set client_min_messages = warning;
drop schema if exists suite cascade;
create schema suite;
create type suite.mood as enum ('sad', 'so so', 'glad');
create table suite.words (
    id int constraint words_key primary key,
    word text constraint word_is_short check (length(word) < 1000000),
    kind int constraint kind_is_not_zero check (kind <> 0));
create table suite.parents (id int constraint parents_key primary key);
create table suite.children (parent int constraint children_parent references suite.parents);
create table suite.deferred (a int constraint deferred_key unique deferrable initially deferred);
create table suite.large (id int, content bytea);
create function suite.complain() returns void language plpgsql as $$
begin
    raise exception using errcode = 'TS001', message = 'complaint', detail = 'a detail', hint = 'a hint',
        schema = 'a schema', table = 'a table', column = 'a column', datatype = 'a type', constraint = 'a constraint';
end $$;
do $$
begin
    if not exists (select from pg_roles where rolname = 'suite_reader') then
        create role suite_reader;
    end if;
    grant suite_reader to app;
end $$;
alter schema suite owner to app;
grant usage on schema suite to suite_reader;
grant select on all tables in schema suite to suite_reader;
alter table suite.words owner to app;
alter table suite.parents owner to app;
alter table suite.children owner to app;
alter table suite.deferred owner to app;
alter table suite.large owner to app;
alter type suite.mood owner to app;
alter function suite.complain() owner to app;
