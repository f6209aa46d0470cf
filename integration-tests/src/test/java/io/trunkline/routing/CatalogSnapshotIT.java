// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.fixture.PostgresBinaries;
import io.trunkline.fixture.PostgresOptions;
import io.trunkline.fixture.PostgresServer;
import io.trunkline.sql.SqlScan;
import io.trunkline.sql.StatementReader;
import io.trunkline.testing.Case;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That a snapshot read from a real catalogue sends to replicas what may go there, and nothing that hides more than a read. */
class CatalogSnapshotIT {
    private static final List<String> SCHEMA = List.of(
            "create table plain (id int8 primary key, amount numeric)",
            "create table parent (id int8) partition by range (id)",
            "create unlogged table part partition of parent for values from (0) to (10)",
            "create materialized view summary as select count(*) from plain",
            "create view hiding as select nextval('numbers') from plain",
            "create sequence numbers",
            "create table guarded (id int8)",
            "alter table guarded enable row level security",
            "create policy harmless on guarded using (id > 0)",
            "create table watched (id int8)",
            "alter table watched enable row level security",
            "create policy counting on watched using (nextval('numbers') > 0)",
            "create function twice(int8) returns int8 immutable language sql as 'select $1 * 2'",
            "create function twice(text) returns text immutable language sql as 'select $1 || $1'",
            "create function total() returns numeric stable language sql as 'select sum(amount) from plain'",
            "create function touch() returns int8 volatile language sql as 'select nextval(''numbers'')'",
            "create function sometimes(int8) returns int8 immutable language sql as 'select $1'",
            "create function sometimes(text) returns text volatile language sql as 'select $1'",
            "create function stamp(plain) returns int8 volatile language sql as 'select nextval(''numbers'')'",
            "create function grow(int8, int8) returns int8 volatile language sql as 'select $1 + $2'",
            "create aggregate swell(int8) (sfunc = grow, stype = int8)",
            "create operator @+@ (leftarg = int8, rightarg = int8, function = grow)");

    static Stream<Integer> majors() {
        return PostgresBinaries.testMajors().stream();
    }

    @ParameterizedTest
    @MethodSource("majors")
    void judgesAStatementByWhatTheCatalogueSaysOfItsNames(int major) throws SQLException {
        try (PostgresServer server = PostgresServer.start(PostgresOptions.major(major));
                Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            // Views and policies name the sequence before its turn in the list.
            statement.execute("create sequence numbers");
            for (String ddl : SCHEMA) {
                if (!ddl.startsWith("create sequence")) {
                    statement.execute(ddl);
                }
            }
            CatalogSnapshot catalog = snapshot(statement);

            assertReason(catalog, Reason.READ, "select id, lower('X'), count(*), twice(id), total(), now() from plain");
            assertReason(catalog, Reason.READ, "select * from summary");
            assertReason(catalog, Reason.READ, "select * from guarded");
            assertReason(catalog, Reason.READ, "select * from pg_catalog.pg_class, information_schema.tables");
            assertReason(catalog, Reason.READ, "select id + 1, id || 'x', id between 1 and 2 from plain");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select * from hiding");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select * from parent");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select * from part");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select last_value from numbers");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select * from watched");
            assertReason(catalog, Reason.OPAQUE_RELATION, "select p.stamp from plain p");
            assertReason(catalog, Reason.VOLATILE_FUNCTION, "select touch()");
            assertReason(catalog, Reason.VOLATILE_FUNCTION, "select sometimes(1)");
            assertReason(catalog, Reason.VOLATILE_FUNCTION, "select swell(id) from plain");
            assertReason(catalog, Reason.VOLATILE_FUNCTION, "select nextval('numbers')");
            assertReason(catalog, Reason.VOLATILE_FUNCTION, "select pg_advisory_lock(1)");
            assertReason(catalog, Reason.UNKNOWN_FUNCTION, "select not_yet_there()");
            assertReason(catalog, Reason.HIDDEN_FUNCTION, "select 1 @+@ 2");

