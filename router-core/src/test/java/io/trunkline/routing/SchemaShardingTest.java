// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.ShardingShape;
import io.trunkline.sql.ShardingShapeReader;
import io.trunkline.sql.StatementShape;
import io.trunkline.sql.TableDirectory;
import io.trunkline.topology.Cluster;
import io.trunkline.topology.PlacedSchema;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where statements run whose tables are in schemas that are whole on one shard: a has tenant_a and tenant_d, b has tenant_b. */
class SchemaShardingTest {
    private static final CatalogSnapshot CATALOG = Given.catalog()
            .withSpreadNames(Stream.of("orders", "customers", "countries", "notes")
                    .map(name -> List.of("relation", name))
                    .toList());

    private final RoutingTable table = table();
    private final long ofA = keyOn(0);

    private static RoutingTable table() {
        Cluster customers = Given.customers(3).cluster();
        return RoutingTable.of(
                Given.topology(new Cluster(
                        customers.name(),
                        customers.shards(),
                        customers.distributions(),
                        customers.shardedTables(),
                        customers.referenceTables(),
                        List.of(
                                new PlacedSchema("tenant_a", 0),
                                new PlacedSchema("tenant_d", 0),
                                new PlacedSchema("tenant_b", 1)))),
                "main");
    }

    private long keyOn(int shard) {
        return Stream.iterate(1L, id -> id + 1)
                .filter(id -> Given.shardOf(table, id) == shard)
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "select * from tenant_a.invoices; a",
                "select * from tenant_b.invoices; b",
                "select * from tenant_a.invoices i join tenant_d.lines l on l.id = i.id; a",
                "select * from tenant_a.invoices i join countries c on c.code = i.country; a",
                "select sum(n) over (partition by x) from tenant_a.invoices where n in (select n from tenant_d.lines); a",
                "select * from tenant_a.invoices join tenant_b.invoices using (id); TL0145",
                "select * from tenant_a.invoices join orders using (id); TL0145",
                "select * from tenant_b.invoices i join orders o on o.customer_id = KEY; TL0145",
                "select * from tenant_a.invoices i join orders o on o.customer_id = KEY; a",
                "insert into tenant_b.invoices select * from tenant_b.drafts; b",
                "insert into tenant_b.invoices values (1) on conflict do nothing returning id; b",
                "insert into tenant_b.invoices select * from tenant_a.drafts; TL0145",
                "with x as (delete from tenant_a.invoices returning *) insert into tenant_a.old select * from x; a",
                "with x as (delete from countries returning *) insert into tenant_a.old select * from x; TL0116",
                "update tenant_a.invoices set n = n + 1; a",
                "delete from tenant_b.invoices using tenant_b.old; b",
                "merge into tenant_a.invoices i using tenant_d.lines l on l.id = i.id when matched then delete; a",
                "merge into tenant_a.invoices i using orders l on l.id = i.id when matched then delete; TL0114",
                "merge into tenant_a.invoices i using notes l on l.id = i.id when matched then delete; TL0144",
                "merge into orders i using tenant_a.lines l on l.id = i.id when matched then delete; TL0114",
                "truncate tenant_a.invoices, tenant_d.lines; a",
                "truncate tenant_a.invoices, tenant_b.lines; TL0144",
                "truncate tenant_a.invoices, orders; TL0144",
                "truncate tenant_a.invoices, countries; TL0144",
                "lock table tenant_b.invoices in share mode; b",
                "copy tenant_b.invoices (id, n) from stdin; b",
                "copy tenant_b.invoices to stdout; b",
                "copy (select * from tenant_b.invoices) to stdout; b",
                "copy orders from stdin; several",
                "table tenant_a.invoices; a",
                "vacuum (analyze) tenant_a.invoices; a",
                "vacuum; several",
                "analyze tenant_b.invoices; b",
                "reindex table tenant_b.invoices; b",
                "refresh materialized view concurrently tenant_b.totals; b",
                "create schema tenant_a; a",
                "create schema if not exists tenant_b authorization joe; b",
                "create schema tenant_x; TL0115",
                "create schema tenant_a create table x (); TL0144",
                "create schema authorization tenant_a; TL0144",
                "drop schema tenant_a, tenant_d cascade; a",
                "drop schema tenant_a, tenant_b cascade; TL0144",
                "alter schema tenant_a rename to tenant_x; TL0144",
                "create table tenant_a.invoices (id int primary key, c text references public.countries); a",
                "create table tenant_a.invoices (id int primary key, c text references countries (code)); a",
                "create table tenant_a.invoices (id int references orders); TL0144",
                "create table tenant_a.invoices as select * from tenant_d.lines; a",
                "create table invoices as select * from tenant_d.lines; TL0144",
                "create table invoices (id int); TL0115",
                "create unique index concurrently on tenant_a.invoices (id); a",
                "create index i on invoices (id); TL0115",
                "alter table only tenant_b.invoices add column n int default 7; b",
                "alter table tenant_b.invoices set schema public; TL0144",
                "drop table if exists tenant_b.invoices cascade; b",
                "create view tenant_a.v as select * from tenant_a.invoices; a",
                "create view tenant_a.v as select * from tenant_b.invoices; TL0144",
                "create view v as select * from tenant_a.invoices; TL0144",
                "create function tenant_a.f() returns int language sql as $$ select 1 $$; a",
                "create trigger t before update on tenant_a.invoices for each row execute function tenant_a.f(); a",
                "create role joe; TL0115",
                "create extension hstore schema tenant_a; TL0144",
                "grant select on tenant_a.invoices to public; a",
                "grant usage on schema tenant_a to joe; a",
                "grant select on all tables in schema tenant_a to joe; a",
                "grant joe to jane; TL0115",
                "comment on column tenant_b.invoices.id is 'x'; b",
                "comment on database app is 'x'; TL0115",
                "call tenant_b.work(); b",
                "call work(); TL0118",
                "select tenant_b.f(1); b",
                "select tenant_b.f(1), tenant_a.f(2); TL0145",
                "select tenant_b.f(1), audit(); TL0212",
                "select f(1) from tenant_a.invoices; a",
                "select * from tenant_x.invoices; TL0105",
                "select * from invoices; TL0105",
                "select * into copied from tenant_a.invoices; TL0115",
                "select 1; any",
                "select * from pg_class; any",
            })
    void withoutASearchPath(String sql, String expected) {
        assertThat(route(sql, table.forAssumedPath(List.of("joe", "public")))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "select * from invoices; b",
                "select * from invoices join public.countries using (code); b",
                "select * from public.orders where customer_id = KEY; a",
                "select * from public.orders; several",
                "select * from orders; b",
                "insert into invoices values (1); b",
                "update invoices set n = 1; b",
                "with x as (insert into invoices values (1) returning *) select * from x; b",
                "merge into invoices i using lines l on l.id = i.id when matched then delete; b",
                "create table invoices (id serial); b",
                "create temp table invoices (id serial); b",
                "create index on invoices (id); b",
                "drop table invoices, lines; b",
                "drop function f; b",
                "copy invoices from stdin; b",
                "select nextval('invoices_id_seq'); b",
                "select nextval('invoices_id_seq') from invoices; b",
                "select audit(); b",
                "select 1; b",
                "select * from pg_class; b",
                "select pg_advisory_lock(1); a",
                "select pg_advisory_lock(1) from invoices; TL0213",
                "select * from tenant_a.invoices; a",
                "call work(); b",
            })
    void withASearchPathOfOneShard(String sql, String expected) {
        assertThat(route(sql, table.forSearchPath(List.of("tenant_b")))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {
                "select * from invoices; b",
                "select * from notes; TL0144",
                "select * from orders; TL0144",
                "select * from public.orders where customer_id = KEY; a",
                "select * from countries; b",
                "select * from invoices natural join countries; b",
                "update countries set name = 'x'; TL0144",
                "truncate countries; TL0144",
                "insert into invoices select * from countries; b",
                "create table invoices (id int); TL0144",
                "create table tenant_b.invoices (id int); b",
                "create temp table invoices (id int); b",
                "create index on invoices (id); b",
                "drop table invoices; b",
                "drop table invoices, notes; TL0144",
                "drop function f(int); TL0144",
                "select nextval('invoices_id_seq'); TL0144",
                "select audit(); TL0212",
                "select now(); b",
                "select * from pg_class; b",
            })
    void withPublicBehindTheSchema(String sql, String expected) {
        assertThat(route(sql, table.forSearchPath(List.of("tenant_b", "public"))))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            value = {"select * from invoices; TL0144", "select * from tenant_a.invoices; a", "select 1; any"})
    void withAnUnknownSearchPath(String sql, String expected) {
        assertThat(route(sql, table.forSearchPath(List.of(RoutingTable.UNKNOWN_SCHEMA, "tenant_b"))))
                .isEqualTo(expected.equals("any") ? "b" : expected);
    }

    @Test
    void refusesNamesThatMayBeInSchemasOfDifferentShards() {
        TableDirectory both = table.forSearchPath(List.of("tenant_a", "tenant_b"));

        assertThat(route("select * from invoices", both)).isEqualTo("TL0144");
        assertThat(route("create table invoices (id int)", both)).isEqualTo("TL0144");
        assertThat(route("create table tenant_b.invoices (id int)", both)).isEqualTo("TL0144");
        assertThat(route("select * from tenant_b.invoices", both)).isEqualTo("b");
    }

    @Test
    void doesNotTrustASearchPathThatServersMaySet() {
        CatalogSnapshot own = Given.catalog().withSpreadNames(List.of(List.of("path", "")));

        TableDirectory assumed = table.forAssumedPath(List.of("joe", "public"));

        assertThat(route("select * from countries", assumed, own)).isEqualTo("TL0144");
        assertThat(route("select * from public.countries", assumed, own)).isEqualTo("any");
        assertThat(route("select * from countries", table.forSearchPath(List.of("joe", "public")), own))
                .isEqualTo("any");
    }

    @Test
    void knowsNoNameBeforeTheCatalogueIsRead() {
        TableDirectory behindPublic = table.forSearchPath(List.of("tenant_b", "public"));

        assertThat(route("select * from invoices", behindPublic, Given.catalog()))
                .isEqualTo("TL0144");
        assertThat(route("select * from tenant_b.invoices", behindPublic, Given.catalog()))
                .isEqualTo("b");
        assertThat(route("select * from invoices", table.forSearchPath(List.of("tenant_b")), Given.catalog()))
                .isEqualTo("b");
    }

    @Test
    void doesNotFollowAHintToAnotherShard() {
        TableDirectory path = table.forSearchPath(List.of("tenant_b"));

        assertThat(route("select * from invoices /* trunkline: shard=b */", path))
                .isEqualTo("b");
        assertThat(route("select * from invoices /* trunkline: shard=a */", path))
                .isEqualTo("TL0204");
        assertThat(route(
                        "drop table tenant_a.invoices /* trunkline: shard=c */",
                        table.forAssumedPath(List.of("joe", "public"))))
                .isEqualTo("TL0204");
    }

    private String route(String sql, TableDirectory tables) {
        return route(sql, tables, CATALOG);
    }

    private String route(String sql, TableDirectory tables, CatalogSnapshot catalog) {
        String text = sql.replace("KEY", Long.toString(ofA));
        StatementShape statement = Given.statement(text);
        ShardingShape shape = new ShardingShapeReader().read(text, true, tables);
        Target target =
                new StatementRouter(table, catalog).target(statement, shape, GivenKeys.literal(text), Given.SESSION);
        if (target instanceof Target.Refused refused) {
            return refused.code();
        }
        if (target instanceof Target.Scatter) {
            return "several";
        }
        int shard = ((Target.At) target).shard();
        return shard == Target.ANY_SHARD ? "any" : table.shardName(shard);
    }
}
