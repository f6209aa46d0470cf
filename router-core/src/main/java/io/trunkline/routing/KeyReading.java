// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.trunkline.topology.KeyValue;
import io.trunkline.wire.SqlState;

/** What came of reading one shard key. */
sealed interface KeyReading {
    /** The key, as a value of the key's own type. */
    record Value(KeyValue value) implements KeyReading {}

    /**
     * The key cannot be read beyond doubt, so the statement may concern every shard.
     *
     * @param sqlState the error the statement gets if it cannot run without this key
     * @param problem why, in words that never contain the value: {@code parameter $1 has type 1700 (expected: int2, int4, int8)}
     */
    record Unreadable(SqlState sqlState, String problem) implements KeyReading {}

    /** There is no value to read. */
    enum Absent implements KeyReading {
        /** NULL: equal to nothing. */
        NULL,
        /** The type of the parameter must be asked for first. */
        NEEDS_PARAMETER_TYPE
    }

    /** Returns an unreadable key of a kind the router does not read. */
    static Unreadable unsupported(String problem) {
        return new Unreadable(SqlState.FEATURE_NOT_SUPPORTED, problem);
    }
}
