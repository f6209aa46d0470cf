-- SPDX-License-Identifier: Apache-2.0
create table countries (code text primary key, name text not null);
insert into countries values ('GB', 'United Kingdom'), ('JP', 'Japan'), ('NO', 'Norway');
create table customers (id int8 primary key, name text not null, country text not null references countries);
create table orders (id int8, customer_id int8 not null, amount numeric(12,2) not null,
                     placed_at timestamptz not null, primary key (customer_id, id));
