// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Case;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** A shape that was read from one text, laid over others that have the same fingerprint. */
class TokenTextTest {

    @Test
    void findsTheRangesWhateverTheLiterals() {
        ScatterShape shape = shape("select a, 'x' from orders where b = 5 order by lower(a) limit 10");
        String other = "select a , /* 'c' */ $$ , $$ from Orders\nwhere b = 123456 order by lower(a) limit 7";

        TokenText text = Objects.requireNonNull(ScatterNotation.text(shape, other));

        assertThat(text.text(shape.body())).isEqualTo("from Orders\nwhere b = 123456");
        assertThat(text.text(shape.orderBy().get(0).expression())).isEqualTo("lower(a)");
        assertThat(text.number(((ScatterShape.RowCount.Literal) shape.limit()).token()))
                .isEqualTo(7);
        assertThat(text.text(((ScatterShape.Plain) shape.items().get(1)).expression()))
                .isEqualTo("$$ , $$");
    }

    @Test
    void isNoneForAStatementWithOtherTokens() {
        ScatterShape shape = shape("select a from orders");

        assertThat(ScatterNotation.text(shape, "select a from orders where b")).isNull();
        assertThat(ScatterNotation.text(shape, "select 'a from orders")).isNull();
    }

    @Test
    @Case("H30")
    void isNoneWhereLiteralsDifferThatWereTakenToBeEqual() {
        String day = "select date_trunc('day', a), count(*) from orders group by date_trunc('day', a)";
        String month = day.replace("day", "month");
        String mixed = day.replaceFirst("day", "month");

        assertThat(fingerprint(mixed)).isEqualTo(fingerprint(day));
        assertThat(ScatterNotation.text(shape(day), month)).isNotNull();
        assertThat(ScatterNotation.text(shape(day), mixed)).isNull();
        // A wrong text that came first does not spoil the right one.
        assertThat(ScatterNotation.text(shape(mixed), mixed)).isNull();
        assertThat(ScatterNotation.text(shape(mixed), day)).isNotNull();
    }

    @Test
    @Case("H28")
    void positionsMakeOtherFingerprints() {
        assertThat(fingerprint("select a, b from orders order by 1"))
                .isNotEqualTo(fingerprint("select a, b from orders order by 2"));
        assertThat(fingerprint("select a, b from orders order by a + 1, 1 desc"))
                .isNotEqualTo(fingerprint("select a, b from orders order by a + 1, 2 desc"));
        assertThat(fingerprint("select a, b from orders group by f(a, 1), 1"))
                .isNotEqualTo(fingerprint("select a, b from orders group by f(a, 1), 2"));
        assertThat(fingerprint(
                        "select max(a) filter (where b in (select c from d order by c)) from orders order by x, 1"))
                .isNotEqualTo(fingerprint(
                        "select max(a) filter (where b in (select c from d order by c)) from orders order by x, 2"));
        assertThat(fingerprint("select a from orders order by /* trunkline: role=primary */ 1"))
                .isNotEqualTo(fingerprint("select a from orders order by /* trunkline: role=primary */ 2"));
    }

    @Test
    void otherNumbersDoNot() {
        assertThat(fingerprint("select 1, 2 from orders where a in (1, 2) order by f(a, 1) limit 1 offset 1"))
                .isEqualTo(fingerprint("select 3, 4 from orders where a in (5, 6) order by f(a, 7) limit 8 offset 9"));
    }

    private static ScatterShape shape(String sql) {
        return Objects.requireNonNull(ScatterNotation.shape(sql).scatter());
    }

    private static String fingerprint(String sql) {
        SqlScan scan = Sql.of(sql).scan();
        return scan.fingerprintHigh() + " " + scan.fingerprintLow();
    }
}
