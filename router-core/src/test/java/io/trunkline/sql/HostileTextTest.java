// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts of a megabyte that would take minutes if any step looked back or ahead once for every token, or a stack that no thread has. */
class HostileTextTest {
    private static final int BYTES = 1 << 20;

    static Stream<String> hostileTexts() {
        return Stream.of(
                "select " + "+".repeat(BYTES),
                "select " + "*+".repeat(BYTES / 2),
                "select " + "@+".repeat(BYTES / 2),
                "select " + "(".repeat(BYTES),
                "select " + "set_config(".repeat(BYTES / 11),
                "select " + "a.".repeat(BYTES / 2) + "f(1)",
                "select " + "f(a.b.c.d.e(".repeat(BYTES / 12),
                "explain ".repeat(BYTES / 8) + "select 1",
                "with x as (select 1) ".repeat(BYTES / 21) + "select 1",
                "(with x as (select 1) ".repeat(BYTES / 22) + "select 1",
                "declare c cursor for ".repeat(BYTES / 21) + "select 1",
                "copy (".repeat(BYTES / 6),
                "copy (".repeat(BYTES / 20) + "select 1" + ") to stdout".repeat(BYTES / 20),
                "/*".repeat(BYTES / 2),
                "/* trunkline: ".repeat(BYTES / 14),
                "/* trunkline: x=y */ ".repeat(BYTES / 21) + "select 1",
                "select $a$" + "$b$".repeat(BYTES / 3),
                "select " + "$a".repeat(BYTES / 2),
                "select " + "'a' ".repeat(BYTES / 4),
                "select " + "'a' -- b\n".repeat(BYTES / 9),
                "select 'a'" + " --".repeat(BYTES / 3),
                "select " + "x".repeat(BYTES),
                "select \"" + "\"\"".repeat(BYTES / 2) + "\"",
                "select U&\"" + "\\\\".repeat(BYTES / 2) + "\"(1)",
                "create function f() " + "begin ".repeat(BYTES / 6) + "atomic select 1; end",
                "set x = " + "a,".repeat(BYTES / 2) + "a",
                "select " + "1,".repeat(BYTES / 2) + "1",
                "select 1" + " union select 1".repeat(BYTES / 15),
                ";".repeat(BYTES));
    }

    @ParameterizedTest
    @MethodSource("hostileTexts")
    void isReadInTimeProportionalToItsLength(String hostile) {
        Sql sql = Sql.of(hostile);

        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            SqlScan scan = sql.scan();
            QueryShape shape = new StatementReader().read(scan, sql.buffer());
            assertThat(shape.statements()).hasSizeLessThanOrEqualTo(SqlScan.STATEMENTS_MAX);
            SessionCommand.read(sql.buffer(), sql.start(), sql.end(), true);
        });
    }
}
