// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlScanTest {

    @Test
    void splitsAtSemicolonsAndLeavesEmptyStatementsOut() {
        assertThat(statements(" ; select 1 ;; /* x */ ; select ';' ; ")).containsExactly("select 1", "select ';'");
        assertThat(statements("")).isEmpty();
        assertThat(statements(" -- ping")).isEmpty();
        assertThat(statements("/* a */ select 1 -- b")).containsExactly("select 1");
    }

    @Test
    void keepsSemicolonsInsideRulesAndFunctionBodies() {
        String rule = "create rule r as on insert to t do also (insert into a values (1); delete from b)";
        String function =
                "create or replace function f() returns int begin atomic select case when a then 1 end; select 1 end; end";
        String empty = "create procedure p() begin atomic end";
        String named = "create function begin() returns int as 'x' language sql";

        assertThat(statements(rule + "; select 1")).containsExactly(rule, "select 1");
        assertThat(statements(function + "; set role admin")).containsExactly(function, "set role admin");
        assertThat(statements(empty + "; end; begin")).containsExactly(empty, "end", "begin");
        assertThat(statements(named + "; begin; atomic")).containsExactly(named, "begin", "atomic");
    }

    @Test
    void beginsABodyOnlyBehindBeginAtomicOfARoutine() {
        assertThat(statements("begin atomic; select 1; end")).hasSize(3);
        assertThat(statements("create table begin (atomic int); select 1; end")).hasSize(3);
        assertThat(statements("create function f(begin atomic) returns int return 1; select 1; end"))
                .hasSize(3);
        assertThat(statements("create function f() \"begin\" atomic; select 1; end"))
                .hasSize(3);
        assertThat(statements("create function f() begin begin atomic; select 1; end; x"))
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 'a", "select 1; select \"b", "/* x", "select $$", "select 1 \0 ; drop table t"})
    void doesNotTrustATextThatBreaksOff(String sql) {
        assertThat(scan(sql).isComplete()).isFalse();
    }

    @Test
    void remembersWhereLiteralsAre() {
        Sql sql = Sql.of("select 1, 'a''b', -2.5, $$c$$, e'd', n'e', b'1', a1, $3, 'f'\n'g'");

        SqlScan scan = sql.scan();

        assertThat(sql.literals(scan))
                .containsExactly("1", "'a''b'", "2.5", "$$c$$", "e'd'", "n'e'", "b'1'", "'f'\n'g'");
        assertThat(scan.maxParameter()).isEqualTo(3);
    }

    @Test
    void countsParametersThatFitNoIntegerAsTheLargest() {
        assertThat(scan("select $1, $65535").maxParameter()).isEqualTo(65_535);
        assertThat(scan("select $99999999999999999999").maxParameter()).isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1                        → SELECT   2
            select 1                        → /* c */ select -- d
            select a from t where b = 'x'   → select A from T where b='it''s'
            select 'a'                      → select $x$b$x$
            select 'a'                      → select E'\\n'
            select 1; select 2              → ; select 3 ;; select 4;
            insert into t values (1.5)      → insert into t values (2e9)
            """)
    void givesTextsOfOneShapeOneFingerprint(String left, String right) {
        String complete = right.endsWith("-- d") ? right + "\n 7" : right;

        assertThat(fingerprint(left)).isEqualTo(fingerprint(complete));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            select 1                    → select '1'
            select 1                    → select 1.0
            select a                    → select "a"
            select "A"                  → select "a"
            select ab                   → select a b
            select $1                   → select $2
            select a; select b          → select a select b
            select a;select b;select c  → select a;select b select c
            select a                    → select a for update
            select a                    → /* trunkline: role=primary */ select a
            /* trunkline: shard=a */ x  → /* trunkline: shard=b */ x
            select U&"a!b" uescape '!'  → select U&"a!b" uescape '?'
            select 'a'                  → select n'a'
            select 'a'                  → select b'a'
            select a <> b               → select a < > b
            """)
    void givesTextsOfDifferentShapesDifferentFingerprints(String left, String right) {
        assertThat(fingerprint(left)).isNotEqualTo(fingerprint(right));
    }

    @Test
    void doesNotTakeATextForTheOneItBreaksOffBehind() {
        String many = "x;".repeat(SqlScan.STATEMENTS_MAX);

        assertThat(scan("select 1 'abc").fingerprintLow())
                .isNotEqualTo(scan("select 1").fingerprintLow());
        assertThat(scan(many + "delete from t").fingerprintLow())
                .isNotEqualTo(scan(many).fingerprintLow());
    }

    @Test
    void hashesAsSipHashDoes() {
        KeyedHash hash = new KeyedHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

        hash.finish();

        // First vector of the reference implementation for 128 bits: a3817f04ba25a8e6 6df67214c7550293
        assertThat(Long.toHexString(Long.reverseBytes(hash.low()))).isEqualTo("a3817f04ba25a8e6");
        assertThat(Long.toHexString(Long.reverseBytes(hash.high()))).isEqualTo("6df67214c7550293");
    }

    @Test
    void refusesToTrustMoreStatementsThanItRecords() {
        assertThat(scan("x;".repeat(SqlScan.STATEMENTS_MAX)).isComplete()).isTrue();
        assertThat(scan("x;".repeat(SqlScan.STATEMENTS_MAX + 1)).isComplete()).isFalse();
    }

    @Test
    void allocatesNothingAfterWarmUp() {
        Sql sql = Sql.of("select a, 'b', $1 from \"T\" where c = 42 and d in (1, 2, 3) -- x\n; begin; commit");
        SqlScan scan = sql.scan();
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        threads.getThreadAllocatedBytes(id);

        long before = threads.getThreadAllocatedBytes(id);
        for (int i = 0; i < 10_000; i++) {
            scan.scan(sql.buffer(), sql.start(), sql.end(), true);
        }
        long allocated = threads.getThreadAllocatedBytes(id) - before;

        assertThat(allocated).isLessThan(10_000);
    }

    @Test
    void tellsHowManyLiteralsStandBeforeAStatement() {
        SqlScan scan = scan("select 1, 'a'; begin; select 2; select 3");

        assertThat(List.of(scan.firstLiteral(0), scan.firstLiteral(1), scan.firstLiteral(2), scan.firstLiteral(3)))
                .containsExactly(0, 2, 2, 3);
    }

    private static SqlScan scan(String sql) {
        return Sql.of(sql).scan();
    }

    private static List<String> statements(String text) {
        Sql sql = Sql.of(text);
        return sql.statements(sql.scan());
    }

    private static String fingerprint(String sql) {
        SqlScan scan = scan(sql);
        assertThat(scan.isComplete()).isTrue();
        return Long.toHexString(scan.fingerprintHigh()) + Long.toHexString(scan.fingerprintLow());
    }
}
