// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values were computed by PostgreSQL 15. */
class PartitionHashTest {
    @ParameterizedTest
    @CsvSource({
        "INT2, 42, 7363975540656877951",
        "INT4, 42, 7363975540656877951",
        "INT8, 42, 7363975540656877951",
        "INT8, -1, -5017072347659237694",
        "INT8, 4294967338, -3906963572456649525",
        "TEXT, abc, 3628778498291917250",
        "VARCHAR, abc, 3628778498291917250",
        "TEXT, '', -5700645584453517373",
        "UUID, 00000000-0000-0000-0000-000000000001, 5260903147514422602",
        "TIMESTAMP, 2024-01-01, -3362462900486840680",
        "TIMESTAMPTZ, 2024-01-01 00:00:00+00, -3362462900486840680",
        "NUMERIC, 1.5, 1234047083305210387",
        "NUMERIC, 1.50, 1234047083305210387",
    })
    void hashesAsTheExtendedHashFunctionOfTheType(KeyType type, String text, long expected) {
        KeyValue key = KeyValue.parse(type, text);

        assertThat(key.extendedHash()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "INT8, 1, 0",
        "INT8, 2, 2",
        "INT8, 3, 1",
        "INT8, 42, 2",
        "INT8, -1, 1",
        "INT8, 4294967338, 2",
        "TEXT, abc, 1",
        "TEXT, '', 2",
        "TEXT, z, 0",
    })
    void choosesThePartitionThatPostgresqlChooses(KeyType type, String text, int expected) {
        HashSlots slots = HashSlots.evenly(4, 4);

        assertThat(slots.slotOf(KeyValue.parse(type, text))).isEqualTo(expected);
    }
}