            statement.execute("create domain counted as int8 check (value < nextval('numbers'))");
            assertReason(snapshot(statement), Reason.HIDDEN_FUNCTION, "select 1");
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    @Case("N07")
    void N07_findsTheFunctionsThatChangeSettings(int major) throws SQLException {
        try (PostgresServer server = PostgresServer.start(PostgresOptions.major(major));
                Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            function(statement, "sets", "set work_mem to '7MB';");
            function(statement, "configures", "perform set_config('a.b', 'c', false);");
            function(statement, "configures_here", "perform set_config('a.b', 'c', true);");
            function(statement, "sets_here", "set local work_mem to '7MB';");
            function(statement, "updates", "update pg_class c set relname = 'x' where false;");
            function(
                    statement,
                    "updates_first",
                    "update pg_class set relname = 'x' where false; set work_mem to '7MB';");
            function(statement, "runs_text", "execute 'select 1';");
            function(statement, "calls", "perform public.configures();");
            function(statement, "coun", "reset work_mem;");
            function(statement, "\"odd (name\"", "reset work_mem;");
            function(statement, "calls_odd", "perform public.\"odd (name\"();");
            function(statement, "plain", "perform count(*) from pg_class;");
            CatalogSnapshot catalog = snapshot(statement);

            assertChange(catalog, SettingChange.LIKELY, "sets", "configures", "updates_first", "calls", "calls_odd");
            assertChange(catalog, SettingChange.POSSIBLE, "runs_text", "not_there");
            assertChange(catalog, SettingChange.NONE, "configures_here", "sets_here", "updates", "plain", "count");
        }
    }

