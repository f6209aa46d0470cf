// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How definitions and maintenance run on every shard; the tables are those of {@link ScatterNotation}, a refusal is its code. */
class EveryShardReaderTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            create table if not exists t (a int default random(), b int generated always as (a + 1) stored, c bigserial) with (fillfactor=100) → DEFINITION
            create unlogged table t (like orders including all)          → DEFINITION
            create table p partition of orders for values in (1)         → DEFINITION
            drop table if exists a, b, c                                 → DEFINITION
            create or replace view v as select * from orders             → DEFINITION
            create function f() returns int language sql as 'select 1'   → DEFINITION
            create unique index on orders (customer_id)                  → DEFINITION
            create unique index concurrently if not exists i on orders (customer_id) → SEPARATELY
            drop index concurrently i                                    → SEPARATELY
            alter table orders detach partition p concurrently           → SEPARATELY
            reindex table orders                                         → AS_SENT
            reindex (concurrently) table orders                          → SEPARATELY
            cluster orders                                               → AS_SENT
            vacuum (analyze) orders                                      → SEPARATELY
            analyze orders                                               → TOGETHER
            truncate orders, countries restart identity cascade          → DEFINITION
            lock table orders in share mode                              → IN_BLOCK
            alter type kind add value 'x'                                → DEFINITION
            create role r login password 'x'                             → DEFINITION
            alter database d set work_mem = 5                            → DEFINITION
            comment on database d is 'x'                                 → DEFINITION
            create extension if not exists citext                        → DEFINITION
            create database d                                            → TL0115
            drop tablespace s                                            → TL0115
            alter database d set tablespace s                            → TL0115
            create subscription s connection 'x' publication p           → TL0115
            alter system set work_mem = 5                                → TL0115
            create local temporary table t (a int)                       → TL0115
            create table pg_temp.t (a int)                               → TL0115
            create temp view v as select 1                               → TL0115
            """)
    @Case("H50")
    void runOnEveryShard(String sql, String expected) {
        assertThat(form(sql)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            create table t as select * from orders                       → TL0136
            create unlogged table if not exists t (a) with (fillfactor=10) as values (1) → TL0136
            create materialized view v as select 1                       → TL0136
            drop materialized view v                                     → TL0136
            refresh materialized view v                                  → TL0136
            alter table orders add column a timestamptz default now()    → DEFINITION
            alter table countries add column a int default 5 not null, add b text default 'x' → DEFINITION
            alter table countries add column a int default -5 check (a < 0) → DEFINITION
            alter table countries alter column a set default now()       → DEFINITION
            alter table countries alter column a drop default            → DEFINITION
            alter table countries add constraint c unique using index i  → DEFINITION
            alter table only countries add primary key (a)               → DEFINITION
            alter table countries add column a timestamptz default now() → TL0136
            alter table countries add column a timestamptz default 'now' → DEFINITION
            alter table if exists only public.countries add a timestamptz default 'now'::timestamptz → TL0136
            alter table countries add column a int default 5 + random()  → TL0136
            alter table nowhere add column a uuid default gen_random_uuid() → TL0136
            alter table countries add column a serial                    → TL0136
            alter table countries alter column a add generated always as identity → TL0136
            alter table countries alter column a type int using length(a) → TL0136
            alter table countries add column a "serial"                  → TL0136
            alter table orders alter customer_id type int8 using customer_id + 1000 → TL0136
            alter table orders alter total type int8, alter column "customer_id" set data type int8 → TL0136
            alter table orders alter customer_id set default 5           → DEFINITION
            alter table orders alter total type int8                     → DEFINITION
            """)
    @Case({"H47", "H50"})
    void giveEachShardTheSameRows(String sql, String expected) {
        assertThat(form(sql)).isEqualTo(expected);
    }

    private static String form(String sql) {
        ShardingShape shape = ScatterNotation.shape(sql);
        return shape.refusal() != null
                ? shape.refusal().code().code()
                : ((EveryShardCommand) Objects.requireNonNull(shape.spread()))
                        .form()
                        .toString();
    }
}
