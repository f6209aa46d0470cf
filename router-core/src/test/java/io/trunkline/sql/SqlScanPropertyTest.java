// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class SqlScanPropertyTest {
    private static final List<String> SPACES = List.of(
            " ",
            "\n",
            " \t\r\n",
            "/* c */",
            " -- it's\n",
            "/* /* ; */ ' */",
            "--\n",
            "/**/",
            " /*$$*/ ",
            "\f",
            "-- /*\n",
            "/*--*/");

    private static final List<String> STRINGS = List.of(
            "'a'",
            "''",
            "'it''s'",
            "E'\\''",
            "e'a;b'",
            "$$x$$",
            "$a$ $b$ '; $a$",
            "'a'\n'b'",
            "'a' -- c\n  'b'",
            "'\\'",
            "'--'",
            "'/*'");

    private static final List<String> NUMBERS =
            List.of("0", "42", "1_000", "0x1F", "0b1", "123456789012345678901234567890");

    @Property(tries = 500)
    void fingerprintAndSplitDoNotDependOnSpaceCommentsAndValues(
            @ForAll("words") List<String> words, @ForAll long leftSeed, @ForAll long rightSeed) {
        SqlScan left = Sql.of(render(words, new Random(leftSeed))).scan();
        SqlScan right = Sql.of(render(words, new Random(rightSeed))).scan();

        assertThat(left.isComplete()).isTrue();
        assertThat(right.fingerprintHigh()).isEqualTo(left.fingerprintHigh());
        assertThat(right.fingerprintLow()).isEqualTo(left.fingerprintLow());
        assertThat(right.statementCount()).isEqualTo(left.statementCount());
        assertThat(right.literalCount()).isEqualTo(left.literalCount());
    }

    @Property(tries = 500)
    void fingerprintDependsOnEveryWord(@ForAll("words") List<String> words, @ForAll int position, @ForAll long seed) {
        List<String> changed = new java.util.ArrayList<>(words);
        int index = Math.floorMod(position, words.size());
        changed.set(index, "somethingelse");

        SqlScan left = Sql.of(render(words, new Random(seed))).scan();
        SqlScan right = Sql.of(render(changed, new Random(seed))).scan();

        // A lone semicolon may separate nothing, and then counts for nothing.
        boolean same =
                left.fingerprintLow() == right.fingerprintLow() && left.fingerprintHigh() == right.fingerprintHigh();
        assertThat(same).isFalse();
    }

    @Property(tries = 2_000)
    void survivesAnyTextAndStaysInside(@ForAll("traps") String sql, @ForAll boolean standardConformingStrings) {
        Sql text = Sql.of(sql);
        SqlScan scan = new SqlScan();

        scan.scan(text.buffer(), text.start(), text.end(), standardConformingStrings);
        QueryShape shape = new StatementReader().read(scan, text.buffer());

        int from = text.start();
        for (int i = 0; i < scan.statementCount(); i++) {
            assertThat(scan.statementStart(i)).isGreaterThanOrEqualTo(from);
            assertThat(scan.statementEnd(i))
                    .isGreaterThan(scan.statementStart(i))
                    .isLessThanOrEqualTo(text.end());
            from = scan.statementEnd(i);
            SessionCommand.read(text.buffer(), scan.statementStart(i), scan.statementEnd(i), standardConformingStrings);
        }
        for (int k = 0; k < scan.literalCount(); k++) {
            assertThat(scan.literalEnd(k)).isGreaterThan(scan.literalStart(k)).isLessThanOrEqualTo(text.end());
            LiteralText.read(text.buffer(), scan.literalStart(k), scan.literalEnd(k), standardConformingStrings);
        }
        assertThat(shape.trusted()).isEqualTo(scan.isComplete());
        assertThat(shape.statements()).hasSize(scan.statementCount());
    }

    @Property(tries = 1_000)
    void survivesAnyBytes(@ForAll byte[] bytes) {
        ByteBuf text = Unpooled.wrappedBuffer(bytes);
        SqlScan scan = new SqlScan();

        scan.scan(text, 0, bytes.length, true);

        assertThat(new StatementReader().read(scan, text).statements()).hasSize(scan.statementCount());
    }

    @Property(tries = 300)
    void answersEveryTextAboutSharding(@ForAll("traps") String sql) {
        ShardingShape shape = new ShardingShapeReader()
                .read("select a from t where " + sql, true, (schema, table) -> new TableUse.Sharded("a", "C"));

        assertThat(shape.reach()).isNotNull();
    }

    @Provide
    Arbitrary<List<String>> words() {
        return Arbitraries.of(
                        "select", "A", "\"Q q\"", "from", "=", "<@", ",", "(", ")", "*", ".", "::", "$1", "STRING",
                        "NUMBER", "begin", "U&\"x\"", "case", "end", "insert", "é")
                .list()
                .ofMinSize(1)
                .ofMaxSize(25)
                .map(SqlScanPropertyTest::withStatements);
    }

    /** Puts a semicolon behind every seventh word, outside of parentheses or not. */
    private static List<String> withStatements(List<String> words) {
        List<String> result = new java.util.ArrayList<>();
        for (String word : words) {
            result.add(word);
            if (result.size() % 8 == 7) {
                result.add(";");
                result.add("next");
            }
        }
        return result;
    }

    @Provide
    Arbitrary<String> traps() {
        return Arbitraries.of(
                        "'",
                        "''",
                        "\\",
                        "\\'",
                        "E'",
                        "U&'",
                        "U&\"",
                        "\"",
                        "$$",
                        "$a$",
                        "$",
                        "/*",
                        "*/",
                        "--",
                        "\n",
                        ";",
                        "(",
                        ")",
                        "[",
                        "]",
                        "select",
                        " ",
                        " ",
                        " ",
                        "1",
                        "0x",
                        "1_",
                        ".",
                        "..",
                        "e",
                        "$1",
                        "a",
                        "é",
                        "\0",
                        "set ",
                        "with x as ",
                        "insert into ",
                        " and ",
                        " or ",
                        "a = 1",
                        "not ",
                        "begin",
                        " atomic",
                        "create function",
                        "end",
                        "/* trunkline: ",
                        "role=primary",
                        "copy ",
                        "::int",
                        "in (",
                        "exists (",
                        "case when",
                        "explain ",
                        "declare c cursor for ",
                        "set_config(",
                        "::",
                        ":",
                        "?",
                        "@",
                        "#")
                .list()
                .ofMaxSize(20)
                .map(parts -> String.join("", parts));
    }

    private static String render(List<String> words, Random random) {
        StringBuilder sql = new StringBuilder();
        for (String word : words) {
            sql.append(SPACES.get(random.nextInt(SPACES.size())));
            sql.append(
                    switch (word) {
                        // Two strings in a row must not become one by the newline between them.
                        case "STRING" -> "," + STRINGS.get(random.nextInt(STRINGS.size())) + ",";
                        case "NUMBER" -> NUMBERS.get(random.nextInt(NUMBERS.size())) + " ";
                        default -> random.nextBoolean() ? word : unquotedUpper(word);
                    });
            sql.append(random.nextBoolean() ? " " : "\n");
        }
        return sql.toString();
    }

    private static String unquotedUpper(String word) {
        return word.contains("\"") || word.equals("é") ? word : word.toUpperCase(java.util.Locale.ROOT);
    }
}
