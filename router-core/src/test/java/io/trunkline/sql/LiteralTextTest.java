// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LiteralTextTest {

    @ParameterizedTest
    @CsvSource(delimiter = '→', quoteCharacter = '`', textBlock = """
            42                   → 42
            .5e-3                → .5e-3
            'abc'                → abc
            'it''s'              → it's
            'a\\b'                → a\\b
            E'a\\\\b'              → a\\b
            e'\\'\\x41\\101\\q'      → 'AAq
            E'\\u00e9\\U0001F600'  → é😀
            E'\\xc3\\xa9'          → é
            $$it's$$             → it's
            $a$ $$ $b$ $a$       → ` $$ $b$ `
            'é'                  → é
            ''                   → ``
            """)
    void readsWhatPostgresqlHandsToTheInputFunction(String literal, String value) {
        assertThat(read(literal, true)).isEqualTo(value);
    }

    @Test
    void joinsContinuations() {
        assertThat(read("'a'\n 'b' -- it's\n 'c'", true)).isEqualTo("abc");
        assertThat(read("'a'\n 'b'", true)).isEqualTo("ab");
        assertThat(read("'a' -- it's\n 'b'''", true)).isEqualTo("ab'");
        assertThat(read("e'\\''\n'\\''", true)).isEqualTo("''");
    }

    @Test
    void takesBackslashesAsEscapesWhileStandardConformingStringsIsOff() {
        assertThat(read("'a\\'b'", false)).isEqualTo("a'b");
        assertThat(read("$$a\\b$$", false)).isEqualTo("a\\b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "n'a'",
                "b'1'",
                "x'f'",
                "U&'a'",
                "E'\\0'",
                "E'\\x00'",
                "E'\\xff'",
                "E'\\u12'",
                "E'\\ud83d\\ude00'",
                "E'\\v'"
            })
    void leavesOtherFormsAlone(String literal) {
        assertThat(read(literal, true)).isNull();
    }

    @Test
    void tellsNumbersFromStrings() {
        Sql number = Sql.of("1.5");
        Sql string = Sql.of("'1.5'");

        assertThat(LiteralText.isNumber(number.buffer(), number.start())).isTrue();
        assertThat(LiteralText.isNumber(string.buffer(), string.start())).isFalse();
    }

    private static String read(String literal, boolean standardConformingStrings) {
        Sql sql = Sql.of(literal);
        SqlScan scan = new SqlScan();
        scan.scan(sql.buffer(), sql.start(), sql.end(), standardConformingStrings);
        assertThat(scan.isComplete()).isTrue();
        return scan.literalCount() == 1 && scan.literalEnd(0) == sql.end()
                ? LiteralText.read(sql.buffer(), scan.literalStart(0), scan.literalEnd(0), standardConformingStrings)
                : null;
    }
}
