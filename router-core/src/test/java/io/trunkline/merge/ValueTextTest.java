// SPDX-License-Identifier: Apache-2.0
package io.trunkline.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.trunkline.wire.ProtocolViolation;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values as PostgreSQL 18 writes them; the expected ones are its own. */
class ValueTextTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0.0, -0",
        "1, 1",
        "123456789012345, 123456789012345",
        "1e15, 1e+15",
        "0.0001, 0.0001",
        "0.000015, 1.5e-05",
        "0.1, 0.1",
        "1e100, 1e+100",
        "-1.5, -1.5",
        "2e-3, 0.002",
        "4.9e-324, 5e-324",
        "1.7976931348623157e308, 1.7976931348623157e+308",
        "9007199254740993, 9.007199254740992e+15",
        "5.684341886080802e-14, 5.684341886080802e-14",
        "1e23, 9.999999999999999e+22",
        "9e22, 9e+22",
        "NaN, NaN",
        "-Infinity, -Infinity"
    })
    void writesFloat8(double value, String text) {
        assertThat(FloatText.of(value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0.1, 0.1",
        "100000, 100000",
        "1e6, 1e+06",
        "16777216, 1.6777216e+07",
        "0.0001, 0.0001",
        "0.00001, 1e-05",
        "1.4e-45, 1e-45"
    })
    void writesFloat4(float value, String text) {
        assertThat(FloatText.of(value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "10, 4, 2.5000000000000000",
        "1, 3, 0.33333333333333333333",
        "2, 3, 0.66666666666666666667",
        "0, 7, 0.00000000000000000000",
        "100000, 3, 33333.333333333333",
        "1.50, 2, 0.75000000000000000000",
        "-5, 2, -2.5000000000000000",
        "3, 3, 1.00000000000000000000"
    })
    void dividesNumericsToPostgreSqlsScale(BigDecimal sum, long count, String quotient) {
        assertThat(NumericDivision.divide(sum, count).toPlainString()).isEqualTo(quotient);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0000000000000000",
        "0.00, 0000000000000002",
        "10000, 00010001000000000001",
        "-1.50, 0002000040000002000113 88",
        "0.00012, 0002ffff000000050001 07d0",
        "123456.7, 00030001000000010 00c0d801b58"
    })
    void writesNumericWithoutZerosAtItsEnds(BigDecimal value, String hexadecimal) {
        ByteBuf out = Unpooled.buffer();

        NumericFormat.write(out, value);

        assertThat(ByteBufUtil.hexDump(out)).isEqualTo(hexadecimal.replace(" ", ""));
        assertThat(NumericFormat.read(out, 0)).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00000000000000",
                "0001000000000000",
                "0001000000000000ffff",
                "0000000012340000",
                "000000000000ffff"
            })
    void refusesWhatIsNoNumeric(String hexadecimal) {
        ByteBuf value = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hexadecimal));
        int length = value.readableBytes();

        assertThatThrownBy(() -> NumericOrder.NUMERIC.compare(value, 0, length, value, 0, length))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void ordersNothingButWhatWasProven() {
        // inet, jsonb, int4[], record, daterange, tsvector, bit
        for (int oid : new int[] {869, 3802, 1007, 2249, 3912, 3614, 1560, 0, 16_400}) {
            assertThat(ValueOrder.of(oid)).isNull();
        }
    }
}
