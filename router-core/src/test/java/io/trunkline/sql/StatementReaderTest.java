// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.sql.TransactionMode.Choice;
import io.trunkline.testing.Case;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementReaderTest {

    /** The corpus: statement, kind, access, effects, and whether rows come back. */
    @ParameterizedTest
    @CsvFileSource(resources = "statements.txt", delimiter = '→', quoteCharacter = '`', maxCharsPerColumn = 8_192)
    @Case("C17")
    void classifiesStatements(String sql, StatementKind kind, Access access, String effects, String rows) {
        StatementShape shape = only(sql);

        assertThat(shape.kind()).isEqualTo(kind);
        assertThat(shape.access()).isEqualTo(access);
        assertThat(shape.effects().stream().map(Enum::name).sorted().toList())
                .isEqualTo(effects.equals("-") ? List.of() : List.of(effects.split(" ")));
        assertThat(shape.returnsRows()).isEqualTo(rows.equals("rows"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select lower(a), pg_catalog.upper(b), "App"."F"(c) from t   → App.F lower pg_catalog.upper
            select count(*) filter (where x) over (partition by y)      → count
            select coalesce(a, 1), greatest(1, 2), nullif(a, b)         → -
            select a::numeric(10, 2), cast(b as varchar(5))             → -
            select * from f(1) as g(a, b), unnest($1) h(c)              → f unnest
            with x(a) as (select 1), y(b) as (select f(1)) select *     → f
            select distinct on (a) f(b) from t                          → f
            select a operator(pg_catalog.+) f(b)                        → f
            select U&"\\0066oo"(1), u&"!0062ar" uescape '!' (2)          → bar foo
            select f (1), g/* c */(2)                                   → f g
            select a.b.c(1)                                             → a.b.c
            select left('a', 1), substring('a' from 1), extract(day from x) → extract left substring
            select x in (1), exists (select 1), y = any(z), row(1)      → -
            """)
    void namesTheFunctionsOfReads(String sql, String functions) {
        Set<String> expected = functions.equals("-") ? Set.of() : Set.of(functions.split(" "));

        assertThat(only(sql).functions()).isEqualTo(expected);
    }

    @Test
    void namesEveryOtherIdentifierOfReads() {
        assertThat(only("select t.Total, \"Q\".x from app.Orders as t, \"a\"\"b\" where t.f is not null")
                        .names())
                .contains("t", "total", "Q", "x", "app", "orders", "a\"b", "f")
                .doesNotContain("select", "from", "where", "as", "not", "null");
    }

    @Test
    void cutsNamesAsPostgresqlDoes() {
        String name = "x".repeat(62) + "é";

        assertThat(only("select 1 from " + name + " ").names()).contains("x".repeat(62));
        assertThat(only("select " + "y".repeat(70) + "(1)").functions()).containsExactly("y".repeat(63));
    }

    @Test
    void namesTheOperatorsOfReads() {
        assertThat(only("select a @> b, c <-> d, -e, f operator(app.=#=) g").operators())
                .containsExactlyInAnyOrder("@>", "<->", "-", "=#=");
    }

    @Test
    void namesTheFunctionsOfQueriesThatWriteToo() {
        assertThat(only("select pg_advisory_lock(1), f(2) from t for update").functions())
                .containsExactlyInAnyOrder("pg_advisory_lock", "f");
        assertThat(only("explain analyze select pg_stat_get_activity(1)").functions())
                .containsExactly("pg_stat_get_activity");
    }

    @Test
    void namesNothingForModifications() {
        StatementShape shape = only("insert into t values (f(1))");

        assertThat(shape.functions()).isEmpty();
        assertThat(shape.names()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', textBlock = """
            begin                                                        → UNSAID → UNSAID → UNSAID
            begin read only                                              → YES    → UNSAID → UNSAID
            start transaction read write                                 → NO     → UNSAID → UNSAID
            begin isolation level serializable, read only, deferrable    → YES    → YES    → YES
            begin work isolation level repeatable read not deferrable    → UNSAID → NO     → NO
            set transaction isolation level read committed               → UNSAID → NO     → UNSAID
            set transaction isolation level read uncommitted read only   → YES    → NO     → UNSAID
            set session characteristics as transaction read only         → YES    → UNSAID → UNSAID
            begin read only read write                                   → NO     → UNSAID → UNSAID
            commit                                                       → UNSAID → UNSAID → UNSAID
            """)
    @Case("T04")
    void readsTransactionModes(String sql, Choice readOnly, Choice serializable, Choice deferrable) {
        assertThat(only(sql).transactionMode()).isEqualTo(new TransactionMode(readOnly, serializable, deferrable));
    }

    @Test
    @Case({"Q03", "Q04"})
    void takesTheStrongestStatementForTheWholeText() {
        assertThat(Sql.of("select 1; show x").shape().access()).isEqualTo(Access.READ);
        assertThat(Sql.of("begin; select 1; update t set a = 1").shape().access())
                .isEqualTo(Access.WRITE);
        assertThat(Sql.of("begin; commit").shape().access()).isEqualTo(Access.NEUTRAL);
        assertThat(Sql.of("").shape().access()).isEqualTo(Access.NEUTRAL);
        assertThat(Sql.of("select 1; select 'a").shape().access()).isEqualTo(Access.WRITE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 1 from pg_stat_activity",
                "select * from pg_catalog.pg_locks",
                "select pg_backend_pid()",
                "select current_setting('transaction_read_only')",
                "set transaction snapshot '00000003-0000001B-1'",
                "select pg_stat_get_activity(1)",
                "select txid_current()",
                "select * from \"pg_settings\"",
            })
    @Case("N25")
    void keepsQuestionsAboutTheServerOnThePrimary(String sql) {
        assertThat(only(sql).access()).isEqualTo(Access.WRITE);
    }

    @Test
    void letsAQueryOfTooManyNamesGoToThePrimary() {
        StringBuilder sql = new StringBuilder("select a0");
        for (int i = 1; i <= QueryBody.NAMES_MAX; i++) {
            sql.append(", a").append(i);
        }

        assertThat(only(sql.toString()).access()).isEqualTo(Access.WRITE);
        assertThat(only("select " + "(".repeat(300) + "1" + ")".repeat(300)).access())
                .isEqualTo(Access.WRITE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            /* trunkline: role=primary */ select 1                             → PRIMARY        → -    → -
            select /* trunkline: role=replica */ 1                             → REPLICA        → -    → -
            select 1 /* trunkline: role=prefer-replica */                      → PREFER_REPLICA → -    → -
            select 1 -- trunkline: shard=s1                                    → -              → s1   → -
            /* TRUNKLINE: shard_key=42, role=PRIMARY */ select 1               → PRIMARY        → -    → 42
            /* trunkline: shard='it''s, x' */ select 1                         → -              → it's, x → -
            /* trunkline: shard=a */ select 1 /* trunkline: shard_key=b */     → -              → a    → b
            select '/* trunkline: role=primary */'                             → -              → -    → -
            select $$/* trunkline: role=primary */$$, "/* trunkline: shard=a */" → -            → -    → -
            /* /* trunkline: role=primary */ */ select 1                       → -              → -    → -
            /* x trunkline: role=primary */ select 1                           → -              → -    → -
            """)
    void readsHints(String sql, String role, String shard, String shardKey) {
        Hint hint = only(sql).hint();

        assertThat(hint.problem()).isNull();
        assertThat(hint.role() == null ? "-" : hint.role().name()).isEqualTo(role);
        assertThat(hint.shard() == null ? "-" : hint.shard()).isEqualTo(shard);
        assertThat(hint.shardKey() == null ? "-" : hint.shardKey()).isEqualTo(shardKey);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/* trunkline: roll=primary */ select 1",
                "/* trunkline: role=master */ select 1",
                "/* trunkline: role */ select 1",
                "/* trunkline: role= */ select 1",
                "/* trunkline: shard='a */ select 1",
                "/* trunkline: shard=a shard=b */ select 1",
                "/* trunkline: shard=a */ select 1 /* trunkline: shard=a */",
                "select 1 /* trunkline: role=primary */ from t",
                "select 1; /* trunkline: role=primary */",
                "select 1; ; /* trunkline: role=primary */ ;",
            })
    void reportsHintsThatCannotBeFollowed(String sql) {
        QueryShape shape = Sql.of(sql).shape();

        assertThat(shape.statements()).hasSize(1);
        assertThat(shape.statements().get(0).hint().problem()).isNotNull();
    }

    @Test
    void givesEachStatementItsOwnHint() {
        QueryShape shape = Sql.of("/* trunkline: shard=a */ select 1; select 2 /* trunkline: shard=b */; select 3")
                .shape();

        assertThat(shape.statements().stream().map(each -> each.hint().shard()).toList())
                .containsExactly("a", "b", null);
    }

    private static StatementShape only(String sql) {
        QueryShape shape = Sql.of(sql).shape();
        assertThat(shape.trusted()).isTrue();
        assertThat(shape.statements()).hasSize(1);
        return shape.statements().get(0);
    }
}
