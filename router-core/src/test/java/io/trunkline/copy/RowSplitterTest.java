// SPDX-License-Identifier: Apache-2.0
package io.trunkline.copy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.trunkline.testing.Case;
import io.trunkline.topology.KeyType;
import io.trunkline.wire.ErrorResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of a COPY FROM in all their spellings, and what is refused. */
class RowSplitterTest {
    private static final String TEXT = "copy t (k, v) from stdin";
    private static final String CSV = "copy t (k, v) from stdin csv";

    @Test
    @Case("H51")
    void sendsEachRowToTheShardOfItsKey() {
        SplitCopy copy = new SplitCopy(TEXT, KeyType.INT8).copy("2\ta\n7\tb\n8\tc\n2\td\n");

        assertThat(copy.texts()).containsExactly("8\tc\n", "7\tb\n", "2\ta\n2\td\n");
    }

    @Test
    @Case("H51")
    void sendsTheHeaderToEveryShard() {
        SplitCopy copy = new SplitCopy(CSV + " header", KeyType.INT8).copy("k,v\n7,b\n");

        assertThat(copy.texts()).containsExactly("k,v\n", "k,v\n7,b\n", "k,v\n");
    }

    @Test
    void readsTheKeyWhereverItStands() {
        SplitCopy copy = new SplitCopy("copy t (v, \"w\", k) from stdin", KeyType.INT8).copy("a\tb\t7\n");

        assertThat(copy.texts()).containsExactly("", "a\tb\t7\n", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            value = {
                "copy t (k) from stdin                                  → 7",
                "copy t (k) from stdin                                  → \\x37",
                "copy t (k) from stdin                                  → \\067",
                "copy t (k) from stdin csv                              → \"7\"",
                "copy t (k) from stdin (format csv, quote '''')         → '7'",
                "copy t (k) from stdin (format 'csv', quote '|')        → |7|",
                "copy t (k, v) from stdin (format csv, delimiter ';')   → 7;1",
                "copy t (k, v) from stdin with delimiter ';' null 'x'   → 7;x",
                "copy t (k, v) from stdin with delimiter as ';' csv     → 7;\"1;\"",
                "copy t (v, k) from stdin (format csv)                  → \"1\"\",\",7",
                "copy t (v, k) from stdin (format csv, escape '\\')     → \"1\\\",\",7",
                "copy t (v, k) from stdin (format csv)                  → a\"1,\"b,7",
            })
    void readsTheKeyAsTheOptionsSay(String sql, String row) {
        SplitCopy copy = new SplitCopy(sql.strip(), KeyType.INT8).copy(row.strip() + "\n");

        assertThat(copy.texts()).containsExactly("", row.strip() + "\n", "");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            value = {
                "copy t (k, v) from stdin                                      → \\N\\ta              → 23502 TL0208 COPY t, line 1, column k",
                "copy t (k, v) from stdin (null 'x')                           → x\\ta               → 23502 TL0208 COPY t, line 1, column k",
                "copy t (k, v) from stdin csv                                  → 2,b\\n,a            → 23502 TL0208 COPY t, line 2, column k",
                "copy t (k, v) from stdin csv null 'n' force null k            → \"n\",a             → 23502 TL0208 COPY t, line 1, column k",
                "copy t (k, v) from stdin csv header                           → k,v\\n\"x\\n\",a    → 22P02 TL0206 COPY t, line 3, column k",
                "copy t (k, v) from stdin                                      → 2\\tb\\n1x\\ta      → 22P02 TL0206 COPY t, line 2, column k",
                "copy t (k, v) from stdin                                      → 99999999999999999999\\ta → 22P02 TL0206 COPY t, line 1, column k",
                "copy t (k, v) from stdin (default 'd')                        → d\\ta               → 0A000 TL0206 COPY t, line 1, column k",
            })
    void refusesAKeyThatHasNoShard(String sql, String data, String error) {
        ErrorResponse told =
                failure(sql.strip(), data.strip().replace("\\t", "\t").replace("\\n", "\n") + "\n");

        assertThat(told.sqlState() + " " + String.valueOf(told.detail()).substring(0, 6) + " "
                        + told.field(ErrorResponse.WHERE))
                .isEqualTo(error.strip());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            value = {
                "copy t (k, v) from stdin → 2^b@2^c~ → literal carriage return found in data → COPY t, line 2",
                "copy t (k, v) from stdin → 2^b~2^c@ → literal newline found in data → COPY t, line 2",
                "copy t (k, v) from stdin → 2^b~@2^c@ → literal newline found in data → COPY t, line 2",
                "copy t (k, v) from stdin → 2^b~@2^c~x → literal carriage return found in data → COPY t, line 2",
                "copy t (k, v) from stdin csv → 2,b@2,c~ → unquoted carriage return found in data → COPY t, line 2",
                "copy t (k, v) from stdin csv → 2,b~2,c@ → unquoted newline found in data → COPY t, line 2",
                "copy t (v, w, k) from stdin → 2^b@ → missing data for column \"k\" → COPY t, line 1: \"2\tb\"",
                "copy t (v, w, k) from stdin csv → 2@ → missing data for column \"w\" → COPY t, line 1: \"2\"",
                "copy t (k, v) from stdin → 2^b@2\\.@ → end-of-copy marker is not alone on its line → COPY t, line 2",
                "copy t (k, v) from stdin → 2^b@\\.x@ → end-of-copy marker is not alone on its line → COPY t, line 2",
                "copy t (k, v) from stdin → 2^b~\\.@ → end-of-copy marker is not alone on its line → COPY t, line 2",
                "copy t (k, v) from stdin binary → 2^b@ → COPY file signature not recognized → COPY t, line 1",
            })
    void refusesDataThatNoServerTakes(String sql, String data, String message, String where) {
        ErrorResponse told = failure(
                sql.strip(), data.strip().replace('^', '\t').replace('@', '\n').replace('~', '\r'));

        assertThat(told.sqlState()).isEqualTo("22P04");
        assertThat(told.message()).isEqualTo(message.strip());
        assertThat(told.field(ErrorResponse.WHERE)).isEqualTo(where.strip());
    }

    @Test
    void refusesALineThatEndsTheDataForSomeServersOnly() {
        ErrorResponse told = failure(CSV, "2,b\n\\.\n");

        assertThat(told.detail()).startsWith("TL0232");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7\tb\n\\.\n2\tlost\n", "7\tb\n\\.\nno row"})
    void passesOverWhatIsBehindTheMarkForTheEnd(String data) {
        assertThat(new SplitCopy(TEXT, KeyType.INT8).copy(data).texts()).containsExactly("", "7\tb\n", "");
    }

    @Test
    void refusesARowThatIsTooLong() {
        ErrorResponse told = failure(TEXT, "2\t" + "x".repeat(SplitCopy.ROW_BYTES_MAX + 70_000) + "\n");

        assertThat(told.sqlState()).isEqualTo("54000");
    }

    @Test
    void keepsARowThatIsLongerThanTheWindow() {
        String row = "7\t" + "x".repeat(150_000) + "\n";

        SplitCopy copy = new SplitCopy(TEXT, KeyType.INT8).copy("2\ta\n" + row + row);

        assertThat(copy.texts()).isEqualTo(List.of("", row + row, "2\ta\n"));
    }

    @Test
    void tellsTheClientsLineOfAShardsLine() {
        SplitCopy copy = new SplitCopy(CSV, KeyType.INT8).copy("7,a\n2,b\n2,\"c\n\"\n7,d\n");

        // The second line of shard 2 goes on for one more, which its server counts.
        assertThat(copy.splitter().lineOf(1, 1)).isEqualTo(1);
        assertThat(copy.splitter().lineOf(1, 2)).isEqualTo(5);
        assertThat(copy.splitter().lineOf(2, 1)).isEqualTo(2);
        assertThat(copy.splitter().lineOf(2, 3)).isEqualTo(4);
        assertThat(copy.splitter().lineOf(2, 4)).isEqualTo(-1);
    }

    @Test
    void forgetsLinesOfLongAgo() {
        SplitCopy copy = new SplitCopy(TEXT, KeyType.INT8).copy("7\ta\n".repeat(LineNumbers.LINES_MAX + 10));

        assertThat(copy.splitter().lineOf(1, 10)).isEqualTo(-1);
        assertThat(copy.splitter().lineOf(1, 11)).isEqualTo(11);
        assertThat(copy.splitter().lineOf(1, LineNumbers.LINES_MAX + 10)).isEqualTo(LineNumbers.LINES_MAX + 10L);
    }

    private static ErrorResponse failure(String sql, String data) {
        SplitCopy copy = new SplitCopy(sql, KeyType.INT8);
        return catchThrowableOfType(CopyFailure.class, () -> copy.copy(data))
                .error()
                .response();
    }
}