    @ParameterizedTest
    @MethodSource("majors")
    @Case("H08")
    void H08_findsWhatUsesTablesUnseen(int major) throws SQLException {
        try (PostgresServer server = PostgresServer.start(PostgresOptions.major(major));
                Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String ddl : List.of(
                    "create table t (id int8, at timestamptz)",
                    "create table calm (id int8, at timestamptz)",
                    "create table defaulted (id int8, n int8)",
                    "create table constrained (id int8)",
                    "create table ruled (id int8)",
                    "create table vouched (id int8)",
                    "create table guarded (id int8)",
                    "create table mildly_guarded (id int8)",
                    "create table of_domain (id int8)",
                    "create function counts() returns int8 stable language sql as 'select count(*) from t'",
                    "create function promises() returns int8 immutable language sql as 'select count(*) from t'",
                    "create function adds(int8) returns int8 stable language sql as 'select $1 + 1'",
                    "create function atomic_counts() returns int8 stable language sql return (select count(*) from t)",
                    "create function total(t) returns int8 stable language sql as 'select count(*) from t'",
                    "create function is_known(int8) returns bool stable language sql as 'select exists (select from t where id = $1)'",
                    "create operator ?~? (rightarg = int8, function = is_known)")) {
                statement.execute(ddl);
            }
            function(statement, "audits", "insert into t values (1);");
            function(statement, "calls", "perform public.audits();");
            function(statement, "compares", "if 1 is distinct from 2 then perform extract(year from now()); end if;");
            function(statement, "runs_text", "execute 'select 1';");
            function(statement, "vouched_for", "insert into t values (1);");
            for (String ddl : List.of(
                    "comment on function vouched_for() is 'Writes. trunkline: local'",
                    "create function stamps() returns trigger language plpgsql as $$ begin new.at = now(); return new; end $$",
                    "create function logs() returns trigger language plpgsql as $$ begin insert into t values (new.id); return new; end $$",
                    "create function logs_here() returns trigger language plpgsql as $$ begin insert into t values (new.id); return new; end $$",
                    "comment on function logs_here() is 'trunkline: local'",
                    "create trigger stamping before update on calm for each row execute function stamps()",
                    "create trigger logging after insert on t for each row execute function logs()",
                    "create trigger logging before insert on vouched for each row execute function logs_here()",
                    "create table parted (id int8, at date) partition by range (at)",
                    "create table parted_2026 partition of parted for values from ('2026-01-01') to ('2027-01-01')",
                    "create trigger logging after insert on parted_2026 for each row execute function logs()",
                    "create table heads (id int8 primary key)",
                    "create table necks (id int8 primary key references heads on delete cascade)",
                    "create table bodies (id int8 references necks on update cascade)",
                    "create trigger logging after delete on bodies for each row execute function logs()",
                    "create table strangers (id int8 references heads)",
                    "create trigger logging after delete on strangers for each row execute function logs()",
                    "create table loners (id int8 primary key)",
                    "create table followers (id int8 references loners)",
                    "create trigger logging after delete on followers for each row execute function logs()",
                    "alter table defaulted alter n set default counts()",
                    "alter table constrained add check (is_known(id))",
                    "create rule copying as on insert to ruled do also insert into t values (new.id)",
                    "alter table guarded enable row level security",
                    "create policy looking on guarded using (exists (select from t where t.id = guarded.id))",
                    "alter table mildly_guarded enable row level security",
                    "create policy calm on mildly_guarded using (id > 0)",
                    "create domain known as int8 check (is_known(value))",
                    "alter table of_domain add k known")) {
                statement.execute(ddl);
            }
            TableUses uses = snapshot(statement).tableUses();

            for (String function :
                    List.of("counts", "atomic_counts", "total", "audits", "calls", "runs_text", "logs")) {
                assertThat(uses.function(List.of(function))).isEqualTo(function);
            }
            for (String function :
                    List.of("promises", "adds", "compares", "vouched_for", "stamps", "logs_here", "lower")) {
                assertThat(uses.function(List.of(function))).as(function).isNull();
            }
            assertThat(uses.attribute(List.of("id", "total"))).isEqualTo("total");
            assertThat(uses.operator(List.of("?~?"))).isEqualTo("?~?");
            assertThat(uses.hidden(List.of("t"), true)).isEqualTo("table t: trigger logging calls logs");
            assertThat(uses.hidden(List.of("t"), false)).isNull();
            assertThat(uses.hidden(List.of("parted"), true)).contains("trigger logging");
            assertThat(uses.hidden(List.of("heads"), true)).contains("trigger logging");
            assertThat(uses.hidden(List.of("loners"), true)).isNull();
            assertThat(uses.hidden(List.of("defaulted"), true)).contains("default of n calls counts");
            assertThat(uses.hidden(List.of("constrained"), true)).contains("calls is_known");
            assertThat(uses.hidden(List.of("of_domain"), true)).contains("calls is_known");
            assertThat(uses.hidden(List.of("ruled"), true)).contains("rule copying");
            assertThat(uses.hidden(List.of("guarded"), false)).contains("policy looking");
            assertThat(uses.hidden(List.of("calm", "vouched", "mildly_guarded"), true))
                    .isNull();
        }
    }

    private static void function(Statement statement, String name, String body) throws SQLException {
        statement.execute(
                "create function public." + name + "() returns void language plpgsql as $$ begin " + body + " end $$");
    }

    private static void assertChange(CatalogSnapshot catalog, SettingChange change, String... functions) {
        assertThat(functions)
                .allSatisfy(function -> assertThat(catalog.settingChange(Set.of(function)))
                        .as(function)
                        .isEqualTo(change));
    }

    @ParameterizedTest
    @MethodSource("majors")
    void findsNothingHiddenInAFreshDatabase(int major) throws SQLException {
        try (PostgresServer server = PostgresServer.start(PostgresOptions.major(major));
                Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement()) {
            List<List<@Nullable String>> functions = rows(statement, CatalogQueries.FUNCTIONS);

            assertThat(functions).hasSizeGreaterThan(2_000).noneMatch(row -> "t".equals(row.get(2)));
            assertThat(rows(statement, CatalogQueries.RELATIONS)).isEmpty();
            assertThat(rows(statement, CatalogQueries.HIDDEN_CALLS)).isEmpty();
            assertThat(rows(statement, CatalogQueries.TABLE_USES)).isEmpty();
        }
    }

    private static CatalogSnapshot snapshot(Statement statement) throws SQLException {
        return CatalogSnapshot.of(
                rows(statement, CatalogQueries.FUNCTIONS),
                rows(statement, CatalogQueries.RELATIONS),
                rows(statement, CatalogQueries.HIDDEN_CALLS),
                rows(statement, CatalogQueries.TABLE_USES));
    }

    private static List<List<@Nullable String>> rows(Statement statement, String query) throws SQLException {
        List<List<@Nullable String>> rows = new ArrayList<>();
        // The queries must not depend on it.
        statement.execute("set search_path to ''");
        try (ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<@Nullable String> row = new ArrayList<>();
                for (int column = 1; column <= result.getMetaData().getColumnCount(); column++) {
                    row.add(result.getString(column));
                }
                rows.add(row);
            }
        }
        statement.execute("reset search_path");
        return rows;
    }

    private static void assertReason(CatalogSnapshot catalog, Reason reason, String sql) {
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        SqlScan scan = new SqlScan();
        scan.scan(text, 0, text.writerIndex(), true);

        Reason verdict = ReadOnlyCheck.verdict(
                new StatementReader().read(scan, text).statements().get(0), catalog);

        assertThat(verdict).as(sql).isEqualTo(reason);
    }
}
